#include "actors/upstream.hpp"

#include "actors/vital_signs.hpp"
#include "config/log.hpp"
#include "config/text.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/registry/scopes.hpp"

#include <fmt/format.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace kp::actors {

namespace {

constexpr std::chrono::seconds remember_failure{60};
constexpr std::chrono::seconds open_deadline{60};
constexpr std::uintmax_t max_keystore_bytes = 1u << 20;

result<crypto::keystore> open_keystore(const tenants::keystore_settings& settings) {
  std::ifstream in(settings.path, std::ios::binary);
  if (!in)
    return transient(crypto::crypto_errc::bad_format,
                     fmt::format("key store {} cannot be read; check that the file exists and that "
                                 "the hub may read it",
                                 settings.path));
  std::string bytes;
  for (std::istreambuf_iterator<char> at(in), end; at != end; ++at) {
    if (bytes.size() >= max_keystore_bytes)
      return permanent(
          crypto::crypto_errc::too_large,
          fmt::format("key store {} is larger than a key store can be", settings.path));
    bytes += *at;
  }
  KP_TRY(auto password, settings.password.read(process_environment()));
  auto opened = crypto::keystore::open_pkcs12(bytes, password, settings.alias);
  wipe(password);
  if (!opened) return with_context(opened.error(), fmt::format("key store {}", settings.path));
  return opened;
}

std::vector<std::string> registry_scopes(const tenants::organisation& settings) {
  std::vector<std::string> scopes;
  for (const auto each : all_services)
    if (settings.enabled(each))
      for (const auto scope : registry::scopes_of(each)) scopes.emplace_back(scope);
  return scopes;
}

// All of Correspondence in a hub is one client (dpv.md 2.2).
constexpr const char* correspondence_client = "Correspondence";

// How a client waits for its turn at an endpoint, and what is told when it is to rest there.
template <class Endpoint>
std::function<http::awaitable<result<void>>(Endpoint)> turns_of(const upstream::limits& shared,
                                                                std::string client) {
  return [turn = shared.wait_for_turn, client = std::move(client)](Endpoint endpoint) {
    return turn(client, std::string(to_string(endpoint)));
  };
}
template <class Endpoint>
std::function<void(Endpoint, std::optional<std::chrono::seconds>)> rests_of(
    const upstream::limits& shared, std::string client) {
  return [back_off = shared.back_off, client = std::move(client)](
             Endpoint endpoint, std::optional<std::chrono::seconds> asked) {
    back_off(client, std::string(to_string(endpoint)),
             std::min<std::chrono::seconds>(asked.value_or(upstream::usual_rest),
                                            upstream::longest_rest));
  };
}

}  // namespace

struct upstream::state {
  std::shared_ptr<hub_context> hub;
  std::shared_ptr<const tenants::organisation> settings;
  limits shared;

  // Key stores are opened once; who comes meanwhile waits on `opened`.
  enum class phase { closed, opening, open, failed } now = phase::closed;
  std::optional<http::asio::steady_timer> opened;
  error failure;
  time_point failed_at{};

  std::vector<crypto::keystore> key_list;  // current first
  std::string dpo_client;
  std::unique_ptr<maskinporten::client> registry_tokens;
  std::unique_ptr<maskinporten::client> dpo_tokens;
  std::unique_ptr<altinn::token_exchange> exchange;
  std::unique_ptr<registry::client> registry;
  std::unique_ptr<maskinporten::client> dpv_tokens;
  std::unique_ptr<altinn::token_exchange> dpv_exchange;
  std::unique_ptr<dpv::correspondence> correspondence;
  std::map<maskinporten::system_user, std::unique_ptr<altinn::broker>> brokers;
  std::shared_ptr<dpfio_line> fiks_io;

