#pragma once

#include "actors/context.hpp"
#include "protocol/crypto/business_certificate.hpp"

#include <optional>
#include <set>
#include <string>

namespace kp::actors {

// Judges organisation certificates of those who sign what arrives (certificates.md 4), by the
// authorities in upstream.dpi_authorities and the revocation lists of the hub. Made for one piece
// of work, since the file is read anew each time: a new generation of authorities needs no restart.
class signer_judge {
 public:
  explicit signer_judge(hub_context& hub) : hub_(hub) {}

  bool has_authorities() const { return !hub_.settings.dpi_authorities_file.empty(); }
  // Reads the authorities; before anything below. Worker threads only. Error: they are not given,
  // or no PEM.
  result<void> load();
  // Errors: as of crypto::certificate_judge; and, until fetch() was called, a retryable one when
  // lists about this certificate are due.
  result<void> judge(const crypto::certificate& leaf);
  bool wants_lists() const { return !due_.empty(); }
  // Network thread, and nothing else meanwhile.
  http::awaitable<void> fetch();

 private:
  hub_context& hub_;
  std::optional<crypto::certificate_judge> authorities_;
  std::set<std::string> due_;
  bool has_fetched_ = false;
};

// `work(judge)` on a worker; and once more when it has come upon signers whose revocation lists had
// to be fetched first. The outcome of the first time is void then, so it must leave nothing behind.
template <class Work>
http::awaitable<std::invoke_result_t<Work&, signer_judge&>> with_signer_judge(hub_context& hub,
                                                                              Work work) {
  const auto judge = std::make_shared<signer_judge>(hub);
  auto once = [judge, work]() mutable { return work(*judge); };
  auto again = once;
  auto first = co_await http::on_workers(hub.workers, std::move(once));
  if (!judge->wants_lists()) co_return first;
  co_await judge->fetch();
  auto second = co_await http::on_workers(hub.workers, std::move(again));
  co_return second;
}

}  // namespace kp::actors
