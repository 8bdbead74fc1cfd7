#include "tools/load/connection.hpp"

#include "config/text.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>

namespace kp::load {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr auto as_tuple = asio::as_tuple(asio::use_awaitable);

error network(const boost::system::error_code& why) {
  return permanent(load_errc::network, why.message());
}

}  // namespace

connection::connection(asio::any_io_executor executor, const target& to)
    : to_(to),
      authorization_("Basic " + to_base64(to.user + ":" + to.password)),
      stream_(std::move(executor)) {
  buffer_.reserve(64 * 1024);
}

asio::awaitable<result<void>> connection::open() {
  stream_.expires_after(patience);
  const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(to_.host), to_.port);
  const auto [failed] = co_await stream_.async_connect(endpoint, as_tuple);
  if (failed) co_return network(failed);
  stream_.socket().set_option(asio::ip::tcp::no_delay(true));
  co_return result<void>{};
}

http::request<http::string_body> connection::head(const std::string& method,
                                                  const std::string& path,
                                                  const std::vector<field>& fields) const {
  http::request<http::string_body> request;
  request.method_string(method);
  request.target(path);
  request.version(11);
  request.set(http::field::host, to_.host);
  request.set(http::field::authorization, authorization_);
  request.set(http::field::user_agent, "kp-bench");
  for (const auto& f : fields) request.set(f.name, f.value);
  return request;
}

asio::awaitable<result<connection::answer>> connection::exchange(std::string method,
                                                                 std::string path,
                                                                 std::vector<field> fields,
                                                                 std::string body) {
  auto request = head(method, path, fields);
  request.body() = std::move(body);
  request.prepare_payload();
  stream_.expires_after(patience);
  const auto [not_sent, sent] = co_await http::async_write(stream_, request, as_tuple);
  if (not_sent) co_return network(not_sent);
  http::response<http::string_body> response;
  const auto [not_read, read] = co_await http::async_read(stream_, buffer_, response, as_tuple);
  if (not_read) co_return network(not_read);
  co_return answer{response.result_int(), std::move(response.body())};
}

asio::awaitable<result<connection::answer>> connection::put_large(std::string path,
                                                                  std::vector<field> fields,
                                                                  std::uint64_t bytes,
                                                                  std::string_view piece) {
  auto request = head("PUT", path, fields);
  request.content_length(bytes);
  stream_.expires_after(patience);
  http::request_serializer<http::string_body> serializer(request);
  const auto [not_sent, sent] = co_await http::async_write_header(stream_, serializer, as_tuple);
  if (not_sent) co_return network(not_sent);
  while (bytes > 0) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, piece.size()));
    const asio::const_buffer part(piece.data(), count);
    stream_.expires_after(patience);
    const auto [not_written, written] = co_await asio::async_write(stream_, part, as_tuple);
    if (not_written) co_return network(not_written);
    bytes -= count;
  }
  http::response<http::string_body> response;
  const auto [not_read, read] = co_await http::async_read(stream_, buffer_, response, as_tuple);
  if (not_read) co_return network(not_read);
  co_return answer{response.result_int(), std::move(response.body())};
}

asio::awaitable<result<std::uint64_t>> connection::get_large(std::string path) {
  const auto request = head("GET", path, {});
  stream_.expires_after(patience);
  const auto [not_sent, sent] = co_await http::async_write(stream_, request, as_tuple);
  if (not_sent) co_return network(not_sent);
  http::response_parser<http::buffer_body> parser;
  parser.body_limit(boost::none);
  const auto [no_header, header] =
      co_await http::async_read_header(stream_, buffer_, parser, as_tuple);
  if (no_header) co_return network(no_header);
  if (parser.get().result_int() != 200)
    co_return permanent(load_errc::refused,
                        fmt::format("GET answered {}", parser.get().result_int()));
  std::string piece(256 * 1024, '\0');
  std::uint64_t total = 0;
  while (!parser.is_done()) {
    parser.get().body().data = piece.data();
    parser.get().body().size = piece.size();
    stream_.expires_after(patience);
    const auto [failed, read] = co_await http::async_read(stream_, buffer_, parser, as_tuple);
    if (failed && failed != http::error::need_buffer) co_return network(failed);
    total += piece.size() - parser.get().body().size;
  }
  co_return total;
}

}  // namespace kp::load
