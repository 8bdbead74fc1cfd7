#pragma once

#include "actors/caf.hpp"
#include "actors/service_port.hpp"
#include "actors/tenants_messages.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kp::actors {

// What a service says of one pair of credentials, under a name that operators know it by.
struct credential_finding {
  std::string name;
  std::optional<error> failure = {};
};
// Whether a failure speaks against the credentials; else the service or the way to it is in
// trouble.
bool is_about_credentials(const error&);

// A port whose service can be asked, without effect, whether it takes the credentials for sending
// (those for receiving are tried by every poll).
class credential_checker {
 public:
  virtual ~credential_checker() = default;
  // As the operations of service_port. Error: nothing could be asked.
  virtual void check_credentials(
      std::function<void(result<std::vector<credential_finding>>)> then) = 0;
};

// What the watch says to its own actor. Answers to older questions are void.
struct credentials_look {
  std::uint64_t epoch = 0;
};
struct credentials_checked {
  std::uint64_t epoch = 0;
  std::vector<credential_finding> all;
  std::optional<error> failure;
};

struct credential_watch_args {
  std::shared_ptr<organisation_context> context;
  std::shared_ptr<service_port> port;
  std::chrono::milliseconds first_check{0};
  working_mode mode = working_mode::normal;
};

// Has the credentials of an organisation checked when they come into use, when they change and once
// a day, so that wrong ones are told before a letter is sent with them; vital_signs has the outcome
// (dpf.md 2.5). Runs in `self`; does nothing for ports that check nothing.
class credential_watch {
 public:
  static constexpr std::chrono::hours between_checks{24};
  static constexpr std::chrono::minutes after_trouble{5};  // when nothing was learned
  static constexpr std::chrono::hours after_refusal{1};    // more could lock an account

  credential_watch(caf::event_based_actor* self, credential_watch_args args);

  void start();
  void use(std::shared_ptr<organisation_context>, const std::shared_ptr<service_port>&);
  void work_in(working_mode mode);

  void on_look(const credentials_look&);
  void on_checked(const credentials_checked&);

 private:
  const organisation_context& in() const { return *args_.context; }
  void look_in(std::chrono::microseconds delay);

  caf::event_based_actor* self_;
  credential_watch_args args_;
  service via_;
  std::uint64_t epoch_ = 0;
};

}  // namespace kp::actors

KP_MESSAGE(kp::actors::credentials_look);
KP_MESSAGE(kp::actors::credentials_checked);
