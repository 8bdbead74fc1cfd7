#include "config/text.hpp"
#include "storage/big_endian.hpp"
#include "storage/blobs.hpp"
#include "storage/keys.hpp"
#include "storage/sealing.hpp"
#include "storage/storage_error.hpp"

#include <fmt/format.h>

#include <mutex>
#include <unordered_map>

namespace kp::storage {
namespace {

constexpr char wrapping_version = 1;

std::string data_key_key(organisation_id organisation) {
  return key_builder(organisation, record_kind::data_key).str();
}

std::string bound_to(organisation_id organisation) {
  return "knutepunkt data key " + to_big_endian(organisation.number());
}

}  // namespace

struct data_keys::state {
  engine& store;
  std::string master;
  std::shared_ptr<random_source> random;
  std::mutex mutex;
  std::unordered_map<organisation_id, std::string> known;

  // version | nonce | encrypted key and tag
  result<std::string> wrap(organisation_id organisation, std::string_view key) const {
    auto nonce = random->bytes(gcm_nonce_size);
    std::string wrapped(1, wrapping_version);
    wrapped += nonce;
    KP_CHECK(seal(master, nonce, bound_to(organisation), key, wrapped));
    return wrapped;
  }

  result<std::string> unwrap(organisation_id organisation, std::string wrapped) const {
    constexpr std::size_t front = 1 + gcm_nonce_size;
    if (!wrapped.empty() && wrapped.front() > wrapping_version)
      return permanent(storage_errc::unknown_format,
                       fmt::format("the data key of organisation {} was stored by a newer program",
                                   organisation.to_string()));
    if (wrapped.size() == front + cipher_key_size + gcm_tag_size &&
        wrapped.front() == wrapping_version) {
      const std::string_view nonce(wrapped.data() + 1, gcm_nonce_size);
      if (unseal(master, nonce, bound_to(organisation), std::span(wrapped).subspan(front)))
        return wrapped.substr(front, cipher_key_size);
    }
    return permanent(storage_errc::corrupt,
                     fmt::format("the data key of organisation {} cannot be opened; is this the "
                                 "master key it was stored under?",
                                 organisation.to_string()));
  }

  result<std::optional<std::string>> stored(organisation_id organisation) const {
    KP_TRY(auto wrapped, store.get(data_key_key(organisation)));
    if (!wrapped) return std::optional<std::string>{};
    KP_TRY(auto key, unwrap(organisation, *std::move(wrapped)));
    return std::optional<std::string>{std::move(key)};
  }

  result<std::string> make(organisation_id organisation, const committer& write) const {
    auto key = random->bytes(cipher_key_size);
    batch b;
    KP_TRY(auto wrapped, wrap(organisation, key));
    b.require_absent(data_key_key(organisation));
    b.put(data_key_key(organisation), std::move(wrapped));
    const auto written = write(std::move(b));
    if (written) return key;
    if (written.error().code != storage_errc::precondition_failed) return written.error();
    KP_TRY(auto others, stored(organisation));  // somebody was faster
    if (others) return *std::move(others);
    return written.error();
  }
};

data_keys::data_keys(engine& store, std::string master_key, std::shared_ptr<random_source> random)
    : state_(new state{store, std::move(master_key), std::move(random), {}, {}}) {}

data_keys::~data_keys() {
  wipe(state_->master);
  for (auto& [organisation, key] : state_->known) wipe(key);
}

result<std::string> data_keys::of(organisation_id organisation, const committer& write) {
  if (state_->master.size() != cipher_key_size)
    return permanent(storage_errc::corrupt, "the master key must be 32 bytes");
  {
    const std::scoped_lock lock(state_->mutex);
    if (const auto found = state_->known.find(organisation); found != state_->known.end())
      return found->second;
  }
  // Reading and making take time, so others are not kept waiting; who loses the race at the store
  // takes the winner's key.
  KP_TRY(auto key, state_->stored(organisation));
  if (!key) {
    KP_TRY(key, state_->make(organisation, write));
  }
  const std::scoped_lock lock(state_->mutex);
  return state_->known.emplace(organisation, *std::move(key)).first->second;
}

void data_keys::forget(organisation_id organisation) {
  const std::scoped_lock lock(state_->mutex);
  const auto found = state_->known.find(organisation);
  if (found == state_->known.end()) return;
  wipe(found->second);
  state_->known.erase(found);
}

}  // namespace kp::storage
