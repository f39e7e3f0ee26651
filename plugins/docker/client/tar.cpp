#include "plugins/docker/client/tar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace reconciler::docker {
namespace {

// pax, "ustar Interchange Format": offsets and sizes of the fields of a header block.
constexpr size_t block = 512;
struct Field {
  size_t offset;
  size_t size;
};
constexpr Field name_field{0, 100};
constexpr Field mode_field{100, 8};
constexpr Field uid_field{108, 8};
constexpr Field gid_field{116, 8};
constexpr Field size_field{124, 12};
constexpr Field time_field{136, 12};
constexpr Field checksum_field{148, 8};
constexpr size_t type_offset = 156;
constexpr Field magic_field{257, 8};
constexpr Field prefix_field{345, 155};
constexpr char regular = '0';
constexpr char pax_header = 'x';
constexpr char gnu_long_name = 'L';

size_t padded(size_t size) {
  return (size + block - 1) / block * block;
}

void put(std::string& header, Field field, std::string_view text) {
  std::copy_n(text.begin(), std::min(text.size(), field.size),
              header.begin() + static_cast<std::ptrdiff_t>(field.offset));
}

void put_octal(std::string& header, Field field, std::int64_t number) {
  put(header, field, fmt::format("{:0{}o}", number, field.size - 1));
}

std::string_view text_in(std::string_view header, Field field) {
  const auto whole = header.substr(field.offset, field.size);
  return whole.substr(0, whole.find('\0'));
}

/// Octal, or, where the first bit is set, GNU's big-endian bytes.
std::int64_t number_in(std::string_view header, Field field) {
  const auto whole = header.substr(field.offset, field.size);
  std::int64_t number = 0;
  if ((static_cast<unsigned char>(whole[0]) & 0x80U) != 0) {
    for (const char c : whole.substr(1))
      number = static_cast<std::int64_t>(static_cast<std::uint64_t>(number) << 8U |
                                         static_cast<unsigned char>(c));
    return number;
  }
  for (const char c : whole)
    if (c >= '0' && c <= '7') number = number * 8 + (c - '0');
  return number;
}

/// The checksum counts its own eight bytes as spaces.
std::int64_t checksum_of(std::string_view header) {
  std::int64_t sum = 0;
  for (size_t i = 0; i < block; ++i) {
    const bool own = i >= checksum_field.offset && i < checksum_field.offset + checksum_field.size;
    sum += own ? ' ' : static_cast<unsigned char>(header[i]);
  }
  return sum;
}

void append(std::string& out, const ArchivedFile& file, char type, std::string_view content) {
  std::string header(block, '\0');
  put(header, name_field, file.path);
  put_octal(header, mode_field, file.mode & 07777U);
  put_octal(header, uid_field, file.uid);
  put_octal(header, gid_field, file.gid);
  put_octal(header, size_field, static_cast<std::int64_t>(content.size()));
  put_octal(header, time_field, 0);
  header[type_offset] = type;
  put(header, magic_field, std::string_view("ustar\00000", magic_field.size));
  put(header, checksum_field, fmt::format("{:06o}", checksum_of(header)) + '\0' + ' ');
  out += header;
  out += content;
  out.append(padded(content.size()) - content.size(), '\0');
}

/// `LENGTH path=PATH\n`, the length counting itself.
std::string pax_path(const std::string& path) {
  const std::string record = " path=" + path + "\n";
  size_t length = record.size() + 1;
  while (std::to_string(length).size() + record.size() != length)
    length = std::to_string(length).size() + record.size();
  return std::to_string(length) + record;
}

std::string path_of_pax(std::string_view records) {
  while (!records.empty()) {
    size_t length = 0;
    const auto parsed = std::from_chars(records.data(), records.data() + records.size(), length);
    if (parsed.ec != std::errc{} || length == 0 || length > records.size()) return "";
    auto record = records.substr(0, length);
    record.remove_prefix(record.find(' ') + 1);
    if (record.starts_with("path=")) return std::string(record.substr(5, record.size() - 6));
    records.remove_prefix(length);
  }
  return "";
}

Error broken(const std::string& why) {
  return error("docker.protocol", "what should be an archive is none: " + why);
}

}  // namespace

std::string write_tar(const std::vector<ArchivedFile>& files) {
  std::string out;
  for (const auto& file : files) {
    if (file.path.size() > name_field.size) append(out, {}, pax_header, pax_path(file.path));
    append(out, file, regular, file.content);
  }
  out.append(2 * block, '\0');
  return out;
}

Result<std::vector<ArchivedFile>> read_tar(std::string_view bytes) {
  std::vector<ArchivedFile> files;
  std::string long_path;
  while (bytes.size() >= block) {
    const auto header = bytes.substr(0, block);
    if (header.find_first_not_of('\0') == std::string_view::npos) return files;
    if (number_in(header, checksum_field) != checksum_of(header))
      return failure(broken("a header has another checksum"));
    const auto size = number_in(header, size_field);
    bytes.remove_prefix(block);
    if (size < 0 || static_cast<std::uint64_t>(size) > bytes.size())
      return failure(broken("it is cut off"));
    const auto content = bytes.substr(0, static_cast<size_t>(size));
    const char type = header[type_offset];
    if (type == pax_header) {
      long_path = path_of_pax(content);
    } else if (type == gnu_long_name) {
      long_path = std::string(content.substr(0, content.find('\0')));
    } else {
      ArchivedFile file;
      const auto prefix = header.substr(magic_field.offset, 6) == std::string_view("ustar\0", 6)
                              ? text_in(header, prefix_field)
                              : std::string_view();
      file.path = std::string(prefix) + (prefix.empty() ? "" : "/") +
                  std::string(text_in(header, name_field));
      if (!long_path.empty()) file.path = std::move(long_path);
      long_path.clear();
      file.mode = static_cast<std::uint32_t>(number_in(header, mode_field)) & 07777U;
      file.uid = number_in(header, uid_field);
      file.gid = number_in(header, gid_field);
      file.content = std::string(content);
      if (type == regular || type == '\0') files.push_back(std::move(file));
    }
    bytes.remove_prefix(std::min(bytes.size(), padded(content.size())));
  }
  if (!bytes.empty()) return failure(broken("it is cut off"));
  return files;
}

Json to_json(const ArchivedFile& file) {
  return JsonObject{{"path", file.path}, {"mode", file.mode},       {"uid", file.uid},
                    {"gid", file.gid},   {"to_user", file.to_user}, {"content", file.content}};
}

ArchivedFile archived_file_from(const Json& value) {
  return {text_at(value, "path"),    static_cast<std::uint32_t>(number_at(value, "mode")),
          number_at(value, "uid"),   number_at(value, "gid"),
          text_at(value, "content"), truth_at(value, "to_user")};
}

}  // namespace reconciler::docker
