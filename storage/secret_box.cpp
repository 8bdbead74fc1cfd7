#include "storage/secret_box.hpp"

#include "config/text.hpp"
#include "storage/big_endian.hpp"
#include "storage/sealing.hpp"
#include "storage/storage_error.hpp"

namespace kp::storage {
namespace {

constexpr char version = 1;
constexpr std::size_t front = 1 + gcm_nonce_size;

result<std::string> key_of(std::string_view master, organisation_id organisation) {
  return derive_key(master, "knutepunkt secrets " + to_big_endian(organisation.number()));
}

}  // namespace

secret_box::secret_box(std::string master_key, std::shared_ptr<random_source> random)
    : master_(std::move(master_key)), random_(std::move(random)) {}

secret_box::~secret_box() {
  wipe(master_);
}

// version | nonce | ciphertext and tag
result<std::string> secret_box::seal(organisation_id organisation, std::string_view bound_to,
                                     std::string_view secret) const {
  KP_TRY(auto key, key_of(master_, organisation));
  const auto nonce = random_->bytes(gcm_nonce_size);
  std::string sealed(1, version);
  sealed += nonce;
  const auto done = storage::seal(key, nonce, bound_to, secret, sealed);
  wipe(key);
  if (!done) return done.error();
  return sealed;
}

result<std::string> secret_box::open(organisation_id organisation, std::string_view bound_to,
                                     std::string_view sealed) const {
  if (!sealed.empty() && sealed.front() > version)
    return permanent(storage_errc::unknown_format, "a secret was stored by a newer program");
  if (sealed.size() < front + gcm_tag_size || sealed.front() != version)
    return permanent(storage_errc::corrupt, "a stored secret cannot be read");
  KP_TRY(auto key, key_of(master_, organisation));
  std::string bytes(sealed.substr(front));
  const auto size = unseal(key, sealed.substr(1, gcm_nonce_size), bound_to, bytes);
  wipe(key);
  if (!size)
    return permanent(
        storage_errc::corrupt,
        "a stored secret cannot be opened; is this the master key it was stored under?");
  bytes.resize(*size);
  return bytes;
}

}  // namespace kp::storage
