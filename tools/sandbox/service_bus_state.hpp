#pragma once

#include "tools/sandbox/directory.hpp"
#include "tools/sandbox/sandbox_clock.hpp"

#include <boost/json/object.hpp>

#include <deque>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// The queues of Azure Service Bus and their rules (dpe.md 6, 15). Names of queues know no case;
// here they are in lower case.

namespace kp::sandbox {

inline constexpr std::size_t max_queue_length = 10'000;             // then the quota is exceeded
inline constexpr std::size_t max_bus_bytes = 1024UL * 1024 * 1024;  // of all messages

struct bus_message {
  std::string id;  // 32 hex digits
  std::uint64_t sequence = 0;
  time_point enqueued;
  std::shared_ptr<const std::string> body;
  std::string content_type;
  std::uint32_t deliveries = 0;
  std::string lock;  // token, empty when it was never locked
  time_point locked_until{};
  std::string reason;  // of a dead one, when it was set aside
};

struct bus_queue {
  std::deque<bus_message> messages;  // oldest first
  std::vector<bus_message> dead;
  std::uint64_t next_sequence = 1;
};

struct bus_settings {
  std::chrono::milliseconds lock{60'000};
  std::uint32_t max_deliveries = 10;
  std::size_t max_bytes = 8 * 1024 * 1024;
  std::chrono::seconds skew{300};         // of tokens that have expired
  std::chrono::milliseconds wait{1'000};  // of a receive that does not say
  unsigned undeclared = 410;              // status for a queue that is not there
};

enum class bus_refusal { no_queue, quota, too_large, no_lock };

class service_bus_state {
 public:
  template <class T>
  using outcome = std::expected<T, bus_refusal>;

  service_bus_state(const directory& known, const sandbox_clock& time, random_source& random);

  bus_settings settings;

  const std::string& key() const { return key_; }
  const std::string& key_name() const { return key_name_; }
  void rotate_key();

  // A queue is there when it was declared, or is one of an organisation that has DPE.
  bool is_there(std::string_view queue) const;
  void declare(std::string_view queue);

  outcome<const bus_message*> send(const std::string& queue, std::string body,
                                   std::string content_type);
  // The first free message, locked; null when there is none.
  outcome<const bus_message*> receive(const std::string& queue);
  bool has_free(const std::string& queue);
  // By MessageId or SequenceNumber.
  outcome<void> complete(const std::string& queue, const std::string& id, const std::string& lock);
  outcome<void> unlock(const std::string& queue, const std::string& id, const std::string& lock);
  outcome<void> renew(const std::string& queue, const std::string& id, const std::string& lock);
  // Among the dead at once.
  outcome<void> set_aside(const std::string& queue, const std::string& id, const std::string& lock,
                          std::string reason);
  // The MessageId of what has this lock; "" when nothing has.
  std::string locked_as(const std::string& queue, const std::string& lock) const;

  const std::map<std::string, bus_queue, std::less<>>& queues();
  // The oldest message of a queue, or the one of this id, whatever its lock; null when there is
  // none.
  const bus_message* find(const std::string& queue, std::string_view id);

 private:
  bool is_free(const bus_message&) const;
  void settle(bus_queue&);
  outcome<std::deque<bus_message>::iterator> held(const std::string& queue, const std::string& id,
                                                  const std::string& lock);

  const directory& known_;
  const sandbox_clock& time_;
  random_source& random_;
  std::string key_, key_name_ = "MoveDPE-pilotPolicy";
  std::map<std::string, bus_queue, std::less<>> queues_;
  std::set<std::string, std::less<>> declared_;
  std::size_t bytes_ = 0;
};

}  // namespace kp::sandbox
