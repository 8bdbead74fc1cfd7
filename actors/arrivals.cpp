#include "actors/arrivals.hpp"

#include "actors/health_arrivals.hpp"
#include "actors/message_rules.hpp"
#include "protocol/sbd/sbd_error.hpp"
#include "storage/status_rules.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

namespace kp::actors {

namespace {

using storage::status_change;
using storage::status_name;

// ^[a-zA-Z0-9-_]{0,25}$, dpo.md 6.1.
bool can_be_message_channel(std::string_view reference) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  return reference.size() <= 25 && std::ranges::all_of(reference, allowed);
}

std::string text_field(const boost::json::object& of, std::string_view name) {
  const auto* value = of.if_contains(name);
  return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

struct participant {
  std::string value, part_or_primary, primary;
};
participant first(const std::vector<sbd::partner>& of) {
  if (of.empty()) return {};
  const auto& it = of.front();
  if (const auto parsed = sbd::parse_identifier(it.authority, it.value))
    return {it.value, parsed->part_or_primary(), parsed->primary};
  return {it.value, it.value, it.value};
}

// One arrival being decided: everything it reads and the batch it fills.
class decision_maker {
 public:
  decision_maker(const organisation_context& in, const arrival& what)
      : in_(in), what_(what), document_(*what.document), now_(in.hub->time.now()) {}

  result<arrival_decision> run() {
    KP_CHECK(identify());
    if (type_ == "status") {
      KP_CHECK(peer_status());
    } else {
      KP_CHECK(business_message());
    }
    // What was fetched is on record in the same commit: after a crash it is only confirmed.
    if (!out_.changes.empty()) KP_CHECK(remember_transfer());
    return std::move(out_);
  }

  result<arrival_decision> run_generated() {
    KP_CHECK(identify());
    out_.fate = arrival_fate::stored;
    out_.channel = in_.current(what_.channel);
    KP_CHECK(begin(*out_.channel, {{status_name::innkommende_mottatt, {}, {}, now_}}));
    KP_CHECK(put_in_inbox(*out_.channel));
    return std::move(out_);
  }

 private:
  result<void> identify() {
    const auto message = document_.message();
    const auto conversation = document_.conversation();
    if (!message || !conversation)
      return permanent(sbd::sbd_errc::malformed_json, "message id or conversation id is missing");
    message_ = *message;
    conversation_ = *conversation;
    type_ = sbd::canonical_type(document_.type());
    if (!sbd::is_known_type(type_))
      return permanent(sbd::sbd_errc::malformed_json,
                       fmt::format("\"{}\" is no business message", document_.type()));
    return {};
  }

  // The hub registers on the conversation that it started, whatever channel sent the message.
  // Expired status files are status files still.
  result<void> peer_status() {
    const auto text = text_field(document_.business_message, "status");
    const auto name = storage::parse_status_name(text);
    if (!name)
      return permanent(sbd::sbd_errc::malformed_json,
                       fmt::format("\"{}\" is no status of the network", text));
    KP_TRY(auto found, in_.conversations.find(direction::outgoing, message_));
    if (!found) {
      out_.fate = arrival_fate::status_unknown;
      return {};
    }
    out_.fate = arrival_fate::status_registered;
    out_.channel = found->channel;
    status_change change{*name, {}, {}, now_};
    // Made by the hub itself of a notice of FIKS IO, which says why.
    if (what_.via == service::dpfio && !what_.content_problem.empty())
      change.description = what_.content_problem;
    return add_status(*found, change);
  }

  result<void> business_message() {
    KP_TRY(const auto before, in_.conversations.find(direction::incoming, message_));
    if (before) {
      out_.fate = arrival_fate::duplicate;
      out_.channel = before->channel;
      return {};
    }
    auto channel = in_.current(what_.channel);
    if (is_health_receipt(what_.via, type_)) {
      KP_TRY(const auto told, register_health_receipt(in_, document_, out_.changes));
      if (told.sender && in_.channel(*told.sender)) channel = *told.sender;
      if (!told.shown) {
        out_.channel = channel;
        out_.fate = told.sender ? arrival_fate::status_registered : arrival_fate::status_unknown;
        return {};
      }
    }
    if (type_ == "arkivmelding_kvittering") {
      KP_TRY(const auto sender, receipt());
      if (sender && in_.channel(*sender)) channel = *sender;
    }
    out_.channel = channel;
    KP_TRY(own_, in_.conversations.find(direction::outgoing, message_));
    if (own_ && own_->channel != channel) own_.reset();
    if (own_) {
      KP_TRY(const auto waiting, in_.inbox.find(message_));
      if (waiting || storage::arrived(*own_)) {
        out_.fate = arrival_fate::duplicate;
        return {};
      }
    }
    // What is read at NHN is gone there: late is better than never (dph.md 14 C3).
    const auto expires = document_.expires();
    if (expires && *expires < now_ && what_.via != service::dph) return expired(channel);
    return store(channel);
  }

  // What a channel sends to itself has one conversation, which goes both ways (rest-api.md 12.5).
  result<void> begin(channel_number channel, std::vector<status_change> initial) {
    if (own_) {
      const auto added = storage::register_statuses(out_.changes, in_.conversations, in_.statuses,
                                                    *in_.ids, *own_, initial);
      if (!added) return added.error();
      return {};
    }
    initial.insert(initial.begin(), {status_name::opprettet, {}, {}, now_});
    KP_TRY(auto row, in_.ids->next(out_.changes));
    auto started = start(row, channel);
    KP_CHECK(storage::start_conversation(out_.changes, in_.conversations, in_.statuses, *in_.ids,
                                         started, initial));
    out_.expiry_grew = !started.finished;
    return {};
  }

  // Registers what the receipt says and returns the channel that sent the message it is about.
  result<std::optional<channel_number>> receipt() {
    const auto related =
        message_id::parse(text_field(document_.business_message, "relatedToMessageId"));
    if (!related) return std::nullopt;
    KP_TRY(auto about, in_.conversations.find(direction::outgoing, *related));
    if (!about) return std::nullopt;
    const auto kind = text_field(document_.business_message, "receiptType");
    const auto name =
        kind == "ERROR" || kind == "NOTSUPPORTED" ? status_name::feil : status_name::lest;
    KP_CHECK(add_status(*about, {name, "ArkivmeldingKvittering: " + kind,
                                 boost::json::serialize(document_.business_message), now_}));
    return about->channel;
  }

  result<void> expired(channel_number channel) {
    out_.fate = arrival_fate::expired;
    return begin(channel, {{status_name::levetid_utlopt, std::string(lifetime_passed), {}, now_}});
  }

  result<void> store(channel_number channel) {
    out_.fate = arrival_fate::stored;
    std::vector<status_change> initial{{status_name::innkommende_mottatt, {}, {}, now_}};
    if (what_.state == storage::content_state::unreadable)
      initial.push_back({status_name::feil, what_.content_problem, {}, now_});
    KP_CHECK(begin(channel, std::move(initial)));
    KP_CHECK(put_in_inbox(channel));
    if (const auto reference = document_.message_channel())
      in_.references.put(out_.changes, message_, *reference);
    if (what_.via == service::dph && type_ == "dialogmelding") {
      KP_TRY(const auto queued, remember_health_message(in_, what_, channel, out_.changes));
      out_.outbox_grew = out_.outbox_grew || queued;
    }
    return answer(channel);
  }

  result<void> put_in_inbox(channel_number channel) {
    const auto sender = first(document_.header.sender);
    const auto receiver = first(document_.header.receiver);
    storage::inbound_message m;
    KP_TRY(m.id, in_.ids->next(out_.changes));
    KP_TRY(m.order, in_.ids->next(out_.changes));
    m.message = message_;
    m.conversation = conversation_;
    m.channel = channel;
    m.via = what_.via;
    m.type = document_.type();
    m.process = document_.process().value_or("");
    m.sender_identifier = sender.part_or_primary;
    m.receiver_identifier = receiver.primary;
    m.sbd = what_.sbd;
    m.last_updated = now_;
    m.expires = document_.expires();
    m.state = what_.state;
    m.content = what_.content;
    in_.inbox.insert(out_.changes, m);
    if (what_.blob_record) out_.changes.include(*what_.blob_record);
    return {};
  }

  // MOTTATT, back to the sender (dpo.md 5.6).
  result<void> answer(channel_number channel) {
    if (what_.via != service::dpo && what_.via != service::dpe) return {};
    const auto ttl = default_ttl(*in_.settings, what_.via);
    const auto status = sbd::make_status(document_, "MOTTATT", now_, ttl, in_.hub->random.uuid());
    if (!status) return {};
    storage::outbox_item item;
    KP_TRY(item.id, in_.ids->next(out_.changes));
    item.via = what_.via;
    item.channel = channel;
    item.message = message_;
    item.kind = storage::outbox_kind::status;
    item.sbd = sbd::to_text(*status);
    item.queued = now_;
    item.due = now_;
    item.expires = now_ + ttl;
    in_.outbox(what_.via).insert(out_.changes, item);
    out_.outbox_grew = true;
    return {};
  }

  storage::conversation start(storage::row_id row, channel_number channel) const {
    const auto sender = first(document_.header.sender);
    const auto receiver = first(document_.header.receiver);
    storage::conversation c;
    c.id = row;
    c.message = message_;
    c.conversation_ref = conversation_;
    c.channel = channel;
    c.way = direction::incoming;
    c.via = what_.via;
    c.sender = sender.value;
    c.sender_identifier = sender.part_or_primary;
    if (!receiver.value.empty()) {
      c.receiver = receiver.value;
      c.receiver_identifier = receiver.primary;
    }
    c.process = document_.process().value_or("");
    c.document_type = document_.header.identification.standard.value_or("");
    c.message_reference = conversation_.to_string();
    if (what_.via == service::dph && !what_.transfer.empty())
      c.external_system_reference = what_.transfer;  // receipts of clients refer to it
    c.last_update = now_;
    // Without a time of its own the conversation, not the message, ends (rest-api.md 14.2).
    c.expires = document_.expires().value_or(now_ + default_ttl(*in_.settings, what_.via));
    return c;
  }

  result<void> add_status(storage::conversation& c, const status_change& change) {
    const auto added = storage::register_status(out_.changes, in_.conversations, in_.statuses,
                                                *in_.ids, c, change);
    if (!added) return added.error();
    return {};
  }

  result<void> remember_transfer() {
    if (what_.transfer.empty()) return {};
    const auto transfers = in_.transfers(what_.via);
    KP_TRY(auto known, transfers.find(what_.transfer));
    auto record = known.value_or(storage::transfer{});
    if (!known) {
      record.id = what_.transfer;
      record.first_seen = now_;
    }
    record.state = storage::transfer_state::stored;
    transfers.put(out_.changes, record);
    return {};
  }

  const organisation_context& in_;
  const arrival& what_;
  const sbd::document& document_;
  time_point now_;
  message_id message_;
  conversation_id conversation_;
  std::string type_;
  std::optional<storage::conversation> own_;  // of the channel that it arrives at, as its sender
  arrival_decision out_;
};

}  // namespace

destination destination_of(const organisation_context& in, service via,
                           const std::optional<std::string>& reference,
                           std::optional<channel_number> receiver) {
  using kind = destination::kind;
  // A message of FIKS IO is whose account it came to (dpfio.md 9).
  if (via == service::dpfio) {
    for (const auto& channel : in.settings->channels) {
      if (!reference || !channel.addresses.dpfio_accounts.contains(*reference)) continue;
      if (channel.external) return {kind::external, {}};
      const auto found = in.numbers.find(channel.name);
      if (found == in.numbers.end()) return {};
      return {kind::own_reference, found->second};
    }
    return {};
  }
  if (via == service::dph) return health_destination(in, reference.value_or(""));
  if (reference)
    for (const auto& channel : in.settings->channels) {
      if (!tenants::answers_to(channel, *reference)) continue;
      if (channel.external) return {kind::external, {}};
      const auto found = in.numbers.find(channel.name);
      if (found == in.numbers.end()) return {};
      return {kind::own_reference, found->second};
    }
  if (reference && can_be_message_channel(*reference)) return {};
  if (receiver) return {kind::seat, receiver};
  const auto* named = in.settings->receiver(via);
  if (named && named->external) return {kind::external, {}};
  return {};
}

result<arrival_decision> decide_arrival(const organisation_context& in, const arrival& what) {
  return decision_maker(in, what).run();
}

result<arrival_decision> decide_generated(const organisation_context& in, const arrival& what) {
  return decision_maker(in, what).run_generated();
}

}  // namespace kp::actors
