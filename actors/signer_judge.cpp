#include "actors/signer_judge.hpp"

#include "config/files.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "protocol/revocation/revocation_lists.hpp"

namespace kp::actors {

namespace {

constexpr std::size_t longest_authorities = 1024 * 1024;

}  // namespace

result<void> signer_judge::load() {
  if (authorities_) return {};
  if (!has_authorities())
    return permanent(crypto::crypto_errc::bad_format, "upstream.dpi_authorities is not given");
  const auto& file = hub_.settings.dpi_authorities_file;
  KP_TRY(const auto pem, read_file(file, longest_authorities));
  auto made = crypto::certificate_judge::from_pem(
      pem, hub_.settings.preset == environment_preset::production ? crypto::production_policies()
                                                                  : crypto::test_policies());
  if (!made) return with_context(made.error(), file);
  authorities_ = *std::move(made);
  return {};
}

result<void> signer_judge::judge(const crypto::certificate& leaf) {
  const auto now = hub_.time.now();
  // Only who is trusted otherwise can make the hub ask anywhere.
  KP_CHECK(authorities_->judge(leaf, now));
  const auto addresses = crypto::revocation_addresses(leaf);
  if (!hub_.revoked || addresses.empty()) return {};
  if (!has_fetched_) {
    const auto missing = hub_.revoked->due(addresses);
    due_.insert(missing.begin(), missing.end());
    if (!missing.empty())
      return transient(crypto::crypto_errc::not_valid_now,
                       "the revocation list about a certificate has to be fetched first");
  }
  const auto lists = hub_.revoked->at_hand(addresses);
  if (lists.empty()) return {};
  return authorities_->judge(leaf, now, lists);
}

http::awaitable<void> signer_judge::fetch() {
  has_fetched_ = true;
  revocation::revocation_lists::check fits = [authorities =
                                                  authorities_](const crypto::revocation_list& l) {
    return authorities->check(l);
  };
  co_await hub_.revoked->fetch(due_, std::move(fits));
}

}  // namespace kp::actors
