#include "actors/health_arrivals.hpp"

#include "actors/message_rules.hpp"
#include "actors/reports.hpp"
#include "config/log.hpp"
#include "protocol/dph/messages.hpp"
#include "storage/health_references.hpp"
#include "storage/status_rules.hpp"

#include <boost/json/serialize.hpp>

namespace kp::actors {

namespace {

using storage::status_name;

// Receipts are given soon; the rest is for a business system that was away.
constexpr std::chrono::hours keep_references{90 * 24};
constexpr std::size_t forgotten_at_once = 16;

std::string first_value(const std::vector<sbd::partner>& of) {
  return of.empty() ? std::string() : of.front().value;
}

bool left_the_outbox(const storage::conversation& c) {
  constexpr auto done =
      storage::status_bit(status_name::sendt) | storage::status_bit(status_name::feil) |
      storage::status_bit(status_name::mottatt) | storage::status_bit(status_name::levert);
  return (c.statuses & done) != 0;
}

// Of another organisation's message nothing is here to be found; of another HER-id's nothing may be
// said.
result<std::optional<storage::conversation>> find_sent(const organisation_context& in,
                                                       const sbd::document& receipt,
                                                       const std::string& about) {
  std::optional<storage::conversation> none;
  const auto id = message_id::parse(about);
  if (!id) return none;
  KP_TRY(auto found, in.conversations.find(direction::outgoing, *id));
  if (!found || found->via != service::dph || found->sender != first_value(receipt.header.receiver))
    return none;
  return found;
}

}  // namespace

destination health_destination(const organisation_context& in, std::string_view her_id) {
  using kind = destination::kind;
  const auto number = dph::parse_her_id(her_id);
  if (!number) return {};
  for (const auto& channel : in.settings->channels) {
    if (!channel.addresses.her_ids.contains(*number)) continue;
    if (channel.external) return {kind::external, {}};
    const auto found = in.numbers.find(channel.name);
    if (found != in.numbers.end()) return {kind::own_reference, found->second};
  }
  return {};
}

bool is_health_receipt(service via, std::string_view type) {
  return via == service::dph && type == dph::receipt_type;
}

result<health_receipt_told> register_health_receipt(const organisation_context& in,
                                                    const sbd::document& document,
                                                    storage::batch& changes) {
  KP_TRY(auto receipt, dph::parse_receipt(document));
  health_receipt_told told;
  told.shown = !in.settings->dph.automatic_receipts;
  KP_TRY(auto about, find_sent(in, document, receipt.about));
  if (!about) {
    log(log_level::warning, "an application receipt of DPH is about no message here",
        {{"organisation", in.id().to_string()},
         {"service", "DPH"},
         {"message_id", document.message().value_or(message_id{}).to_string()},
         {"about", receipt.about}});
    return told;
  }
  told.sender = about->channel;
  const auto now = in.hub->time.now();
  std::vector<storage::status_change> statuses;
  if (!left_the_outbox(*about)) statuses.push_back({status_name::sendt, {}, {}, now});
  const bool good = receipt.state == dph::receipt_state::ok;
  if (receipt.raw.empty()) receipt.raw = boost::json::serialize(document.business_message);
  statuses.push_back({good ? status_name::levert : status_name::feil,
                      std::string(good ? health_receipt_came : health_rejected), receipt.raw, now});
  KP_TRY([[maybe_unused]] const bool grew, add_report(changes, in, *about, statuses, {}));
  return told;
}

result<bool> remember_health_message(const organisation_context& in, const arrival& what,
                                     channel_number channel, storage::batch& changes) {
  const auto& document = *what.document;
  const auto now = in.hub->time.now();
  storage::health_reference reference;
  reference.id = what.transfer;
  reference.message = document.message().value_or(message_id{});
  reference.receiver = first_value(document.header.receiver);
  reference.sender = first_value(document.header.sender);
  reference.arrived = now;
  const storage::health_references all(in.hub->store, in.id());
  KP_CHECK(all.forget(changes, now - keep_references, forgotten_at_once));
  all.put(changes, reference);
  if (!in.settings->dph.automatic_receipts) return false;

  const auto ttl = default_ttl(*in.settings, service::dph);
  dph::receipt_header header;
  header.message = in.hub->random.uuid();
  header.conversation = document.conversation().value_or(conversation_id{}).to_string();
  header.sender = reference.receiver;
  header.receiver = reference.sender;
  header.now = now;
  header.ttl = ttl;
  dph::receipt good;
  good.about = reference.id;
  KP_TRY(const auto receipt, dph::make_receipt(header, good));
  storage::outbox_item item;
  KP_TRY(item.id, in.ids->next(changes));
  item.via = service::dph;
  item.channel = channel;
  item.message = reference.message;
  item.kind = storage::outbox_kind::status;
  item.sbd = sbd::to_text(receipt);
  item.queued = item.due = now;
  item.expires = now + ttl;
  in.outbox(service::dph).insert(changes, item);
  return true;
}

}  // namespace kp::actors
