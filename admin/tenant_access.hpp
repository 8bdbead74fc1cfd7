#pragma once

#include "actors/bridge.hpp"
#include "actors/hub_parts.hpp"
#include "actors/hub_requests.hpp"
#include "admin/routes.hpp"
#include "tenants/organisation.hpp"

#include <boost/json/object.hpp>

#include <initializer_list>
#include <memory>

namespace kp::admin {

using organisation_ptr = std::shared_ptr<const tenants::organisation>;

// How long the parts of the hub have to answer an operator.
inline constexpr std::chrono::milliseconds answer_deadline{10'000};

// How modules find organisations, in the configuration and at work. Network thread.
class tenant_access {
 public:
  explicit tenant_access(const actors::hub_parts& hub) : hub_(hub) {}

  actors::hub_context& context() const { return *hub_.context; }
  const std::shared_ptr<actors::hub_context>& shared_context() const { return hub_.context; }

  // null when this hub does not have it.
  organisation_ptr find(const std::string& number) const;
  static answer unknown(const std::string& number);

  // Says `message` to the organisation's actor and waits for its answer. Errors (transient): it is
  // being started, or did not answer in time.
  template <class Answer, class Message>
  http::awaitable<result<Answer>> ask(organisation_id to, Message message) const {
    const auto parts = hub_;
    const actors::find_organisation question{to};
    auto found = co_await actors::ask<actors::organisation_found>(*parts.system, parts.top,
                                                                  question, answer_deadline);
    if (!found) co_return found.error();
    if (!found->actor)
      co_return transient(http::http_errc::unavailable,
                          "The organisation is being started; try again in some seconds.");
    auto whom = found->actor;
    co_return co_await actors::ask<Answer>(*parts.system, std::move(whom), std::move(message),
                                           answer_deadline);
  }

 private:
  actors::hub_parts hub_;
};

// An error as an answer: 503 when it is worth another try, else 409.
answer refusal(const error& why);

// The body of a change: a JSON object with no other members than these (an empty body is an empty
// object). Errors: the words for a 400.
result<boost::json::object> read_order(const std::string& body,
                                       std::initializer_list<std::string_view> members);
// A member of it. Errors: it is of another kind.
result<std::optional<std::string>> text_of(const boost::json::object&, std::string_view member);
result<std::optional<bool>> flag_of(const boost::json::object&, std::string_view member);

}  // namespace kp::admin
