#include "actors/channel_send.hpp"

#include "actors/channel_create.hpp"
#include "actors/channel_svarut.hpp"
#include "actors/message_rules.hpp"
#include "protocol/sbd/document.hpp"
#include "storage/keys.hpp"
#include "storage/lease.hpp"

#include <fmt/ranges.h>

#include <algorithm>

namespace kp::actors {

namespace {

constexpr std::string_view expired_text = "Levetiden for meldingen er utgått. Må sendes på nytt";

const type_rules& rules_of_type(const storage::outgoing_message& message) {
  return rules_of(sbd::canonical_type(message.type));
}

bool has_expired(const storage::outgoing_message& message, time_point now) {
  return message.expires < now;
}

bool lacks_file(const storage::outgoing_message& message) {
  return message.files.empty() && sbd::needs_file(message.type);
}

// The deadline as the document says it.
std::string deadline_text(const storage::outgoing_message& message, time_point now) {
  if (const auto document = sbd::parse(message.sbd, now))
    if (const auto* scope = document->find_scope("ConversationId"))
      if (!scope->information.empty() && scope->information.front().expected_response)
        return scope->information.front().expected_response->text;
  return format_timestamp(message.expires);
}

// What metadataFiler names, each once, a file before its metadata.
judged<void> check_metadata_files(const storage::outgoing_message& message, time_point now) {
  const auto document = sbd::parse(message.sbd, now);
  if (!document) return api::internal("a stored document cannot be read");
  const auto* listed = document->business_message.if_contains("metadataFiler");
  if (!listed || !listed->is_object()) return {};
  std::vector<std::string> missing;
  const auto look_for = [&](std::string_view name) {
    if (!find_file(message.files, name) && std::ranges::find(missing, name) == missing.end())
      missing.emplace_back(name);
  };
  for (const auto& entry : listed->get_object()) {
    look_for(entry.key());
    if (entry.value().is_string()) look_for(entry.value().get_string());
  }
  if (!missing.empty()) return api::file_not_found(fmt::format("{}", fmt::join(missing, ", ")));
  return {};
}

judged<void> check_arkivmelding(const storage::outgoing_message& message,
                                const std::optional<arkivmelding::summary>& summary) {
  if (!find_file(message.files, arkivmelding_filename)) return api::missing_arkivmelding();
  if (!summary) return api::internal("arkivmelding.xml has not been read");
  std::string missing;
  for (const auto& name : summary->referenced_files)
    if (!find_file(message.files, name)) missing += (missing.empty() ? "" : ",") + name;
  if (!missing.empty()) return api::missing_arkivmelding_file(missing);
  return {};
}

judged<void> register_expiry(decision& d, const storage::outgoing_message& message,
                             const channel_place& place) {
  const auto& organisation = place.organisation();
  KP_TRY(auto conversation, organisation.conversations.find(direction::outgoing, message.message));
  if (!conversation) return {};
  KP_TRY(const auto registered,
         storage::register_status(
             d.changes, organisation.conversations, organisation.statuses, *organisation.ids,
             *conversation,
             {storage::status_name::levetid_utlopt, std::string(expired_text), {}, place.now()}));
  static_cast<void>(registered);
  return {};
}

// Whether somebody is sending this item now.
result<bool> is_claimed(const channel_place& place, const storage::outbox_item& item) {
  const auto key =
      storage::key_builder(place.organisation().id(), storage::record_kind::outbox_claim)
          .u8(static_cast<std::uint8_t>(item.via))
          .u64(item.id)
          .str();
  KP_TRY(const auto claim, storage::read_lease(place.hub().store, key));
  return claim && claim->held_at(place.now());
}

}  // namespace

judged<void> check_sendable(const storage::outgoing_message& message,
                            const std::optional<arkivmelding::summary>& summary, time_point now) {
  if (lacks_file(message)) return api::missing_file();
  if (has_expired(message, now)) return api::time_to_live(deadline_text(message, now));
  const auto& rules = rules_of_type(message);
  if (rules.needs_arkivmelding) KP_CHECK(check_arkivmelding(message, summary));
  if (message.via == service::dpf && summary) KP_CHECK(check_svarut_letter(*summary));
  if (rules.needs_metadata_files) KP_CHECK(check_metadata_files(message, now));
  if (rules_of(message.via).needs_main_document && sbd::needs_file(message.type) &&
      std::ranges::none_of(message.files, &storage::stored_file::primary))
    return api::missing_primary_document();
  return {};
}

std::optional<storage::blob_ref> arkivmelding_to_read(const storage::outgoing_message& message,
                                                      time_point now) {
  if (!rules_of_type(message).needs_arkivmelding || has_expired(message, now)) return std::nullopt;
  const auto* file = find_file(message.files, arkivmelding_filename);
  return file ? std::optional(file->content) : std::nullopt;
}

judged<decision> send_message(const channel_place& place, std::string_view path,
                              const message_id& id,
                              const std::optional<arkivmelding_read_before>& read,
                              std::optional<storage::outgoing_message> found) {
  const auto now = place.now();
  auto message = std::move(found);
  if (!message) {
    KP_TRY(message, place.organisation().messages.find_without_document(place.number, id));
  }
  if (!message) return api::message_not_found(id.to_string());
  decision d;
  d.answer = empty_answer();
  if (message->queued) return d;

  if (has_expired(*message, now) || rules_of_type(*message).needs_metadata_files) {
    KP_TRY(message->sbd, place.organisation().messages.document(*message));
  }
  std::optional<arkivmelding::summary> summary;
  if (const auto content = arkivmelding_to_read(*message, now)) {
    if (!read || read->blob != content->id)
      return api::try_later(503, "The message was changed while it was sent. Please try again.");
    summary = read->summary;
  }
  if (const auto sendable = check_sendable(*message, summary, now); !sendable) {
    if (!lacks_file(*message) && has_expired(*message, now))
      KP_CHECK(register_expiry(d, *message, place));
    d.answer = refusal(sendable.error(), path, now);
    return d;
  }
  auto queued = *message;
  queued.queued = true;
  queued.last_updated = now;
  place.organisation().messages.update(d.changes, *message, queued);
  KP_CHECK(add_outbox_item(d, queued, place));
  return d;
}

judged<decision> remove_message(const channel_place& place, std::string_view id) {
  const auto& organisation = place.organisation();
  decision d;
  d.answer = empty_answer();
  const auto parsed = to_message_id(id);
  if (!parsed) return d;
  KP_TRY(const auto message, organisation.messages.find(place.number, *parsed));
  if (!message) return d;
  const auto outbox = organisation.outbox(message->via);
  KP_TRY(const auto items, outbox.of_message(*parsed));
  for (const auto row : items) {
    KP_TRY(const auto item, outbox.find(row));
    if (!item || item->kind != storage::outbox_kind::message || item->channel != place.number)
      continue;
    KP_TRY(const auto claimed, is_claimed(place, *item));
    if (claimed) {
      decision left_alone;
      left_alone.answer = empty_answer();
      return left_alone;
    }
    outbox.remove_unclaimed(d.changes, *item, place.now());
  }
  organisation.messages.remove(d.changes, *message);
  for (const auto& file : message->files) {
    place.hub().blobs.remove(d.changes, organisation.id(), file.content);
    d.released.push_back(file.content);
  }
  return d;
}

}  // namespace kp::actors
