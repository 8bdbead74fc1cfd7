#include "actors/dpo_content.hpp"

#include "actors/arrived_content.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "protocol/sbd/sbd_error.hpp"

#include <fmt/format.h>

namespace kp::actors {

namespace {

class opener {
 public:
  opener(const organisation_context& in, std::string_view transfer,
         std::span<const crypto::keystore> keys)
      : in_(in), transfer_(transfer), keys_(keys) {}

  std::shared_ptr<fetched> open(std::shared_ptr<const random_access_source> zip) {
    const auto package = dpo::package::open(std::move(zip));
    if (!package)
      return not_fetched(
          is_of_content(package.error()) ? fetch_verdict::unusable : fetch_verdict::failed,
          package.error());
    if (package->is_xml())
      return not_fetched(fetch_verdict::unusable,
                         permanent(sbd::sbd_errc::malformed_json,
                                   "the SBD is legacy XML, which this hub does not read"));
    auto document = sbd::parse(package->sbd(), in_.hub->time.now());
    if (!document) {
      const bool bad = document.error().code == make_error_code(sbd::sbd_errc::bad_structure);
      return not_fetched(bad ? fetch_verdict::discard : fetch_verdict::unusable, document.error());
    }
    if (auto wrong = check_ids(*document)) return wrong;

    auto answer = std::make_shared<fetched>();
    answer->verdict = fetch_verdict::arrived;
    answer->what.sbd = package->sbd();
    answer->what.document = std::make_shared<sbd::document>(*std::move(document));
    if (package->has_content())
      if (auto kept = keep_content(
              in_, {service::dpo, transfer_}, [&] { return package->encrypted_content(); }, keys_,
              answer->what);
          !kept)
        return not_fetched(
            is_of_content(kept.error()) ? fetch_verdict::unusable : fetch_verdict::failed,
            kept.error());
    return answer;
  }

 private:
  // Ids that are there but are no UUIDs end in a discarded message, missing ones do not.
  static std::shared_ptr<fetched> check_ids(const sbd::document& document) {
    const auto& message = document.header.identification.instance_identifier;
    const auto* scope = document.find_scope("ConversationId");
    if (!message || !scope || !scope->instance_identifier)
      return not_fetched(
          fetch_verdict::unusable,
          permanent(sbd::sbd_errc::malformed_json, "message id or conversation id is missing"));
    if (!message_id::parse(*message) || !conversation_id::parse(*scope->instance_identifier))
      return not_fetched(
          fetch_verdict::discard,
          permanent(sbd::sbd_errc::bad_structure,
                    fmt::format("message id \"{}\" or conversation id \"{}\" is no UUID", *message,
                                *scope->instance_identifier)));
    return nullptr;
  }

  const organisation_context& in_;
  std::string_view transfer_;
  std::span<const crypto::keystore> keys_;
};

}  // namespace

result<dpo::packed> pack_parcel(const organisation_context& in, const dpo_parcel& parcel,
                                const crypto::keystore& signer,
                                const std::optional<crypto::certificate>& recipient) {
  auto& hub = *in.hub;
  if (parcel.files.empty() || !recipient)
    return dpo::pack(parcel.sbd, std::nullopt, hub.spools, hub.random.uuid());
  const auto& main = parcel.files.front();
  dpo::content content{{parcel.receiver, parcel.sender, main.filename, main.mime_type},
                       {},
                       &signer,
                       *recipient,
                       in.settings->dpo.sha1_signatures ? crypto::digest_algorithm::sha1
                                                        : crypto::digest_algorithm::sha256};
  for (const auto& file : parcel.files)
    content.files.push_back(
        {file.filename, file.mime_type,
         [&hub, id = in.id(), ref = file.content]() -> result<std::unique_ptr<byte_source>> {
           KP_TRY(auto bytes, hub.blobs.open(id, ref));
           return std::make_unique<sequential_source>(std::move(bytes));
         },
         file.content.size});
  return dpo::pack(parcel.sbd, content, hub.spools, hub.random.uuid());
}

std::shared_ptr<fetched> open_arrival(const organisation_context& in, std::string_view transfer,
                                      std::shared_ptr<const random_access_source> zip,
                                      std::span<const crypto::keystore> keys) {
  return opener(in, transfer, keys).open(std::move(zip));
}

}  // namespace kp::actors
