#pragma once

#include "storage/feed.hpp"
#include "storage/repositories.hpp"
#include "tenants/credential.hpp"

// What a credential that is shown a part of the inbox sees elsewhere: everything of outgoing
// messages, and of incoming ones what is about messages of its part. A null view sees everything.

namespace kp::actors {

using inbox_view_ptr = std::shared_ptr<const tenants::inbox_view>;

bool shows(const inbox_view_ptr&, const storage::conversation&);

// Errors: those of the store, which is asked for the process of an incoming message.
result<bool> shows(const inbox_view_ptr&, const storage::conversations&, channel_number,
                   const storage::channel_event&);
result<bool> shows(const inbox_view_ptr&, const storage::conversations&, const storage::status&);

// A filter for one list of a channel's statuses; empty for a null view. What cannot be read is not
// shown. `all` outlives it.
storage::filter<storage::status> shown_statuses(const inbox_view_ptr&,
                                                const storage::conversations& all);

}  // namespace kp::actors
