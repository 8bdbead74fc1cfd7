#pragma once

#include "actors/context.hpp"
#include "actors/signer_judge.hpp"
#include "actors/upstream.hpp"
#include "protocol/dph/adapter.hpp"
#include "protocol/dph/envelope.hpp"

#include <map>

namespace kp::actors {

// One organisation's way to the NHN adapter. Lives on the network thread, shared by its users; what
// makes keys and clients is done at first use.
class dph_clients {
 public:
  // Whose certificate seals requests and signs answers: Digdir, which runs the adapter.
  static constexpr const char* adapter_organisation = dph::adapter_organisation;

  dph_clients(std::shared_ptr<organisation_context> context, std::shared_ptr<upstream> clients)
      : context_(std::move(context)), clients_(std::move(clients)) {}

  const std::shared_ptr<organisation_context>& context() const { return context_; }
  hub_context& hub() const { return *context_->hub; }
  const crypto::keystore& keys() const { return clients_->keys(); }
  std::span<const crypto::keystore> decryption_keys() const { return clients_->decryption_keys(); }

  // Everything below is for after this. Retryable, whatever is wrong: an operator cures it.
  http::awaitable<result<void>> ready();
  dph::adapter& adapter();
  // Who a health address is. Only registry_errc::not_found is not retryable.
  http::awaitable<result<registry::health_party>> party(std::string identifier);
  // Nine digits: who owns a HER-id of our own. Retryable.
  http::awaitable<result<std::string>> owner(std::int64_t her_id);
  // What the Service Registry publishes for Digdir. Retryable.
  http::awaitable<result<crypto::certificate>> adapter_certificate();

 private:
  std::shared_ptr<organisation_context> context_;
  std::shared_ptr<upstream> clients_;
  std::optional<maskinporten::client> tokens_;
  std::optional<dph::adapter> adapter_;
};

// Believes who has the published certificate; and, where upstream.dpi_authorities is given, who has
// another business certificate of Digdir, for the days of a change. `judge` must outlive what is
// returned. Reads a file: worker threads only.
result<dph::signer_check> make_signer_check(const crypto::certificate& published,
                                            signer_judge& judge);

}  // namespace kp::actors
