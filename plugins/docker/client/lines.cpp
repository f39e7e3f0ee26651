#include "plugins/docker/client/lines.hpp"

#include <algorithm>

#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {
constexpr size_t header_size = 8;
}  // namespace

void FrameReader::add(std::string_view bytes) {
  while (!bytes.empty()) {
    if (left_ == 0) {
      const size_t n = std::min(header_size - header_.size(), bytes.size());
      header_ += bytes.substr(0, n);
      bytes.remove_prefix(n);
      if (header_.size() < header_size) return;
      source_ = static_cast<Source>(std::min<int>(static_cast<unsigned char>(header_[0]), error));
      for (size_t i = 4; i < header_size; ++i)
        left_ = left_ << 8U | static_cast<unsigned char>(header_[i]);
      header_.clear();
    }
    const size_t n = std::min(left_, bytes.size());
    if (n > 0) on_bytes_(source_, bytes.substr(0, n));
    bytes.remove_prefix(n);
    left_ -= n;
  }
}

void LineReader::add(std::string_view bytes) {
  if (kind_ == Kind::raw) return text(1, bytes);
  if (kind_ == Kind::multiplexed) return frames_.add(bytes);
  pending_ += bytes;
  decide();
}

// A frame begins with 0, 1 or 2 and three zeros; what a terminal shows does not. (API 1.42 and
// later say it in the content type, 1.41 does not.)
void LineReader::decide() {
  if (pending_.size() < header_size) return;
  const bool frame = pending_[0] >= 0 && pending_[0] <= 2 && pending_[1] == 0 && pending_[2] == 0 &&
                     pending_[3] == 0;
  kind_ = frame ? Kind::multiplexed : Kind::raw;
  const std::string first = std::move(pending_);
  pending_.clear();
  add(first);
}

void LineReader::text(size_t source, std::string_view bytes) {
  std::string& line = partial_[source];
  bool& dropping = dropping_[source];
  const auto flush = [&](bool cut) {
    if (cut)
      line += cut_mark;
    else if (line.ends_with('\r'))
      line.pop_back();
    on_line_(line);
    line.clear();
  };
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    const bool whole = end < bytes.size();
    if (!dropping) {
      const size_t room = longest_line - line.size();
      line += bytes.substr(0, std::min(end, room));
      dropping = end > room;
      if (whole || dropping) flush(dropping);
    }
    bytes.remove_prefix(whole ? end + 1 : end);
    if (whole) dropping = false;
  }
}

void LineReader::finish() {
  if (kind_ != Kind::multiplexed && !pending_.empty()) text(1, pending_);
  pending_.clear();
  for (auto& line : partial_) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) on_line_(line);
    line.clear();
  }
}

}  // namespace reconciler::docker
