#include "actors/dpf_clients.hpp"

#include "protocol/dpf/rest.hpp"
#include "protocol/dpf/soap.hpp"

namespace kp::actors {

namespace {

// The passwords of both lists, in their order.
struct passwords {
  std::vector<std::string> accounts, receivers;
};

result<passwords> read_passwords(const tenants::dpf_settings& settings) {
  passwords out;
  const auto variables = process_environment();
  for (const auto& account : settings.accounts) {
    const bool rest = account.form == tenants::svarut_form::rest;
    KP_TRY(auto read, (rest ? account.integration_password : account.password).read(variables));
    out.accounts.push_back(std::move(read));
  }
  for (const auto& system : settings.receivers) {
    KP_TRY(auto read, system.password.read(variables));
    out.receivers.push_back(std::move(read));
  }
  return out;
}

error worth_a_retry(error why) {
  why.retryable = true;
  return why;
}

}  // namespace

dpf_clients::dpf_clients(std::shared_ptr<organisation_context> context,
                         std::shared_ptr<upstream> clients)
    : context_(std::move(context)), clients_(std::move(clients)) {}

http::awaitable<result<void>> dpf_clients::ready() {
  if (auto opened = co_await clients_->ready(); !opened) co_return worth_a_retry(opened.error());
  if (made_) co_return result<void>{};
  const auto owner = context_->settings;
  auto work = [owner] { return read_passwords(owner->dpf); };
  auto read = co_await http::on_workers(hub().workers, std::move(work));
  if (!read) co_return worth_a_retry(read.error());
  if (made_) co_return result<void>{};  // by somebody else meanwhile
  const auto& base = hub().settings.national.svarut_url;
  for (std::size_t i = 0; i < owner->dpf.accounts.size(); ++i) {
    const auto& account = owner->dpf.accounts[i];
    if (account.form == tenants::svarut_form::soap) {
      dpf::soap_settings soap{base + std::string(dpf::soap_path), account.username,
                              read->accounts[i]};
      senders_[account.organisation] = dpf::make_soap_svarut(*hub().http, std::move(soap));
      continue;
    }
    dpf::rest_settings rest{
        base, account.account_id, account.integration_id, read->accounts[i], {"ks:fiks"}, {}};
    // A token that speaks for another organisation than the client's own says so.
    if (account.organisation != owner->id.to_string()) rest.consumer = account.organisation;
    senders_[account.organisation] =
        dpf::make_rest_svarut(*hub().http, clients_->own_tokens(), std::move(rest));
  }
  for (std::size_t i = 0; i < owner->dpf.receivers.size(); ++i) {
    const auto& system = owner->dpf.receivers[i];
    dpf::svarinn_settings settings{base + std::string(dpf::svarinn_path), system.username,
                                   read->receivers[i]};
    receivers_[system.name] = std::make_unique<dpf::svarinn>(*hub().http, std::move(settings));
  }
  made_ = true;
  co_return result<void>{};
}

dpf::svarut* dpf_clients::sender(const std::string& organisation) const {
  const auto found = senders_.find(organisation);
  return found == senders_.end() ? nullptr : found->second.get();
}

dpf::svarinn* dpf_clients::receiver(const std::string& name) const {
  const auto found = receivers_.find(name);
  return found == receivers_.end() ? nullptr : found->second.get();
}

}  // namespace kp::actors
