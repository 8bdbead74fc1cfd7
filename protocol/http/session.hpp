#pragma once

#include "protocol/http/connection.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/http/listener_tls.hpp"
#include "protocol/http/pace.hpp"
#include "protocol/http/server.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace kp::http {

class session;

// What a handler left unread of a body is read away up to this, else the connection is closed.
inline constexpr std::uint64_t max_unread_body = 1024 * 1024;

// What the sessions of one server share. Outlives the server while handlers are still running.
struct server_state {
  server_options options;
  http::handler handle;
  std::vector<std::pair<std::string, std::string>> common_headers;  // name, whole line
  std::shared_ptr<listener_tls> tls;  // null: plain HTTP
  std::shared_ptr<watchdog> guard;
  std::unordered_set<session*> sessions;
  std::unordered_map<std::string, std::size_t> connections_of;  // by address
  bool stopping = false;

  // Whether one more connection may be served. Says so in the log when not, now and then.
  bool has_room(const asio::ip::tcp::socket& from);
  const std::string& date();  // "Sun, 06 Nov 1994 08:49:37 GMT", kept for a second

 private:
  std::chrono::steady_clock::time_point full_said_{};
  std::time_t date_of_ = 0;
  std::string date_;
};

// One connection of a server: reads a request, hands it to the handler, writes the answer, again.
class session final : private request_body {
 public:
  session(std::shared_ptr<server_state> server, asio::ip::tcp::socket socket);
  ~session() override;
  // Until the connection ends; the session must live that long.
  awaitable<void> serve();
  bool waits_for_request() const { return waits_for_request_; }
  void cut() { connection_.close(); }

 private:
  using head_parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;
  enum class read_outcome { request, refuse, gone };
  struct refusal {
    unsigned status = 400;
    std::string_view reason;
  };

  awaitable<bool> start();
  awaitable<void> answer_plain_http();
  awaitable<bool> serve_one();
  awaitable<read_outcome> read_head();
  read_outcome take_head();
  read_outcome refuse(unsigned status, std::string_view reason);
  read_outcome refuse(const boost::system::error_code& why);

  awaitable<result<std::string_view>> next() override;
  bool peer_gone() override;
  awaitable<result<std::string_view>> next_of_known_length();
  awaitable<result<std::string_view>> next_chunk();
  std::unexpected<kp::error> fail_body(http_errc code, unsigned status, std::string_view reason);
  void reset_body();
  bool body_is_read() const;
  awaitable<bool> drain();

  awaitable<server_response> answer();
  awaitable<bool> send(const server_response& response, bool keep_alive);
  awaitable<bool> send_stream(response_body& body, bool chunked);
  bool begin_answer(const server_response& response);
  awaitable<bool> write(connection::buffers parts);
  // Around one read of a body, which must keep its pace.
  void begin_body_read();
  void end_body_read(std::size_t count);
  awaitable<void> send_refusal();
  awaitable<void> linger();

  std::shared_ptr<server_state> server_;
  connection connection_;
  std::optional<head_parser> parser_;
  request_head head_;
  refusal refusal_;
  std::string out_;
  std::string remote_address_;
  std::shared_ptr<asio::ssl::context> tls_;  // that the connection began with
  std::shared_ptr<const client_certificate> client_;
  std::unique_ptr<char[]> body_buffer_;  // body_piece bytes, while a body is read
  std::uint64_t body_left_ = 0;
  std::uint64_t chunked_bytes_ = 0;    // of a chunked body as it came
  std::uint64_t chunked_content_ = 0;  // of it, content
  pace reading_;
  pace::clock::time_point read_began_{};
  pace writing_;
  std::size_t lent_ = 0;  // bytes of the read-ahead that next() gave out
  std::optional<kp::error> body_failure_;
  bool body_known_ = false;  // Content-Length (or none), else chunked
  bool owes_continue_ = false;
  bool http_1_0_ = false;
  bool waits_for_request_ = false;
  bool first_request_ = true;
  bool owes_reading_ = false;  // the peer may still be sending
};

}  // namespace kp::http
