// `probe`: one GET, to see whether something answers. It follows nothing and believes no proxy.
#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "reconciler/base/text.hpp"
#include "reconciler/base/utf8.hpp"
#include "reconciler/helper/verbs.hpp"

namespace reconciler::helper {
namespace {

constexpr std::int64_t most_body = 64 << 10;
constexpr std::int64_t most_timeout_ms = 600'000;

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeText {
  void operator()(char* text) const { curl_free(text); }
};
using ParsedUrl = std::unique_ptr<CURLU, FreeUrl>;

struct Global {
  Global() { curl_global_init(CURL_GLOBAL_DEFAULT); }
  ~Global() { curl_global_cleanup(); }
};

struct Reply {
  std::string body;
  size_t most = 0;
  bool cut = false;
  std::string denied;  // the address that was refused
};

// Link-local addresses serve the machine's own credentials in most clouds.
bool is_denied_v4(const unsigned char* a) {
  return a[0] == 169 && a[1] == 254;
}

bool is_denied(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    unsigned char a[4];
    std::memcpy(a, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, sizeof a);
    return is_denied_v4(a);
  }
  if (address->sa_family != AF_INET6) return true;
  unsigned char a[16];
  std::memcpy(a, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, sizeof a);
  if (a[0] == 0xfe && (a[1] & 0xc0U) == 0x80) return true;  // fe80::/10
  constexpr unsigned char aws[16] = {0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54};
  if (std::memcmp(a, aws, sizeof a) == 0) return true;
  constexpr unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  constexpr unsigned char nat64[12] = {0, 0x64, 0xff, 0x9b};
  constexpr unsigned char compatible[12] = {};
  const bool holds_v4 = std::memcmp(a, mapped, 12) == 0 || std::memcmp(a, nat64, 12) == 0 ||
                        std::memcmp(a, compatible, 12) == 0;
  return holds_v4 && is_denied_v4(a + 12);
}

// Looks at the very address that is about to be connected to: no spelling and no second answer of a
// name server gets around it.
curl_socket_t on_socket(void* payload, curlsocktype, curl_sockaddr* address) {
  auto& reply = *static_cast<Reply*>(payload);
  if (is_denied(&address->addr)) {
    char text[INET6_ADDRSTRLEN] = "an address";
    if (address->family == AF_INET)
      ::inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in*>(&address->addr)->sin_addr, text,
                  sizeof text);
    else if (address->family == AF_INET6)
      ::inet_ntop(AF_INET6, &reinterpret_cast<sockaddr_in6*>(&address->addr)->sin6_addr, text,
                  sizeof text);
    reply.denied = text;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

size_t on_body(char* bytes, size_t one, size_t size, void* payload) {
  auto& reply = *static_cast<Reply*>(payload);
  const size_t room = reply.most - reply.body.size();
  reply.body.append(bytes, std::min(room, one * size));
  if (one * size <= room) return one * size;
  reply.cut = true;
  return 0;  // ends the transfer; what is here is enough
}

tl::unexpected<Error> deny(std::string_view url, std::string_view rule) {
  return failure(
      error("health.url_denied", fmt::format("\"{}\" {}", printable(to_utf8(url, 200)), rule))
          .next("ask http:// or https:// of a service on this host"));
}

Result<ParsedUrl> parse(const std::string& text) {
  ParsedUrl url(curl_url());
  if (text.size() > 2048) return deny(text.substr(0, 80), "is longer than 2048 characters");
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
    return deny(text.find('@') == text.npos ? text : "a URL", "is not a URL");
  const auto part = [&](CURLUPart which) {
    char* raw = nullptr;
    if (curl_url_get(url.get(), which, &raw, 0) != CURLUE_OK) return std::string();
    const std::unique_ptr<char, FreeText> owned(raw);
    return std::string(raw);
  };
  const std::string scheme = part(CURLUPART_SCHEME);
  const std::string host = part(CURLUPART_HOST);
  if (!part(CURLUPART_USER).empty() || !part(CURLUPART_PASSWORD).empty())
    return deny(fmt::format("{}://***@{}", scheme, host),
                "holds a user or a password: credentials do not belong in a URL");
  if (scheme != "http" && scheme != "https") return deny(text, "is neither http nor https");
  return url;
}

struct Question {
  ParsedUrl url;
  std::string shown;
  long timeout_ms = 0;
  size_t most = 0;
  std::string ca_file;
  std::unique_ptr<curl_slist, FreeList> headers;
};

Result<Question> read_question(const Json& request) {
  Question q;
  const std::string text = text_at(request, "url");
  q.shown = text.substr(0, text.find('?'));  // a query may hold a token
  auto url = parse(text);
  if (!url) return failed(url);
  q.url = std::move(*url);
  q.timeout_ms = static_cast<long>(
      std::clamp<std::int64_t>(number_at(request, "timeout_ms", 5000), 1, most_timeout_ms));
  q.most = static_cast<size_t>(
      std::clamp<std::int64_t>(number_at(request, "max_body", most_body), 0, most_body));
  q.ca_file = text_at(request, "ca_file");
  const Json* headers = member(request, "headers");
  if (!headers || !headers->is_object()) return q;
  for (const auto& pair : headers->get_object()) {
    const std::string line =
        fmt::format("{}: {}", std::string_view(pair.key()), text_at(*headers, pair.key()));
    if (line.size() > 4096 || line.find_first_of("\r\n") != line.npos || line.front() == ':')
      return failure(error("helper.request", "a header holds a line break or is too long"));
    q.headers.reset(curl_slist_append(q.headers.release(), line.c_str()));
  }
  return q;
}

template <class T>
void set(CURL* easy, CURLoption option, T value) {
  curl_easy_setopt(easy, option, value);
}

}  // namespace

Result<Json> probe(const Json& request) {
  const Global global;
  auto q = read_question(request);
  if (!q) return failed(q);
  const std::unique_ptr<CURL, FreeEasy> owned(curl_easy_init());
  CURL* easy = owned.get();
  Reply reply;
  reply.most = q->most;
  char said[CURL_ERROR_SIZE] = "";
  set(easy, CURLOPT_CURLU, q->url.get());
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_PROXY, "");
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_TIMEOUT_MS, q->timeout_ms);
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, q->timeout_ms);
  set(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
  set(easy, CURLOPT_OPENSOCKETDATA, &reply);
  set(easy, CURLOPT_WRITEFUNCTION, on_body);
  set(easy, CURLOPT_WRITEDATA, &reply);
  set(easy, CURLOPT_ERRORBUFFER, said);
  set(easy, CURLOPT_USERAGENT, "reconciler");
  set(easy, CURLOPT_HTTPHEADER, q->headers.get());
  if (!q->ca_file.empty()) set(easy, CURLOPT_CAINFO, q->ca_file.c_str());

  const CURLcode code = curl_easy_perform(easy);
  curl_off_t microseconds = 0;
  curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &microseconds);
  const bool ended_here = code == CURLE_WRITE_ERROR && reply.cut;
  // A name with several addresses may have answered on one that is not denied.
  if (code != CURLE_OK && !ended_here && !reply.denied.empty())
    return deny(q->shown, fmt::format("leads to {}, which is link-local", reply.denied));
  if (code != CURLE_OK && !ended_here)
    return failure(
        error("health.unreachable", fmt::format("{} does not answer", printable(q->shown, 200)))
            .with("cause", printable(to_utf8(*said ? said : curl_easy_strerror(code), 300)))
            .passing());
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return Json(JsonObject{{"status", status},
                         {"body", to_utf8(reply.body, q->most)},
                         {"cut", reply.cut},
                         {"ms", microseconds / 1000}});
}

}  // namespace reconciler::helper
