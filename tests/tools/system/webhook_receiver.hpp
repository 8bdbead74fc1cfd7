#pragma once

#include "tests/tools/system/rest_client.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace kp::test {

// A subscriber at its simplest: takes one POST after the other on 127.0.0.1.
class webhook_receiver {
 public:
  struct taken {
    std::string target;
    header_fields headers;  // names in lower case
    std::string body;

    // A member of the body; empty where it is not.
    std::string text(const std::string& member) const;
    // Whether it is signed with `secret`, as docs/webhooks.md says.
    bool is_signed_with(const std::string& secret) const;
  };

  webhook_receiver();
  ~webhook_receiver();
  webhook_receiver(const webhook_receiver&) = delete;
  webhook_receiver& operator=(const webhook_receiver&) = delete;

  std::string url(const std::string& target = "/hook") const;
  // What it answers from now on; 0: nothing, it leaves the other side waiting.
  void answer(unsigned status);
  // Everything that has come, answered or not.
  std::vector<taken> all() const;
  std::vector<taken> of_message(const std::string& id) const;

 private:
  void serve();
  struct listener;
  std::unique_ptr<listener> listener_;
  mutable std::mutex mutex_;
  std::vector<taken> all_;
  unsigned status_ = 200;
  std::thread thread_;
};

}  // namespace kp::test
