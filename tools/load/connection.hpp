#pragma once

#include "config/error.hpp"
#include "tools/load/load_error.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kp::load {

// Who is loaded: a channel of a hub, plain HTTP on loopback.
struct target {
  std::string host = "127.0.0.1";
  std::uint16_t port = 9093;
  std::string user, password;
};

// One keep-alive connection of a client. Every call has a deadline of `patience`.
class connection {
 public:
  static constexpr std::chrono::seconds patience{600};

  connection(boost::asio::any_io_executor executor, const target& to);
  boost::asio::awaitable<result<void>> open();

  struct field {
    std::string name, value;
  };
  struct answer {
    unsigned status;
    std::string body;
  };
  boost::asio::awaitable<result<answer>> exchange(std::string method, std::string path,
                                                  std::vector<field> fields, std::string body);
  // Sends `bytes` bytes of `piece`, over and over, with Content-Length.
  boost::asio::awaitable<result<answer>> put_large(std::string path, std::vector<field> fields,
                                                   std::uint64_t bytes, std::string_view piece);
  // Reads a body of any size without keeping it; gives its length as the body.
  boost::asio::awaitable<result<std::uint64_t>> get_large(std::string path);

 private:
  boost::beast::http::request<boost::beast::http::string_body> head(
      const std::string& method, const std::string& path, const std::vector<field>& fields) const;

  target to_;
  std::string authorization_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
};

}  // namespace kp::load
