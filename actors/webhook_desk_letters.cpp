#include "actors/channel_lists.hpp"
#include "actors/webhook_desk.hpp"
#include "protocol/webhooks/subscription_form.hpp"

#include <charconv>

// Dead letters of subscriptions.

namespace kp::actors {

namespace {

using storage::webhook_delivery;

constexpr std::size_t letters_a_time = 500;  // in one commit

boost::json::object letter_json(const webhook_delivery& d) {
  boost::json::object out;
  out["id"] = d.sequence;
  out["createdTs"] = format_timestamp(d.at);
  out["messageId"] = d.message.to_string();
  out["conversationId"] = d.conversation.to_string();
  out["direction"] = to_string(d.way);
  if (d.via != service::unknown) out["serviceIdentifier"] = to_string(d.via);
  out["status"] = to_string(d.name);
  if (d.description) out["description"] = *d.description;
  out["attempts"] = d.attempts;
  out["givenUp"] = format_timestamp(d.due);
  out["lastError"] = d.last_error;
  return out;
}

std::string_view first_part(std::string_view argument) {
  return argument.substr(0, argument.find('/'));
}

std::string_view second_part(std::string_view argument) {
  return argument.substr(argument.find('/') + 1);
}

api_answer count_answer(std::string_view what, std::size_t count) {
  boost::json::object out;
  out[what] = count;
  return json_answer(out);
}

}  // namespace

judged<std::uint64_t> path_number(std::string_view name, std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size())
    return api::bad_path_value(name, text, "java.lang.Long");
  return static_cast<std::uint64_t>(value);
}

judged<api_answer> webhook_desk::dead_letters(const webhook_call& c) const {
  KP_TRY(const auto found, subscription_of(c, c.call.argument));
  const auto asked = api::parse_page_query(api::query::parse(c.call.query));
  storage::page_request wanted;
  wanted.offset = detail::offset_of(asked);
  wanted.size = asked.size;
  for (const auto& key : asked.sort)
    if (key.property != "id") return api::bad_sort_property(key.property);
  if (!asked.sort.empty() && asked.sort.front().descending)
    wanted.order = storage::scan_order::descending;
  KP_TRY(const auto page, kept_.dead_letters(found.id, wanted, {}));
  KP_TRY(const auto json, page_json(page, asked, true, letter_json));
  return json_answer(json);
}

judged<webhook_desk::outcome> webhook_desk::replay_one(const webhook_call& c) const {
  KP_TRY(const auto found, subscription_of(c, first_part(c.call.argument)));
  KP_TRY(const auto id, path_number("letter", second_part(c.call.argument)));
  KP_TRY(auto letter, kept_.dead_letter(found.id, id));
  if (!letter) return webhooks::dead_letter_not_found(id);
  auto* line = with_.line(found.id);
  if (!line || line->room_for_parked() == 0)
    return api::try_later(503, "This subscription has too much to deliver already. Try later.");
  outcome made;
  made.answer = empty_answer();
  auto parked = line->put_back(made.changes, *std::move(letter), now());
  made.durable = [this, id = found.id, parked] {
    if (auto* its = with_.line(id)) its->has_been_put_back(parked);
    with_.replayed();
  };
  return made;
}

judged<webhook_desk::outcome> webhook_desk::replay_all(
    const webhook_call& c, const std::shared_ptr<std::size_t>& count) const {
  KP_TRY(const auto found, subscription_of(c, c.call.argument));
  auto* line = with_.line(found.id);
  const auto room = line ? std::min(line->room_for_parked(), letters_a_time) : 0;
  KP_TRY(auto letters, kept_.dead_letters_from(found.id, 0, room));
  outcome made;
  made.answer = count_answer("replayed", *count);
  if (letters.empty()) return made;
  std::vector<webhook_delivery> parked;
  for (auto& each : letters) parked.push_back(line->put_back(made.changes, std::move(each), now()));
  made.again = true;
  made.durable = [this, id = found.id, parked = std::move(parked), count] {
    *count += parked.size();
    if (auto* its = with_.line(id))
      for (const auto& each : parked) its->has_been_put_back(each);
    with_.replayed();
  };
  return made;
}

judged<webhook_desk::outcome> webhook_desk::remove_letter(const webhook_call& c) const {
  KP_TRY(const auto found, subscription_of(c, first_part(c.call.argument)));
  KP_TRY(const auto id, path_number("letter", second_part(c.call.argument)));
  KP_TRY(const auto letter, kept_.dead_letter(found.id, id));
  if (!letter) return webhooks::dead_letter_not_found(id);
  outcome made;
  made.answer = empty_answer();
  kept_.unbury(made.changes, found.id, id);
  made.durable = [this, row = found.id] {
    if (auto* its = with_.line(row)) its->dead_letter_removed();
  };
  return made;
}

judged<webhook_desk::outcome> webhook_desk::remove_letters(const webhook_call& c) const {
  KP_TRY(const auto found, subscription_of(c, c.call.argument));
  KP_TRY(const auto letters, kept_.dead_letters_from(found.id, 0, letters_a_time));
  outcome made;
  made.answer = empty_answer();
  if (letters.empty()) return made;
  for (const auto& each : letters) kept_.unbury(made.changes, found.id, each.sequence);
  made.again = true;
  made.durable = [this, row = found.id, count = letters.size()] {
    if (auto* its = with_.line(row))
      for (std::size_t i = 0; i < count; ++i) its->dead_letter_removed();
  };
  return made;
}

}  // namespace kp::actors
