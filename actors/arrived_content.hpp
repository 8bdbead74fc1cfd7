#pragma once

#include "actors/context.hpp"
#include "actors/service_port.hpp"
#include "protocol/crypto/cms.hpp"

#include <functional>
#include <span>

// The encrypted ASiC-E of an arrival, as DPO, DPE and DPH carry it. Worker threads only.

namespace kp::actors {

// What an arrival may decrypt to; a container is compressed once at most.
inline constexpr std::uint64_t max_content_bytes = 4ull << 30;

// Why nothing was fetched. This hub's own trouble is tried again for as long as it lasts.
std::shared_ptr<fetched> not_fetched(fetch_verdict, error why);

// Whether the bytes that came are at fault; everything else (disk, keys) is this hub's own trouble.
bool is_of_content(const error&);

// Decrypts with one of `keys`, into a spool: nothing of it is trusted before its last byte has been
// read. Errors: is_of_content(), also for more than max_content_bytes; of this hub.
result<void> decrypt_content(byte_source& cms, std::span<const crypto::keystore> keys,
                             const std::shared_ptr<spool>& to);

// Keeps the content of `to` as a blob that no committed record points to yet. Errors: of this hub;
// is_of_content() for more than max_content_bytes.
result<void> store_content(const organisation_context&, byte_source& from, arrival& to);

// Whose content it is, for the log.
struct content_of {
  service via = service::unknown;
  std::string_view transfer;
};

using container_judge =
    std::function<result<void>(const std::shared_ptr<const random_access_source>& container)>;

// Decrypts with one of `keys`, verifies and stores as a blob that no committed record points to
// yet. Content that cannot be opened is kept as it came, and `to` says so. `cms` is read once or
// twice. Where `judge` is given, a container that it refuses cannot be opened either; otherwise one
// that does not verify is told of, and kept. Errors: of this hub (disk, keys of its own), and of
// `cms`.
result<void> keep_content(const organisation_context&, const content_of&,
                          const std::function<result<std::unique_ptr<byte_source>>()>& cms,
                          std::span<const crypto::keystore> keys, arrival& to,
                          const container_judge& judge = {});

// The same for content that is not to be kept unless it can be opened. Errors: is_of_content() too.
result<void> keep_readable_content(const organisation_context&, const content_of&,
                                   const std::function<result<std::unique_ptr<byte_source>>()>& cms,
                                   std::span<const crypto::keystore> keys, arrival& to);

}  // namespace kp::actors
