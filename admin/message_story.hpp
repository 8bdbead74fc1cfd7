#pragma once

#include "config/clock.hpp"
#include "config/ids.hpp"
#include "storage/engine.hpp"
#include "storage/records.hpp"

#include <boost/json/object.hpp>

#include <functional>
#include <optional>
#include <string>

namespace kp::admin {

using channel_namer = std::function<std::string(channel_number)>;

// The names of channels, also of those that are in no file any more. For workers.
result<channel_namer> read_channel_names(const storage::engine& store,
                                         organisation_id organisation);

// Everything that one organisation's part of the store knows of a message, and in one sentence
// where it stands and what happens next. nullopt when nothing is known. Names no content. For
// workers.
result<std::optional<boost::json::object>> tell_story(const storage::engine& store,
                                                      organisation_id organisation,
                                                      const message_id& message,
                                                      const channel_namer& name_of, time_point now);

// An item of an outbox, with its claim.
result<boost::json::object> tell(const storage::engine& store, organisation_id organisation,
                                 const storage::outbox_item& item, const channel_namer& name_of,
                                 time_point now);

}  // namespace kp::admin