  void make_clients() {
    const auto& national = hub->settings.national;
    const std::shared_ptr<const crypto::keystore> own =
        std::make_shared<crypto::keystore>(key_list.front());
    const auto tokens = [&](std::string client_id) {
      return std::make_unique<maskinporten::client>(
          *hub->http, hub->workers, hub->time, hub->random,
          maskinporten::client_settings{national.maskinporten_token_url,
                                        national.maskinporten_audience,
                                        std::move(client_id),
                                        {}},
          own);
    };
    registry_tokens = tokens(settings->maskinporten_client_id);
    dpo_tokens = tokens(dpo_client);
    exchange = std::make_unique<altinn::token_exchange>(*hub->http, hub->time, *dpo_tokens,
                                                        national.altinn_exchange_url);
    if (settings->dpv.enabled) {
      dpv_tokens =
          tokens(settings->dpv.maskinporten_client_id.value_or(settings->maskinporten_client_id));
      dpv_exchange = std::make_unique<altinn::token_exchange>(*hub->http, hub->time, *dpv_tokens,
                                                              national.altinn_exchange_url);
      correspondence = std::make_unique<dpv::correspondence>(
          *hub->http, *dpv_exchange, national.correspondence_url,
          turns_of<dpv::endpoint>(shared, correspondence_client),
          rests_of<dpv::endpoint>(shared, correspondence_client));
    }
    registry::client_settings lookups;
    lookups.base_url = national.service_registry_url;
    lookups.key_url = national.service_registry_key_url;
    lookups.scopes = registry_scopes(*settings);
    lookups.beta = settings->dph.enabled;
    registry = std::make_unique<registry::client>(*hub->http, hub->time, *registry_tokens,
                                                  *hub->registry_keys, std::move(lookups));
  }
};

upstream::upstream(std::shared_ptr<hub_context> hub,
                   std::shared_ptr<const tenants::organisation> settings, limits shared)
    : state_(std::make_unique<state>()) {
  state_->hub = std::move(hub);
  state_->settings = std::move(settings);
  state_->shared = std::move(shared);
  state_->dpo_client = state_->settings->dpo.maskinporten_client_id.value_or(
      state_->settings->maskinporten_client_id);
}

upstream::~upstream() = default;

http::awaitable<result<void>> upstream::ready() {
  const auto keep_alive = shared_from_this();
  auto& s = *state_;
  if (s.now == state::phase::open) co_return result<void>{};
  if (s.now == state::phase::failed) {
    if (s.hub->time.now() - s.failed_at < remember_failure) co_return s.failure;
    s.now = state::phase::closed;
  }
  if (s.now == state::phase::opening) {
    boost::system::error_code ignored;  // cancelled: the opener has finished
    co_await s.opened->async_wait(http::asio::redirect_error(http::asio::use_awaitable, ignored));
    if (s.now == state::phase::open) co_return result<void>{};
    if (s.now == state::phase::failed) co_return s.failure;
    co_return transient(http::http_errc::timeout, "the key store did not open in time");
  }

  s.now = state::phase::opening;
  s.opened.emplace(s.hub->network, open_deadline);
  const auto settings = s.settings;
  auto work = [settings]() -> result<std::vector<crypto::keystore>> {
    std::vector<crypto::keystore> all;
    KP_TRY(auto own, open_keystore(settings->keystore));
    all.push_back(std::move(own));
    for (const auto& previous : settings->previous_keystores) {
      KP_TRY(auto earlier, open_keystore(previous));
      all.push_back(std::move(earlier));
    }
    return all;
  };
  auto opened = co_await http::on_workers(s.hub->workers, std::move(work));
  if (opened) {
    s.key_list = *std::move(opened);
    s.hub->signs->keystore_opened(s.settings->id, s.key_list.front().leaf.not_after());
    s.make_clients();
    s.now = state::phase::open;
  } else {
    s.failure = opened.error();
    s.failed_at = s.hub->time.now();
    s.now = state::phase::failed;
    s.hub->signs->keystore_failed(s.settings->id, s.failure.message);
    log(log_level::error, s.failure.message, {{"organisation", s.settings->id.to_string()}});
  }
  s.opened->cancel();
  if (s.now == state::phase::failed) co_return s.failure;
  co_return result<void>{};
}

const crypto::keystore& upstream::keys() const {
  return state_->key_list.front();
}

std::span<const crypto::keystore> upstream::decryption_keys() const {
  return state_->key_list;
}

maskinporten::client& upstream::own_tokens() {
  return *state_->registry_tokens;
}

std::vector<std::string> upstream::own_scopes() const {
  return registry_scopes(*state_->settings);
}

registry::client& upstream::registry() {
  return *state_->registry;
}

altinn::broker& upstream::broker(const maskinporten::system_user& as) {
  auto& s = *state_;
  auto& made = s.brokers[as];
  if (!made)
    made = std::make_unique<altinn::broker>(
        *s.hub->http, *s.exchange, as, s.hub->settings.national.broker_url,
        turns_of<altinn::broker_endpoint>(s.shared, s.dpo_client),
        rests_of<altinn::broker_endpoint>(s.shared, s.dpo_client));
  return *made;
}

dpv::correspondence& upstream::correspondence() {
  return *state_->correspondence;
}

std::shared_ptr<dpfio_line>& upstream::fiks_io() {
  return state_->fiks_io;
}

const std::string& upstream::dpo_client_id() const {
  return state_->dpo_client;
}

}  // namespace kp::actors
