#include "tests/tools/system/rest_client.hpp"

#include "config/text.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>

#include <chrono>

namespace kp::test {

namespace beast = boost::beast;
namespace http = beast::http;
using tcp = boost::asio::ip::tcp;

namespace {
constexpr std::chrono::seconds call_deadline{20};
}

boost::json::value rest_answer::json() const {
  boost::system::error_code failed;
  auto value = boost::json::parse(body, failed);
  return failed ? boost::json::value() : value;
}

std::string rest_answer::text(const std::string& member) const {
  const auto value = json();
  const auto* object = value.if_object();
  const auto* found = object ? object->if_contains(member) : nullptr;
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

rest_answer call(std::uint16_t port, const std::string& method, const std::string& target,
                 const header_fields& headers, const std::string& body) {
  boost::asio::io_context io;
  beast::tcp_stream stream(io);
  rest_answer out;
  boost::system::error_code failed;
  stream.connect(tcp::endpoint(boost::asio::ip::address_v4::loopback(), port), failed);
  if (failed) return out;
  http::request<http::string_body> request;
  request.version(11);
  request.method_string(method);
  request.target(target);
  request.set(http::field::host, "127.0.0.1");
  for (const auto& [name, value] : headers) request.set(name, value);
  request.body() = body;
  request.prepare_payload();
  http::response_parser<http::string_body> parser;
  parser.body_limit(boost::none);
  parser.skip(method == "HEAD");  // tells of a body that does not come
  beast::flat_buffer buffer;
  bool whole = false;
  // Asynchronous only for the sake of the deadline, which blocking calls ignore.
  stream.expires_after(call_deadline);
  http::async_write(stream, request, [&](boost::system::error_code, std::size_t) {
    // Also after a failure: an answer may have come before the whole body left.
    http::async_read(stream, buffer, parser, [&](boost::system::error_code read, std::size_t) {
      whole = !read && parser.is_done();
    });
  });
  io.run();
  if (!whole) return out;
  out.status = parser.get().result_int();
  for (const auto& field : parser.get())
    out.headers.emplace(to_lower(std::string(field.name_string())), std::string(field.value()));
  out.body = std::move(parser.get().body());
  return out;
}

header_fields basic(const std::string& user_and_password) {
  return {{"Authorization", "Basic " + to_base64(user_and_password)}};
}

std::uint16_t free_port() {
  boost::asio::io_context io;
  const tcp::acceptor taken(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
  return taken.local_endpoint().port();
}

}  // namespace kp::test
