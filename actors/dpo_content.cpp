#include "actors/dpo_content.hpp"

#include "config/log.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "protocol/sbd/sbd_error.hpp"

#include <fmt/format.h>

namespace kp::actors {

namespace {

// Passes bytes on up to a limit.
class bounded_sink final : public byte_sink {
 public:
  explicit bounded_sink(byte_sink& to) : to_(to) {}
  result<void> write(std::string_view bytes) override {
    written_ += bytes.size();
    if (written_ > max_content_bytes)
      return permanent(crypto::crypto_errc::too_large,
                       fmt::format("the content is larger than {} bytes", max_content_bytes));
    return to_.write(bytes);
  }

 private:
  byte_sink& to_;
  std::uint64_t written_ = 0;
};

// Whether the bytes that came are at fault; everything else (disk, keys) is this hub's own trouble.
bool is_of_content(const error& why) {
  return why.code.category() == crypto::crypto_errc_category();
}

// This hub's own trouble is tried again for as long as it lasts.
std::shared_ptr<fetched> no(fetch_verdict verdict, error why) {
  if (verdict == fetch_verdict::failed) why.retryable = true;
  auto answer = std::make_shared<fetched>();
  answer->verdict = verdict;
  answer->failure = std::move(why);
  return answer;
}

class opener {
 public:
  opener(const organisation_context& in, std::string_view transfer,
         std::span<const crypto::keystore> keys)
      : in_(in), transfer_(transfer), keys_(keys) {}

  std::shared_ptr<fetched> open(std::shared_ptr<const random_access_source> zip) {
    const auto package = dpo::package::open(std::move(zip));
    if (!package)
      return no(is_of_content(package.error()) ? fetch_verdict::unusable : fetch_verdict::failed,
                package.error());
    if (package->is_xml())
      return no(fetch_verdict::unusable,
                permanent(sbd::sbd_errc::malformed_json,
                          "the SBD is legacy XML, which this hub does not read"));
    auto document = sbd::parse(package->sbd(), in_.hub->time.now());
    if (!document) {
      const bool bad = document.error().code == make_error_code(sbd::sbd_errc::bad_structure);
      return no(bad ? fetch_verdict::discard : fetch_verdict::unusable, document.error());
    }
    if (auto wrong = check_ids(*document)) return wrong;

    auto answer = std::make_shared<fetched>();
    answer->verdict = fetch_verdict::arrived;
    answer->what.sbd = package->sbd();
    answer->what.document = std::make_shared<sbd::document>(*std::move(document));
    if (package->has_content())
      if (auto kept = keep_content(*package, answer->what); !kept)
        return no(is_of_content(kept.error()) ? fetch_verdict::unusable : fetch_verdict::failed,
                  kept.error());
    return answer;
  }

 private:
  // Ids that are there but are no UUIDs end in a discarded message, missing ones do not.
  static std::shared_ptr<fetched> check_ids(const sbd::document& document) {
    const auto& message = document.header.identification.instance_identifier;
    const auto* scope = document.find_scope("ConversationId");
    if (!message || !scope || !scope->instance_identifier)
      return no(fetch_verdict::unusable, permanent(sbd::sbd_errc::malformed_json,
                                                   "message id or conversation id is missing"));
    if (!message_id::parse(*message) || !conversation_id::parse(*scope->instance_identifier))
      return no(fetch_verdict::discard,
                permanent(sbd::sbd_errc::bad_structure,
                          fmt::format("message id \"{}\" or conversation id \"{}\" is no UUID",
                                      *message, *scope->instance_identifier)));
    return nullptr;
  }

  // Errors are of this hub: disk, keys of its own. Content that cannot be opened is none; it is
  // kept as it came.
  result<void> keep_content(const dpo::package& package, arrival& to) {
    KP_TRY(const auto plain, in_.hub->spools.make());
    if (const auto readable = decrypt(package, plain); !readable) {
      if (!is_of_content(readable.error())) return readable.error();
      to.state = storage::content_state::unreadable;
      to.content_problem = "The content cannot be opened: " + readable.error().message;
      warn("the content of an arrival cannot be opened, kept as it came", readable.error());
      KP_TRY(const auto arrived, package.encrypted_content());
      return store(*arrived, to);
    }
    const auto verified = asic::verify(plain);
    if (!verified) warn("the ASiC-E of an arrival does not verify", verified.error());
    to.state = storage::content_state::readable;
    sequential_source bytes(plain);
    return store(bytes, to);
  }

  // Into a spool first: nothing of a container is trusted before its last byte has been read.
  result<void> decrypt(const dpo::package& package, const std::shared_ptr<spool>& to) {
    KP_TRY(const auto cms, package.encrypted_content());
    KP_TRY(const auto plain, crypto::open_envelope(*cms, keys_));
    spool_sink sink(to);
    bounded_sink bounded(sink);
    const auto copied = copy(*plain, bounded);
    if (!copied) return copied.error();
    const auto container = zip::reader::open(to);
    if (!container) return container.error();
    return {};
  }

  result<void> store(byte_source& from, arrival& to) {
    KP_TRY(const auto blob, in_.hub->blobs.create(in_.id(), in_.hub->commit_from_worker));
    bounded_sink bounded(*blob);
    const auto copied = copy(from, bounded);
    if (!copied) return copied.error();
    to.blob_record = std::make_shared<storage::batch>();
    KP_TRY(to.content, blob->complete(*to.blob_record));
    return {};
  }

  void warn(std::string_view what, const error& why) const {
    log(log_level::warning, what,
        {{"organisation", in_.id().to_string()},
         {"service", "DPO"},
         {"transfer", transfer_},
         {"detail", why.message}});
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
