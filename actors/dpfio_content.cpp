#include "actors/dpfio_content.hpp"

#include "actors/arrived_content.hpp"
#include "config/log.hpp"
#include "protocol/dpfio/dpfio_error.hpp"
#include "protocol/dpfio/payload.hpp"
#include "storage/fiks_notes.hpp"
#include "storage/status_rules.hpp"

#include <fmt/format.h>

namespace kp::actors {

namespace {

using storage::status_name;

// Messages live at FIKS IO for seven days unless their sender says otherwise, and are answered
// after that.
constexpr std::chrono::hours keep_notes{24 * 90};
constexpr std::size_t notes_at_once = 1000;

std::string told_by(const dpfio::received& from) {
  return fmt::format("KS FIKS IO: {}", from.type);
}

// The business message of the hub's own status documents.
std::shared_ptr<const sbd::document> status_document(const message_id& about,
                                                     std::string_view status) {
  auto made = std::make_shared<sbd::document>();
  made->header.identification.instance_identifier = about.to_string();
  made->header.identification.type = "status";
  sbd::scope conversation;
  conversation.type = "ConversationId";
  conversation.instance_identifier = about.to_string();
  made->header.has_business_scope = true;
  made->header.scopes.push_back(std::move(conversation));
  made->business_message["status"] = status;
  return made;
}

void tell_signer(const organisation_context& in, const dpfio::received& from,
                 const asic::verified& checked) {
  std::string who;
  for (const auto& signer : checked.signers) who += (who.empty() ? "" : "; ") + signer.subject();
  log(log_level::info,
      checked.signers.empty() ? "an arrival is not signed" : "an arrival is signed",
      {{"organisation", in.id().to_string()},
       {"service", "DPFIO"},
       {"message_id", from.id},
       {"sender", from.sender},
       {"detail", who}});
}

// Answers name it, and go to the account that it came from.
void note_received(const organisation_context& in, const dpfio::received& from,
                   storage::batch& into) {
  storage::fiks_note note;
  note.id = from.id;
  note.way = direction::incoming;
  note.message = message_id::parse(from.id).value_or(message_id{});
  note.account = from.account;
  note.other = from.sender;
  const auto* correlation = from.header(std::string(dpfio::client_correlation));
  if (!correlation) correlation = from.header(std::string(dpfio::client_correlation_before));
  if (correlation) note.correlation = *correlation;
  note.at = in.hub->time.now();
  storage::fiks_notes(in.hub->store, in.id()).put(into, note);
}

}  // namespace

std::shared_ptr<fetched> open_dpfio_message(const organisation_context& in,
                                            const dpfio::received& from, const std::string& sender,
                                            std::shared_ptr<const random_access_source> cms,
                                            std::span<const crypto::keystore> keys,
                                            const std::string& missing) {
  const auto& settings = in.settings->dpfio;
  const dpfio::seen_as as{"0192:" + (sender.empty() ? settings.fallback_sender : sender),
                          in.id().iso6523(), settings.default_ttl};
  auto document = std::make_shared<sbd::document>(dpfio::to_document(from, as, in.hub->time.now()));
  auto answer = std::make_shared<fetched>();
  answer->verdict = fetch_verdict::arrived;
  auto& what = answer->what;
  what.sbd = sbd::to_text(*document);
  what.document = std::move(document);
  what.sender = from.sender;
  if (!missing.empty()) {
    what.state = storage::content_state::unreadable;
    what.content_problem = missing;
  }
  if (cms) {
    const container_judge judge =
        [&](const std::shared_ptr<const random_access_source>& container) -> result<void> {
      const auto checked = dpfio::check(container);
      if (!checked) return checked.error();
      tell_signer(in, from, *checked);
      return {};
    };
    const auto kept = keep_content(
        in, {service::dpfio, from.id},
        [&]() -> result<std::unique_ptr<byte_source>> {
          return std::make_unique<sequential_source>(cms);
        },
        keys, what, judge);
    if (!kept) return not_fetched(fetch_verdict::failed, kept.error());
  }
  if (!what.blob_record) what.blob_record = std::make_shared<storage::batch>();
  note_received(in, from, *what.blob_record);
  return answer;
}

std::shared_ptr<fetched> open_dpfio_notice(const organisation_context& in,
                                           const dpfio::received& from) {
  const auto notice = dpfio::notice_of(from.type);
  if (notice == dpfio::notice::none || !from.reply_to) return nullptr;
  const auto note = storage::fiks_notes(in.hub->store, in.id()).find(*from.reply_to);
  if (!note) return not_fetched(fetch_verdict::failed, note.error());
  if (!*note || (*note)->way != direction::outgoing) return nullptr;
  const auto about = in.conversations.find(direction::outgoing, (*note)->message);
  if (!about) return not_fetched(fetch_verdict::failed, about.error());
  if (!*about) return nullptr;
  // Before SENDT is on record the notice would take its place.
  constexpr auto sent = storage::status_bit(status_name::sendt);
  if (((*about)->statuses & sent) == 0)
    return not_fetched(fetch_verdict::failed, transient(dpfio::dpfio_errc::bad_delivery,
                                                        "the end of sending is not on record yet"));
  auto answer = std::make_shared<fetched>();
  answer->verdict = fetch_verdict::arrived;
  answer->what.document = status_document(
      (*note)->message, notice == dpfio::notice::expired ? "LEVETID_UTLOPT" : "FEIL");
  answer->what.content_problem = told_by(from);
  answer->what.sender = from.sender;
  return answer;
}

result<void> forget_old_notes(const organisation_context& in) {
  const storage::fiks_notes notes(in.hub->store, in.id());
  storage::batch changes;
  KP_TRY(const auto gone, notes.forget(changes, in.hub->time.now() - keep_notes, notes_at_once));
  if (gone == 0) return {};
  return in.hub->commit_from_worker(std::move(changes));
}

}  // namespace kp::actors
