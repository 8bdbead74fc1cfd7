#include "actors/dph_clients.hpp"

#include "protocol/dph/messages.hpp"

#include <fmt/format.h>

namespace kp::actors {

namespace {

// A key store, a token or a register that cannot be had now is for an operator to cure: what waits
// for it is not given up.
error worth_a_retry(error why) {
  why.retryable = true;
  return why;
}

}  // namespace

http::awaitable<result<void>> dph_clients::ready() {
  auto opened = co_await clients_->ready();
  if (!opened) co_return worth_a_retry(opened.error());
  co_return result<void>{};
}

dph::adapter& dph_clients::adapter() {
  if (!adapter_) {
    const auto& national = hub().settings.national;
    const auto& settings = *context_->settings;
    maskinporten::client_settings wanted;
    wanted.token_url = national.maskinporten_token_url;
    wanted.audience = national.maskinporten_audience;
    wanted.client_id =
        settings.dph.maskinporten_client_id.value_or(settings.maskinporten_client_id);
    wanted.sends_own_consumer = settings.dph.sends_own_consumer;
    tokens_.emplace(*hub().http, hub().workers, hub().time, hub().random, std::move(wanted),
                    std::make_shared<const crypto::keystore>(clients_->keys()));
    adapter_.emplace(*hub().http, hub().workers, *tokens_, hub().spools, national.dph_url);
  }
  return *adapter_;
}

http::awaitable<result<registry::health_party>> dph_clients::party(std::string identifier) {
  auto found = co_await clients_->registry().find_health_party(std::move(identifier));
  if (found || found.error().code == make_error_code(registry::registry_errc::not_found))
    co_return found;
  co_return worth_a_retry(found.error());
}

http::awaitable<result<std::string>> dph_clients::owner(std::int64_t her_id) {
  auto found = co_await clients_->registry().find_health_party(dph::her_id(her_id));
  if (found) co_return found->organisation;
  co_return worth_a_retry(
      with_context(found.error(), fmt::format("the owner of HER-id {}", her_id)));
}

http::awaitable<result<crypto::certificate>> dph_clients::adapter_certificate() {
  std::string organisation(adapter_organisation);
  const auto pem = co_await clients_->registry().published_certificate(std::move(organisation));
  if (!pem)
    co_return worth_a_retry(with_context(pem.error(), "the certificate of the NHN adapter"));
  auto certificate = crypto::certificate::from_pem(*pem);
  if (!certificate)
    co_return worth_a_retry(
        with_context(certificate.error(), "the certificate of the NHN adapter"));
  co_return *std::move(certificate);
}

result<dph::signer_check> make_signer_check(const crypto::certificate& published,
                                            signer_judge& judge) {
  const bool knows_authorities = judge.has_authorities();
  if (knows_authorities) KP_CHECK(judge.load());
  return dph::signer_check(
      [&judge, knows_authorities, published](const crypto::certificate& leaf) -> result<void> {
        if (leaf.der() == published.der()) return {};
        const auto whose = leaf.organisation();
        if (!knows_authorities || !whose ||
            whose->to_string() != dph_clients::adapter_organisation)
          return permanent(
              dph::dph_errc::bad_signature,
              "it is not signed with the certificate that is published for the NHN adapter");
        return judge.judge(leaf);
      });
}

}  // namespace kp::actors
