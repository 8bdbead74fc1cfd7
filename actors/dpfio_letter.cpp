#include "actors/dpfio_letter.hpp"

#include "config/config_error.hpp"
#include "config/text.hpp"
#include "protocol/dpfio/dpfio_error.hpp"
#include "protocol/dpfio/payload.hpp"
#include "protocol/dpfio/received.hpp"
#include "protocol/sbd/sbd_error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::actors {

namespace {

constexpr std::chrono::milliseconds least_ttl{1000};  // dpfio.md 6.5

error worth_a_retry(error why) {
  why.retryable = true;
  return why;
}

std::optional<std::string> reference_in(const sbd::document& document, std::string_view type) {
  const auto* scope = document.find_scope(type);
  if (!scope || !scope->instance_identifier) return std::nullopt;
  const auto id = message_id::parse(*scope->instance_identifier);
  if (!id) return std::nullopt;
  return to_lower(*scope->instance_identifier);
}

// From which of the channel's accounts: the one that got what is answered, or the one it sends
// from.
result<std::string> own_account(const organisation_context& in, const storage::outbox_item& item,
                                const std::optional<storage::fiks_note>& answered) {
  const auto* channel = in.channel(in.current(item.channel));
  if (!channel || channel->addresses.dpfio_accounts.empty())
    return worth_a_retry(permanent(config_errc::invalid_value,
                                   "the channel has no account of FIKS IO to send from"));
  const auto& accounts = channel->addresses.dpfio_accounts;
  if (answered && accounts.contains(answered->account)) return answered->account;
  return channel->addresses.dpfio_sender.value_or(*accounts.begin());
}

int security_level(const sbd::document& document) {
  constexpr int usual = 3;
  const auto* level = document.business_message.if_contains("sikkerhetsnivaa");
  if (!level || !level->is_int64()) return usual;
  return static_cast<int>(std::clamp<std::int64_t>(level->get_int64(), 1, 4));
}

}  // namespace

result<dpfio_letter> make_dpfio_letter(const organisation_context& in,
                                       const storage::outbox_item& item,
                                       const storage::outgoing_message& message) {
  const auto now = in.hub->time.now();
  KP_TRY(const auto document, sbd::parse(message.sbd, now));
  dpfio_letter letter;
  letter.message = message.message;
  letter.files = message.files;
  letter.security_level = security_level(document);
  auto& what = letter.what;
  what.type = document.process().value_or("");
  what.reply_to = reference_in(document, "ReceiverRef");
  std::optional<storage::fiks_note> answered;
  if (what.reply_to) {
    auto found = storage::fiks_notes(in.hub->store, in.id()).find(*what.reply_to);
    if (!found) return worth_a_retry(found.error());
    if (*found && (*found)->way == direction::incoming) answered = *std::move(found);
  }
  KP_TRY(what.from, own_account(in, item, answered));

  if (document.header.receiver.empty())
    return permanent(sbd::sbd_errc::invalid_identifier, "the SBD names no receiver");
  const auto& receiver = document.header.receiver.front();
  KP_TRY(const auto to, sbd::parse_identifier(receiver.authority, receiver.value));
  if (to.kind == sbd::identifier::form::fiks_io)
    what.to = to_lower(to.value);
  else if (to.kind != sbd::identifier::form::iso6523)
    return permanent(sbd::sbd_errc::invalid_identifier,
                     "FIKS IO sends to accounts and organisations alone");
  else if (answered)
    what.to = answered->other;
  else
    letter.organisation = to.primary;

  if (in.settings->dpfio.passes_ttl) {
    const auto left = std::chrono::floor<std::chrono::milliseconds>(message.expires - now);
    what.ttl = std::max<std::chrono::milliseconds>(left, least_ttl);
  }
  what.headers[std::string(dpfio::client_message)] = message.message.to_string();
  if (answered && !answered->correlation.empty()) {
    what.headers[std::string(dpfio::client_correlation)] = answered->correlation;
    what.headers[std::string(dpfio::client_correlation_before)] = answered->correlation;
  }
  return letter;
}

result<std::shared_ptr<spool>> pack_dpfio_letter(const organisation_context& in,
                                                 const dpfio_letter& letter,
                                                 const crypto::keystore& signer,
                                                 const crypto::certificate& recipient) {
  std::vector<asic::file> files;
  for (const auto& each : letter.files)
    files.push_back({each.filename, each.mime_type,
                     [hub = in.hub, id = in.id(),
                      ref = each.content]() -> result<std::unique_ptr<byte_source>> {
                       auto bytes = hub->blobs.open(id, ref);
                       if (!bytes) return worth_a_retry(bytes.error());
                       return std::make_unique<sequential_source>(*std::move(bytes));
                     },
                     each.content.size});
  return dpfio::pack(std::move(files), signer, recipient, in.hub->spools, in.hub->random.uuid());
}

result<void> note_sent(const organisation_context& in, const dpfio_letter& letter,
                       const std::string& id_at_fiks_io) {
  storage::fiks_note note;
  note.id = to_lower(id_at_fiks_io);
  note.way = direction::outgoing;
  note.message = letter.message;
  note.account = letter.what.from;
  note.other = letter.what.to;
  note.at = in.hub->time.now();
  storage::batch changes;
  storage::fiks_notes(in.hub->store, in.id()).put(changes, note);
  return in.hub->commit_from_worker(std::move(changes));
}

}  // namespace kp::actors
