#include "actors/dpi_letter.hpp"

#include "protocol/sbd/sbd_error.hpp"
#include "tenants/channel_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kp::actors {

namespace {

using storage::status_change;
using storage::status_name;

error missing(std::string why) {
  return permanent(dpi::dpi_errc::missing_address, std::move(why));
}

std::vector<dpi::file_facts> facts_of(const std::vector<storage::stored_file>& files) {
  std::vector<dpi::file_facts> out;
  for (const auto& file : files)
    out.push_back({file.filename, file.mime_type, file.title.value_or("")});
  return out;
}

// Each name of `order` is the name of one file.
std::vector<storage::stored_file> in_order(const std::vector<storage::stored_file>& files,
                                           const std::vector<std::string>& order) {
  std::vector<storage::stored_file> out;
  for (const auto& name : order)
    out.push_back(*std::ranges::find(files, name, &storage::stored_file::filename));
  return out;
}

result<std::optional<registry::lookup>> lookup_of(const sbd::document& document, bool print) {
  const auto& receivers = document.header.receiver;
  if (receivers.empty()) {
    if (print) return std::optional<registry::lookup>{};
    return missing("a digital letter without a receiver");
  }
  KP_TRY(const auto receiver,
         sbd::parse_identifier(receivers.front().authority, receivers.front().value));
  registry::lookup what;
  what.identifier = receiver.primary;
  what.process = document.process();
  if (const auto conversation = document.conversation())
    what.conversation = conversation->to_string();
  if (const auto* level = document.business_message.if_contains("sikkerhetsnivaa");
      level && level->is_int64())
    what.security_level = static_cast<int>(level->as_int64());
  return std::optional(std::move(what));
}

// Exactly the document type that the client has chosen (service-registry.md 6.1).
const registry::service_record* record_of(const dpi_letter& letter,
                                          const registry::answer& answer) {
  const auto& wanted = letter.document.header.identification.standard.value_or("");
  for (const auto& record : answer.records)
    if (record.via == service::dpi &&
        std::ranges::find(record.document_types, wanted) != record.document_types.end())
      return &record;
  return nullptr;
}

std::string text_of(std::string_view usual, const std::string& detail) {
  return detail.empty() ? std::string(usual) : fmt::format("{}: {}", usual, detail);
}

std::optional<status_name> status_of(dpi::receipt_kind kind) {
  switch (kind) {
    case dpi::receipt_kind::delivered:
    case dpi::receipt_kind::received:
      return status_name::levert;
    case dpi::receipt_kind::opened:
      return status_name::lest;
    case dpi::receipt_kind::notification_failed:
    case dpi::receipt_kind::returned:
    case dpi::receipt_kind::failed:
      return status_name::feil;
    case dpi::receipt_kind::other:
      break;
  }
  return status_name::annet;
}

constexpr std::string_view at_corner3 = "Hjørne 3 har mottatt meldingen";
constexpr std::string_view at_corner2 = "Hjørne 2 har mottatt meldingen";
constexpr std::string_view has_failed = "Generell melding om at det har skjedd en feil";

}  // namespace

std::vector<std::string> wire_channels(const tenants::channel_settings& channel) {
  auto all = tenants::dpi_channels(channel.addresses);
  for (auto& each : all) std::ranges::replace(each, '.', '_');
  return all;
}

std::optional<std::string> wire_channel(const tenants::channel_settings& channel,
                                        const message_id& letter) {
  const auto all = wire_channels(channel);
  if (all.empty()) return std::nullopt;
  // The last digits of a UUID are as good as drawn by lot.
  const auto text = letter.to_string();
  std::uint32_t lot = 0;
  std::from_chars(text.data() + text.size() - 8, text.data() + text.size(), lot, 16);
  return all[lot % all.size()];
}

