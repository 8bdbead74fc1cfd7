#include "actors/channel_capabilities.hpp"

#include "protocol/api/page.hpp"

#include <fmt/format.h>

#include <charconv>

namespace kp::actors {

judged<registry::lookup> capabilities_lookup(std::string_view receiver, std::string_view text) {
  const auto query = api::query::parse(text);
  registry::lookup what;
  what.identifier = receiver;
  what.process = query.find("process");
  if (const auto level = query.find("securityLevel"); level && !level->empty()) {
    int value = 0;
    const auto* end = level->data() + level->size();
    const auto [stopped, failed] = std::from_chars(level->data(), end, value);
    if (failed != std::errc{} || stopped != end)
      return api::bad_path_value("securityLevel", *level, "java.lang.Integer");
    what.security_level = value;
  }
  return what;
}

judged<api_answer> capabilities_of(const registry::lookup& what, const receiver_answer& answer) {
  if (answer.found) return json_answer(registry::to_capabilities(*answer.found));
  if (!answer.failure) return api::internal("the registry desk answered nothing");
  if (answer.failure->code == registry::registry_errc::not_found) {
    auto problem = api::identifier_not_found(what.identifier, what.process);
    // With everything that was asked for, as today.
    problem.message = fmt::format("--{}-- [Service record not found for parameters: {}]",
                                  problem.exception.value_or(""), registry::describe(what));
    return problem;
  }
  if (answer.failure->code == registry::registry_errc::refused) {
    api::problem problem;
    problem.status = 500;
    problem.exception = "no.difi.meldingsutveksling.domain.MeldingsUtvekslingRuntimeException";
    problem.message = registry::text_for_client(*answer.failure, what);
    return problem;
  }
  return problem_of(*answer.failure);
}

}  // namespace kp::actors
