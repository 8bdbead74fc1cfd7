#include "actors/dpe_content.hpp"

#include "actors/arrived_content.hpp"
#include "protocol/dpe/dpe_error.hpp"
#include "protocol/sbd/sbd_error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::actors {

namespace {

result<std::string> first_value(const std::vector<sbd::partner>& of, std::string_view role) {
  if (of.empty())
    return permanent(sbd::sbd_errc::invalid_identifier, fmt::format("the SBD names no {}", role));
  return of.front().value;
}

bool is_of_payload(const error& why) {
  return why.code == make_error_code(dpe::dpe_errc::bad_payload) || is_of_content(why);
}

fetch_verdict verdict_of(const error& why) {
  return is_of_payload(why) ? fetch_verdict::unusable : fetch_verdict::failed;
}

}  // namespace

result<dpe_parcel> make_dpe_parcel(const sending& what, time_point now) {
  dpe_parcel parcel;
  parcel.sbd = what.message ? what.message->sbd : what.item.sbd;
  KP_TRY(parcel.document, sbd::parse(parcel.sbd, now));
  const auto& header = parcel.document.header;
  KP_TRY(parcel.sender, first_value(header.sender, "sender"));
  KP_TRY(parcel.receiver, first_value(header.receiver, "receiver"));
  KP_TRY(const auto receiver,
         sbd::parse_identifier(header.receiver.front().authority, parcel.receiver));
  parcel.receiver_number = receiver.primary;
  if (!what.message) return parcel;
  parcel.files = what.message->files;
  std::ranges::sort(parcel.files, [](const auto& a, const auto& b) {
    if (a.primary != b.primary) return a.primary;
    return a.number < b.number;
  });
  return parcel;
}

result<std::shared_ptr<spool>> pack_dpe_parcel(
    const organisation_context& in, const dpe_parcel& parcel, const crypto::keystore& signer,
    const std::optional<crypto::certificate>& recipient) {
  auto& hub = *in.hub;
  if (parcel.files.empty() || !recipient)
    return dpe::pack(parcel.sbd, std::nullopt, hub.spools, hub.random.uuid());
  const auto& main = parcel.files.front();
  dpe::content content{
      {parcel.receiver, parcel.sender, main.filename, main.mime_type}, {}, &signer, *recipient};
  for (const auto& file : parcel.files)
    content.files.push_back(
        {file.filename, file.mime_type,
         [&hub, id = in.id(), ref = file.content]() -> result<std::unique_ptr<byte_source>> {
           KP_TRY(auto bytes, hub.blobs.open(id, ref));
           return std::make_unique<sequential_source>(std::move(bytes));
         },
         file.content.size});
  return dpe::pack(parcel.sbd, content, hub.spools, hub.random.uuid());
}

bool is_no_message(const error& why) {
  return why.code == make_error_code(dpe::dpe_errc::bad_payload) ||
         why.code.category() == make_error_code(sbd::sbd_errc::malformed_json).category();
}

std::shared_ptr<fetched> open_dpe_payload(const organisation_context& in,
                                          std::string_view broker_id,
                                          std::shared_ptr<const random_access_source> body,
                                          std::span<const crypto::keystore> keys) {
  const auto payload = dpe::open(std::move(body));
  if (!payload) return not_fetched(verdict_of(payload.error()), payload.error());
  auto document = sbd::parse(payload->sbd, in.hub->time.now());
  if (!document) return not_fetched(fetch_verdict::unusable, document.error());
  if (!document->message() || !document->conversation())
    return not_fetched(fetch_verdict::unusable,
                       permanent(sbd::sbd_errc::malformed_json,
                                 "message id or conversation id is missing or no UUID"));
  auto answer = std::make_shared<fetched>();
  answer->verdict = fetch_verdict::arrived;
  answer->what.sbd = payload->sbd;
  answer->what.document = std::make_shared<sbd::document>(*std::move(document));
  if (!payload->cms) return answer;
  const auto kept = keep_content(
      in, {service::dpe, broker_id},
      [&]() -> result<std::unique_ptr<byte_source>> {
        return std::make_unique<string_source>(*payload->cms);
      },
      keys, answer->what);
  if (!kept) return not_fetched(verdict_of(kept.error()), kept.error());
  return answer;
}

}  // namespace kp::actors
