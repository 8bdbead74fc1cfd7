#include "actors/dpf_credentials.hpp"

#include "actors/vital_signs.hpp"

namespace kp::actors {

std::string name_of_account(const std::string& organisation) {
  return "SvarUt account of " + organisation;
}
std::string name_of_receiver(const std::string& system) {
  return "SvarInn receiver " + system;
}

http::awaitable<result<std::vector<credential_finding>>> check_svarut_accounts(
    std::shared_ptr<dpf_clients> on) {
  KP_CO_CHECK(co_await on->ready());
  std::vector<credential_finding> out;
  for (const auto& account : on->in().settings->dpf.accounts) {
    auto* svarut = on->sender(account.organisation);
    if (!svarut) continue;
    credential_finding one{name_of_account(account.organisation)};
    const auto types = co_await svarut->types();
    if (!types) one.failure = types.error();
    out.push_back(std::move(one));
  }
  co_return out;
}

void note_receiver(const dpf_clients& on, const std::string& system,
                   const std::optional<error>& failure) {
  auto& signs = *on.hub().signs;
  const auto now = on.hub().time.now();
  const auto name = name_of_receiver(system);
  if (!failure)
    signs.credential_works(on.in().id(), service::dpf, name, now);
  else if (is_about_credentials(*failure))
    signs.credential_fails(on.in().id(), service::dpf, name, now, failure->message);
}

}  // namespace kp::actors
