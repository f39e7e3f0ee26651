#include "plugins/docker/client/response.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>

namespace reconciler::docker {
namespace {

namespace http = boost::beast::http;
using boost::beast::string_view;
using boost::system::error_code;

class Parser final : public http::basic_parser<false> {
 public:
  Parser(Response& response, const ResponseSink& sink) : response_(response), sink_(sink) {
    eager(true);
    header_limit(64U << 10U);
    body_limit(std::numeric_limits<std::uint64_t>::max());  // the sink bounds it
  }

 private:
  void on_request_impl(http::verb, string_view, string_view, int, error_code& ec) override {
    ec = http::error::bad_version;
  }
  void on_response_impl(int code, string_view, int, error_code&) override {
    response_.status = code;
  }
  void on_field_impl(http::field name, string_view text, string_view value, error_code&) override {
    if (name == http::field::content_type)
      response_.content_type.assign(value.data(), value.size());
    if (boost::beast::iequals(text, "Api-Version"))
      response_.api_version.assign(value.data(), value.size());
  }
  void on_header_impl(error_code&) override { sink_.header(); }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code& ec) override {
    if (!sink_.body({body.data(), body.size()})) ec = http::error::body_limit;
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code& ec) override {
    return on_body_impl(body, ec);
  }
  void on_finish_impl(error_code&) override {}

  Response& response_;
  const ResponseSink& sink_;
};

Error bad_answer(const Waiter& waiter, const error_code& ec) {
  return error("docker.protocol",
               fmt::format("the answer to {} is no HTTP response that can be read: {}",
                           waiter.what(), ec.message()));
}

}  // namespace

Status read_response(Connection& connection, bool head_only, const ResponseSink& sink,
                     const Waiter& waiter, Response& response) {
  Parser parser(response, sink);
  parser.skip(head_only);
  std::string pending;
  std::array<char, 65536> buffer;
  while (!parser.is_done()) {
    const auto n = connection.read_some(buffer.data(), buffer.size(), waiter);
    if (!n) return failure(n.error());
    error_code ec;
    if (*n == 0) {
      if (parser.got_some()) parser.put_eof(ec);
      if (parser.got_some() && !ec && parser.is_done()) return {};
      return failure(
          error("docker.unreachable", fmt::format("the Engine closed the connection {} {}",
                                                  response.begun ? "in the middle of its answer to"
                                                                 : "without an answer to",
                                                  waiter.what()))
              .passing());
    }
    response.begun = true;
    pending.append(buffer.data(), *n);
    while (!pending.empty() && !parser.is_done()) {
      ec = {};
      const size_t used = parser.put(boost::asio::const_buffer(pending.data(), pending.size()), ec);
      pending.erase(0, used);
      if (ec == http::error::need_more) break;
      if (ec == http::error::body_limit)
        return failure(
            error("docker.protocol",
                  fmt::format("the answer to {} is larger than what is read", waiter.what())));
      if (ec) return failure(bad_answer(waiter, ec));
      if (used == 0) break;
    }
  }
  response.reusable = parser.keep_alive() && !parser.need_eof() && pending.empty();
  response.behind = std::move(pending);
  return {};
}

}  // namespace reconciler::docker
