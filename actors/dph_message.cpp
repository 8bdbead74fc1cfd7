#include "actors/dph_message.hpp"

#include "actors/arrived_content.hpp"
#include "actors/health_arrivals.hpp"
#include "actors/message_rules.hpp"
#include "protocol/dph/main_document.hpp"
#include "protocol/dph/package.hpp"
#include "storage/health_references.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace kp::actors {

namespace {

using dph::dph_errc;
using opened = result<std::unique_ptr<byte_source>>;

constexpr std::string_view rejected_in_transport = "Message rejected in transport";
constexpr std::string_view transport_done = "Transport acknowledge received";

std::string first_value(const std::vector<sbd::partner>& of) {
  return of.empty() ? std::string() : of.front().value;
}

opened open_file(const organisation_context& in, const storage::stored_file& file) {
  KP_TRY(auto bytes, in.hub->blobs.open(in.id(), file.content));
  return std::make_unique<sequential_source>(std::move(bytes));
}

result<void> check_main_file(const organisation_context& in,
                             const std::vector<storage::stored_file>& files) {
  if (files.empty() || !files.front().primary)
    return permanent(dph_errc::invalid_document, "the message has no main document");
  if (files.front().content.size > dph::longest_main_document)
    return permanent(dph_errc::invalid_document, "the main document is too large");
  KP_TRY(const auto source, open_file(in, files.front()));
  KP_TRY(const auto xml, read_all(*source, dph::longest_main_document));
  return dph::check_main_document(xml);
}

std::shared_ptr<fetched> unusable(error why) {
  return not_fetched(fetch_verdict::unusable, std::move(why));
}

// What is wrong with the bytes that came; everything else is this hub's own trouble.
bool is_of_message(const error& why) {
  return why.code.category() == dph::dph_errc_category() || is_of_content(why);
}

}  // namespace

result<dph_parcel> make_dph_parcel(const sending& what, time_point now) {
  dph_parcel parcel;
  KP_TRY(parcel.document, sbd::parse(what.message ? what.message->sbd : what.item.sbd, now));
  const auto sender = dph::parse_her_id(first_value(parcel.document.header.sender));
  if (!sender)
    return permanent(dph_errc::invalid_document, "the sender of a health message is no HER-id");
  parcel.sender = *sender;
  parcel.receiver = first_value(parcel.document.header.receiver);
  parcel.is_receipt = sbd::canonical_type(parcel.document.type()) == dph::receipt_type;
  if (!what.message || parcel.is_receipt) return parcel;
  parcel.files = what.message->files;
  std::ranges::sort(parcel.files, [](const auto& a, const auto& b) {
    if (a.primary != b.primary) return a.primary;
    return a.number < b.number;
  });
  return parcel;
}

result<void> check_dph_receipt(const organisation_context& in, const dph_parcel& parcel) {
  KP_TRY(const auto receipt, dph::parse_receipt(parcel.document));
  const storage::health_references all(in.hub->store, in.id());
  KP_TRY(const auto known, all.find(receipt.about));
  if (known && known->receiver == dph::her_id(parcel.sender)) return {};
  return permanent(dph_errc::foreign_reference,
                   fmt::format("relatedToMessageId \"{}\" is no message that came to {}; it is the "
                               "externalSystemReference of the conversation that is answered",
                               receipt.about, dph::her_id(parcel.sender)));
}

result<dph_sealed> seal_dph_parcel(const organisation_context& in, const dph_parcel& parcel,
                                   const crypto::keystore& signer,
                                   const crypto::certificate& adapter) {
  dph_sealed made;
  if (!parcel.is_receipt) {
    KP_CHECK(check_main_file(in, parcel.files));
    std::vector<asic::file> files;
    for (const auto& file : parcel.files)
      files.push_back({file.filename, file.mime_type,
                       [&in, &file]() -> opened { return open_file(in, file); },
                       file.content.size});
    KP_TRY(made.package,
           dph::pack(std::move(files), signer, adapter, in.hub->spools, in.hub->random.uuid()));
  }
  const auto text = boost::json::serialize(sbd::to_json(parcel.document));
  KP_TRY(made.message, dph::seal(text, signer, adapter));
  return made;
}

std::shared_ptr<fetched> open_dph_message(const organisation_context& in, const waiting& which,
                                          const dph::message_parts& parts,
                                          std::span<const crypto::keystore> keys,
                                          const dph::signer_check& trusts) {
  if (keys.empty())
    return not_fetched(fetch_verdict::failed,
                       permanent(dph_errc::unreadable, "there is no key to open messages with"));
  const auto text = dph::open(parts.message, keys.front(), trusts);
  if (!text) return unusable(text.error());
  const auto now = in.hub->time.now();
  auto document = sbd::parse(*text, now);
  if (!document) return unusable(document.error());
  if (auto whole = dph::complete(*document, now, default_ttl(*in.settings, service::dph)); !whole)
    return unusable(whole.error());
  if (first_value(document->header.receiver) != which.reference.value_or(""))
    return unusable(permanent(dph_errc::invalid_document,
                              "the message is addressed to another HER-id than it was listed for"));
  const auto type = sbd::canonical_type(document->type());
  if (type != dph::message_type && type != dph::receipt_type)
    return not_fetched(fetch_verdict::discard,
                       permanent(dph_errc::refused_content,
                                 fmt::format("messages of type \"{}\" are not known", type)));
  auto answer = std::make_shared<fetched>();
  answer->verdict = fetch_verdict::arrived;
  auto& what = answer->what;
  if (type == dph::receipt_type) {
    if (const auto receipt = dph::parse_receipt(*document); !receipt)
      return unusable(receipt.error());
  } else {
    if (!parts.package)
      return unusable(permanent(dph_errc::invalid_document, "the message has no document package"));
    const auto kept = keep_readable_content(
        in, {service::dph, which.id},
        [&]() -> opened { return std::make_unique<sequential_source>(parts.package); }, keys, what);
    if (!kept)
      return not_fetched(
          is_of_message(kept.error()) ? fetch_verdict::unusable : fetch_verdict::failed,
          kept.error());
  }
  what.sender = which.sender;
  what.sbd = sbd::to_text(*document);
  what.document = std::make_shared<const sbd::document>(*std::move(document));
  return answer;
}

progress dph_progress(const storage::tracked& of,
                      const std::vector<dph::transport_status>& statuses, time_point now) {
  using storage::status_name;
  progress out{of.message};
  for (const auto& each : statuses) {
    switch (each.transport) {
      case dph::transport_state::unconfirmed:
        break;
      case dph::transport_state::acknowledged:
        out.statuses.push_back({status_name::mottatt, std::string(transport_done), {}, now});
        // Nobody answers a receipt.
        out.ended = of.memo.ends_with(dph::receipt_type);
        break;
      case dph::transport_state::rejected:
        out.statuses.push_back({status_name::feil, std::string(rejected_in_transport), {}, now});
        out.ended = true;
        break;
    }
    const bool rejected = each.receipt && *each.receipt != dph::receipt_state::ok;
    if (rejected && now - of.sent >= wait_for_receipt) {
      out.statuses.push_back({status_name::feil, std::string(health_rejected), {}, now});
      out.ended = true;
    }
  }
  return out;
}

}  // namespace kp::actors
