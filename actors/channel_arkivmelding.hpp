#pragma once

#include "actors/channel_decision.hpp"
#include "protocol/arkivmelding/arkivmelding.hpp"
#include "storage/blobs.hpp"

#include <span>

// What a channel reads in arkivmelding.xml: a title and a reference for the conversation, and the
// files that must have been uploaded (rest-api.md 6.3, 6.4).

namespace kp::actors {

inline constexpr std::string_view arkivmelding_filename = "arkivmelding.xml";

// The summary, or what the client is told of XML that is no arkivmelding: 400, where today's
// installations say 500 with the same exceptions.
judged<arkivmelding::summary> read_arkivmelding(std::string_view xml);

// As above for stored content. Blocks: for worker threads.
judged<arkivmelding::summary> read_arkivmelding(storage::blobs&, organisation_id,
                                                const storage::blob_ref&);

void describe(storage::conversation&, const arkivmelding::summary&);

const storage::stored_file* find_file(std::span<const storage::stored_file>, std::string_view name);

}  // namespace kp::actors