result<dpi_letter> make_letter(const organisation_context& in, const storage::outbox_item& item,
                               const storage::outgoing_message& message) {
  dpi_letter made;
  KP_TRY(made.document, sbd::parse(message.sbd, in.hub->time.now()));
  KP_TRY(made.from, dpi::origin_of(made.document, in.id().to_string(), in.settings->dpi.supplier));
  made.print = dpi::is_print(made.document);
  KP_TRY(made.lookup, lookup_of(made.document, made.print));
  if (const auto* channel = in.channel(in.current(item.channel)))
    made.channel = wire_channel(*channel, item.message);
  auto files = message.files;
  std::ranges::sort(files, {}, &storage::stored_file::number);
  KP_TRY(made.documents, dpi::arrange(made.document, facts_of(files)));
  made.files = in_order(files, dpi::packing_order(made.documents));
  return made;
}

result<dpi_addressee> address_letter(const organisation_context& in, const dpi_letter& letter,
                                     const std::optional<registry::answer>& answer) {
  const auto* record = answer ? record_of(letter, *answer) : nullptr;
  dpi_addressee out;
  if (letter.print) {
    out.language = record ? record->language.value_or("") : "";
    if (out.language.size() != 2) out.language = in.settings->dpi.language;
    return out;
  }
  if (!record || !record->pem_certificate || !record->mailbox_operator ||
      !record->mailbox_address || record->mailbox_address->empty())
    return missing("the Service Registry knows no mailbox of the receiver for this letter");
  KP_TRY(out.certificate, crypto::certificate::from_pem(*record->pem_certificate));
  out.to.organisation = *record->mailbox_operator;
  out.to.mailbox = *record->mailbox_address;
  out.to.email = record->email;
  out.to.mobile = record->mobile;
  const auto* said = letter.document.business_message.if_contains("spraak");
  out.language =
      said && said->is_string() ? std::string(said->get_string()) : in.settings->dpi.language;
  return out;
}

result<dpi::package> pack_letter(const organisation_context& in, const dpi_letter& letter,
                                 const dpi_addressee& to, const crypto::keystore& signer) {
  auto& hub = *in.hub;
  std::vector<asic::file> files;
  for (const auto& file : letter.files)
    files.push_back(
        {file.filename, file.mime_type,
         [&hub, id = in.id(), ref = file.content]() -> result<std::unique_ptr<byte_source>> {
           KP_TRY(auto bytes, hub.blobs.open(id, ref));
           return std::make_unique<sequential_source>(std::move(bytes));
         },
         file.content.size});
  const auto manifest =
      dpi::manifest_xml(letter.document, letter.from, to.to, letter.documents, to.language);
  return dpi::pack(manifest, std::move(files), signer, to.certificate, hub.spools, hub.time.now());
}

std::vector<status_change> statuses_of(const dpi::receipt& receipt, const std::string& jws,
                                       time_point now) {
  const auto at = receipt.at.value_or(now);
  const auto name = status_of(receipt.kind);
  std::vector<status_change> out;
  if (name == status_name::levert)
    out.push_back(
        {status_name::mottatt, std::string(at_corner3), {}, at - std::chrono::seconds(1)});
  out.push_back({*name, text_of(dpi::description(receipt.kind), receipt.detail), jws, at});
  return out;
}

progress progress_of(const message_id& message, const std::vector<dpi::transport_status>& said,
                     time_point now) {
  progress out{message};
  for (const auto& each : said) {
    switch (each.state) {
      case dpi::transport_state::created:
        out.statuses.push_back({status_name::sendt, text_of(at_corner2, each.detail), {}, now});
        break;
      case dpi::transport_state::sent:
        out.statuses.push_back(
            {status_name::mottatt, text_of(at_corner3, each.detail), {}, each.at.value_or(now)});
        out.ended = true;
        break;
      case dpi::transport_state::failed:
        out.statuses.push_back({status_name::feil, text_of(has_failed, each.detail), {}, now});
        out.ended = true;
        break;
    }
  }
  return out;
}

}  // namespace kp::actors
