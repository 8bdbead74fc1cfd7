#pragma once

#include "actors/context.hpp"
#include "actors/gateway_listeners.hpp"
#include "protocol/http/server.hpp"

#include <memory>
#include <optional>
#include <string>

namespace kp::actors {

// Reads one channel's feed as the text of Server-Sent Events (WHATWG HTML 9.2). Blocks as the store
// does: on workers.
class event_reader {
 public:
  // Reads what comes after `last_seen`, or from now on without one, as far as `view` shows it
  // (actors/inbox_scope.hpp; null: all).
  // Errors: not_found when no channel of that name has been opened yet; those of the store.
  static result<event_reader> open(const storage::engine& store, organisation_id organisation,
                                   const channel_name& channel,
                                   std::optional<storage::sequence_number> last_seen,
                                   std::shared_ptr<const tenants::inbox_view> view = {});

  // What is new, at most `events_at_a_time`; empty: nothing. Begins with an `event: gap` when there
  // was something that is no longer kept, or when `last_seen` is no number of this channel: all
  // that is kept follows then.
  result<std::string> read();
  // Only the id, so that a client which has seen no event yet can resume from here too.
  std::string position() const;

  static constexpr std::size_t events_at_a_time = 256;

 private:
  event_reader(const storage::engine& store, organisation_id organisation, channel_number channel)
      : events_(store, organisation), conversations_(store, organisation), channel_(channel) {}
  std::string gap(storage::sequence_number resume_after);

  storage::feed events_;
  storage::conversations conversations_;
  channel_number channel_{};
  std::shared_ptr<const tenants::inbox_view> view_;
  storage::sequence_number after_ = 0;
  bool unknown_ = false;  // last_seen was never given here
};

// The body of GET /api/events, until its place is interrupted or the client is gone. Pulls from the
// feed what the client takes and buffers nothing: the server cuts one that takes nothing any more.
// Ends after `longest_stream`, and when its client may listen no longer, so that the client signs
// in again. On the network thread.
class event_stream final : public http::response_body {
 public:
  static constexpr std::chrono::seconds keepalive{15};
  static constexpr std::chrono::hours longest_stream{1};

  // `connection` outlives the stream.
  event_stream(std::shared_ptr<hub_context> hub, event_reader reader,
               std::unique_ptr<listening_place> place, http::request_body& connection);

  http::awaitable<result<std::string_view>> next() override;

 private:
  std::shared_ptr<hub_context> hub_;
  std::shared_ptr<event_reader> reader_;
  std::unique_ptr<listening_place> place_;
  http::request_body& connection_;
  std::chrono::steady_clock::time_point end_;
  std::string text_;
  bool begun_ = false;
  bool may_have_more_ = true;
};

}  // namespace kp::actors
