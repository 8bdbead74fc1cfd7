#pragma once

#include <proton/types.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

struct pn_connection_t;
struct pn_proactor_t;
struct pn_ssl_domain_t;

namespace kp::test {

// A broker of AMQP with a thread of its own, for the tests of the client: queues that take and
// give, and a node that answers requests. What it does wrong is the test's.
class small_broker {
 public:
  struct request {
    std::string node, operation, id, text;
    std::map<std::string, std::string> properties;
    std::vector<std::string> lock_tokens;  // bytes of UUIDs
  };
  struct settlement {
    std::string tag;
    std::uint64_t state = 0;
    std::string condition, description;
  };
  struct conduct {
    std::map<std::string, std::string> refused_links;  // node, condition
    std::string refuses_messages;                      // condition
    std::string refuses_settlements;                   // condition
    std::set<std::string> silent;                      // nodes that never say anything
    bool cuts_at_message = false, cuts_at_open = false, refuses_sasl = false;
    bool deaf_to_drain = false;
    std::uint64_t largest_message = 0;
    int status = 200;
    std::map<std::string, int> statuses;  // of nodes, instead
    std::string accepted_text;            // when set: requests with other ones are answered 401
  };

  // With certificate and key files it speaks TLS.
  explicit small_broker(const std::string& certificate = {}, const std::string& key = {});
  ~small_broker();

  std::string port() const { return port_; }
  void behave(conduct wanted);
  // Puts a message into a queue: bytes of a message as they are sent.
  void put(const std::string& queue, const std::string& tag, std::string bytes);
  void cut_all();

  std::vector<std::string> taken(const std::string& queue) const;  // bodies
  std::vector<request> asked() const;
  std::vector<settlement> settled() const;
  std::size_t connections() const;  // so far
  std::size_t links() const;        // so far
  std::size_t open_links() const;
  std::string seen_hostname() const;

 private:
  struct inside;
  void run();
  std::string port_;
  std::unique_ptr<inside> inside_;
  std::thread thread_;
};

// A message with one data section, as bytes.
std::string message_bytes(const std::string& body, const std::string& id = "id-1",
                          std::int64_t sequence = 7, std::uint32_t deliveries_before = 0);

}  // namespace kp::test
