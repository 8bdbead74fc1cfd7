#pragma once

#include "actors/context.hpp"
#include "actors/dpo_transport.hpp"
#include "protocol/dpo/package.hpp"

#include <span>

// The blocking work on DPO packages: packing what leaves and opening what has come. Worker threads
// only.

namespace kp::actors {

// No arrival may be larger: the resource's limit, with room for the ZIP around it (dpo.md 4.1).
inline constexpr std::uint64_t max_package_bytes = (1ull << 30) + (16ull << 20);

// sbd.zip of a parcel. `recipient` is used only when it has files.
result<dpo::packed> pack_parcel(const organisation_context&, const dpo_parcel&,
                                const crypto::keystore& signer,
                                const std::optional<crypto::certificate>& recipient);

// What a downloaded sbd.zip is (dpo.md 5.3, asic-and-crypto.md 11.2): parsed, its content decrypted
// with one of `keys`, verified and stored as a blob that no committed record points to yet.
std::shared_ptr<fetched> open_arrival(const organisation_context&, std::string_view transfer,
                                      std::shared_ptr<const random_access_source> zip,
                                      std::span<const crypto::keystore> keys);

}  // namespace kp::actors
