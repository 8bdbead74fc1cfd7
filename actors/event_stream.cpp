#include "actors/event_stream.hpp"

#include "actors/event_json.hpp"
#include "actors/inbox_scope.hpp"
#include "storage/storage_error.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

namespace kp::actors {

namespace {

// How soon a client that has gone is noticed.
constexpr std::chrono::seconds look_every{1};
// What a browser waits before it connects again, in milliseconds.
constexpr std::string_view greeting = "retry: 3000\n";

void add(std::string& text, std::string_view name, storage::sequence_number id,
         const boost::json::object& data) {
  fmt::format_to(std::back_inserter(text), "id: {}\nevent: {}\ndata: {}\n\n", id, name,
                 boost::json::serialize(data));
}

}  // namespace

result<event_reader> event_reader::open(const storage::engine& store, organisation_id organisation,
                                        const channel_name& channel,
                                        std::optional<storage::sequence_number> last_seen,
                                        std::shared_ptr<const tenants::inbox_view> view) {
  KP_TRY(const auto number, storage::channel_registry(store, organisation).find(channel));
  if (!number)
    return transient(storage::storage_errc::not_found, "the channel is being opened; try again");
  event_reader reader(store, organisation, *number);
  reader.view_ = std::move(view);
  KP_TRY(const auto newest, reader.events_.newest(*number));
  reader.after_ = last_seen.value_or(newest);
  reader.unknown_ = reader.after_ > newest;
  return reader;
}

std::string event_reader::gap(storage::sequence_number resume_after) {
  std::string text;
  const boost::json::object data{
      {"event", "gap"},
      {"lastEventId", std::to_string(after_)},
      {"message",
       "Events after this id are no longer kept, or it is no id of this channel. Read statuses and "
       "inbox anew; what is still kept follows."}};
  add(text, "gap", resume_after, data);
  after_ = resume_after;
  unknown_ = false;
  return text;
}

result<std::string> event_reader::read() {
  std::string text;
  KP_TRY(const auto trimmed, events_.trimmed(channel_));
  if (unknown_ || after_ < trimmed) text = gap(trimmed);
  for (;;) {
    KP_TRY(const auto events, events_.after(channel_, after_, events_at_a_time));
    for (const auto& [sequence, event] : events) {
      KP_TRY(const bool visible, shows(view_, conversations_, channel_, event));
      if (visible) add(text, event_name(event.kind), sequence, event_json(event));
      after_ = sequence;
    }
    // Nothing to show says that there is nothing more.
    if (!text.empty() || events.size() < events_at_a_time) return text;
  }
}

std::string event_reader::position() const {
  return unknown_ ? std::string() : fmt::format("id: {}\n\n", after_);
}

event_stream::event_stream(std::shared_ptr<hub_context> hub, event_reader reader,
                           std::unique_ptr<listening_place> place, http::request_body& connection)
    : hub_(std::move(hub)),
      reader_(std::make_shared<event_reader>(std::move(reader))),
      place_(std::move(place)),
      connection_(connection),
      end_(std::chrono::steady_clock::now() + longest_stream) {}

http::awaitable<result<std::string_view>> event_stream::next() {
  using steady = std::chrono::steady_clock;
  if (!begun_) {
    begun_ = true;
    text_ = std::string(greeting) + reader_->position();
    co_return std::string_view(text_);
  }
  const auto quiet_until = steady::now() + keepalive;
  for (;;) {
    if (place_->interrupted() || connection_.peer_gone() || steady::now() >= end_)
      co_return std::string_view();
    if (may_have_more_) {
      auto work = [reader = reader_] { return reader->read(); };
      KP_CO_TRY(text_, co_await http::on_workers(hub_->workers, std::move(work)));
      if (place_->interrupted()) continue;
      may_have_more_ = !text_.empty();
      if (may_have_more_) co_return std::string_view(text_);
    }
    may_have_more_ = co_await place_->wait(look_every);
    if (!may_have_more_ && steady::now() >= quiet_until) {
      may_have_more_ = true;  // nothing is lost should a bell ever be missed
      text_ = ": keepalive\n\n";
      co_return std::string_view(text_);
    }
  }
}

}  // namespace kp::actors
