#pragma once

#include "config/error.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

// The broker of FIKS IO: a RabbitMQ that runs beside the sandbox, which is its administrator
// (dpfio.md 10.1). By librabbitmq.

namespace kp::sandbox {

struct fiks_delivery {
  std::string queue;            // the routing key
  boost::json::object headers;  // texts, whole numbers, true and false
  std::string expiration;       // milliseconds; "" for none
  std::string body;
  bool redelivered = false;  // of what is taken: somebody had it and gave it back
};

// What waits in a queue and who reads it.
struct fiks_queue {
  std::uint64_t messages = 0;
  std::uint64_t consumers = 0;
};

// Used on one thread; every call is over within a few seconds, and connects when it must. A thread
// of its own takes what the broker gives up and tells the senders (dpfio.md 6.5).
class fiks_broker {
 public:
  fiks_broker();
  ~fiks_broker();
  fiks_broker(const fiks_broker&) = delete;
  fiks_broker& operator=(const fiks_broker&) = delete;

  // amqp://user:password@127.0.0.1:5672; "" for none. Nothing is connected yet.
  void use(std::string url);
  const std::string& url() const { return url_; }

  // Errors: sandbox_errc::timeout when there is no broker or it does not answer, invalid_request
  // when it refuses.
  result<void> declare(const std::string& queue);
  // In the queue when it returns.
  result<void> publish(const fiks_delivery&);
  result<fiks_queue> look(const std::string& queue);
  // Takes the first message out.
  result<std::optional<fiks_delivery>> take(const std::string& queue);
  // Throws away what waits.
  result<void> purge(const std::string& queue);

 private:
  class session;
  class undertaker;
  result<session*> ready();
  template <class Work>
  auto with_session(Work work) -> decltype(work(std::declval<session&>()));

  std::string url_;
  std::unique_ptr<session> session_;
  std::unique_ptr<undertaker> undertaker_;
};

std::string fiks_queue_of(std::string_view account);

}  // namespace kp::sandbox
