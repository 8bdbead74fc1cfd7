#pragma once

#include "tests/tools/system/rest_client.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/json/object.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

// A client of GET /api/events, reading in a thread of its own.

namespace kp::test {

struct streamed_event {
  std::uint64_t id = 0;
  std::string name;
  boost::json::object data;
  std::chrono::steady_clock::time_point came;
};

class event_source {
 public:
  // Connects and waits until the stream has begun.
  event_source(std::uint16_t port, header_fields headers, const std::string& query = {});
  ~event_source();
  event_source(const event_source&) = delete;
  event_source& operator=(const event_source&) = delete;

  unsigned status() const;
  std::vector<streamed_event> events() const;
  // The last id that it was told, of an event or of where it began; 0: none.
  std::uint64_t last_id() const;
  // Whether such an event comes, or has come, within 20 seconds.
  bool until(const std::function<bool(const streamed_event&)>& wanted) const;
  // Whether the stream ends within 20 seconds, and as a whole answer.
  bool ends_in_order() const;
  // Whether the stream is over, in order or not, or is so within that time.
  bool is_over(std::chrono::milliseconds within = {}) const;

 private:
  void run(const header_fields& headers, const std::string& query);
  void take(std::string_view text);
  bool wait(const std::function<bool()>& holds) const;

  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_{io_};
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  unsigned status_ = 0;
  std::uint64_t last_id_ = 0;
  bool over_ = false;
  bool whole_ = false;
  std::string line_;
  streamed_event next_;
  std::vector<streamed_event> events_;
  std::jthread reader_;
};

}  // namespace kp::test
