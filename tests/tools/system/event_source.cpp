#include "tests/tools/system/event_source.hpp"

#include <boost/asio/connect.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>

namespace kp::test {

namespace beast = boost::beast;
namespace http = beast::http;
using tcp = boost::asio::ip::tcp;

namespace {
constexpr std::chrono::seconds longest{20};
}

event_source::event_source(std::uint16_t port, header_fields headers, const std::string& query) {
  boost::system::error_code failed;
  socket_.connect(tcp::endpoint(boost::asio::ip::address_v4::loopback(), port), failed);
  if (failed) {
    over_ = true;
    return;
  }
  reader_ = std::jthread([this, headers = std::move(headers), query] { run(headers, query); });
  wait([this] { return status_ != 0 || over_; });
}

event_source::~event_source() {
  boost::system::error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_both, ignored);
  if (reader_.joinable()) reader_.join();
}

void event_source::run(const header_fields& headers, const std::string& query) {
  http::request<http::empty_body> request(http::verb::get, "/api/events" + query, 11);
  request.set(http::field::host, "127.0.0.1");
  for (const auto& [name, value] : headers) request.set(name, value);
  boost::system::error_code failed;
  http::write(socket_, request, failed);
  http::response_parser<http::string_body> parser;
  parser.body_limit(boost::none);
  beast::flat_buffer buffer;
  std::size_t seen = 0;
  while (!failed && !parser.is_done()) {
    http::read_some(socket_, buffer, parser, failed);
    const std::scoped_lock lock(mutex_);
    if (parser.is_header_done()) status_ = parser.get().result_int();
    const std::string_view body = parser.get().body();
    take(body.substr(seen));
    seen = body.size();
    changed_.notify_all();
  }
  const std::scoped_lock lock(mutex_);
  whole_ = parser.is_done();
  over_ = true;
  changed_.notify_all();
}

void event_source::take(std::string_view text) {
  for (const char c : text) {
    if (c != '\n') {
      line_ += c;
      continue;
    }
    if (line_.starts_with("id: ")) last_id_ = next_.id = std::stoull(line_.substr(4));
    if (line_.starts_with("event: ")) next_.name = line_.substr(7);
    if (line_.starts_with("data: ")) next_.data = boost::json::parse(line_.substr(6)).as_object();
    if (line_.empty() && !next_.name.empty()) {
      next_.came = std::chrono::steady_clock::now();
      events_.push_back(std::exchange(next_, {}));
    }
    line_.clear();
  }
}

bool event_source::wait(const std::function<bool()>& holds) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, longest, holds);
}

unsigned event_source::status() const {
  const std::scoped_lock lock(mutex_);
  return status_;
}

std::vector<streamed_event> event_source::events() const {
  const std::scoped_lock lock(mutex_);
  return events_;
}

std::uint64_t event_source::last_id() const {
  const std::scoped_lock lock(mutex_);
  return last_id_;
}

bool event_source::until(const std::function<bool(const streamed_event&)>& wanted) const {
  return wait([&] { return std::ranges::any_of(events_, wanted); });
}

bool event_source::ends_in_order() const {
  return wait([this] { return over_; }) && whole_;
}

bool event_source::is_over(std::chrono::milliseconds within) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, within, [this] { return over_; });
}

}  // namespace kp::test
