#include "actors/dpf_sending.hpp"

#include "actors/channel_arkivmelding.hpp"
#include "config/config_error.hpp"
#include "config/crash_point.hpp"
#include "config/log.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "protocol/dpf/translate.hpp"
#include "protocol/http/http_error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::actors {

namespace {

using storage::status_name;

// What becomes of a message: read by a worker, told by the registry, sent.
struct draft {
  sbd::document document;
  dpf::letter letter;
  std::vector<dpf::uploaded_file> files;
  std::vector<storage::stored_file> stored;
};

error worth_a_retry(error why) {
  why.retryable = true;
  return why;
}

result<std::string> read_whole(storage::blobs& blobs, organisation_id owner,
                               const storage::blob_ref& content) {
  KP_TRY(auto opened, blobs.open(owner, content));
  sequential_source source(std::move(opened));
  return read_all(source, arkivmelding::max_bytes);
}

// Blocks: for worker threads.
result<std::shared_ptr<draft>> read_message(const organisation_context& in,
                                            const storage::outgoing_message& message) {
  auto made = std::make_shared<draft>();
  KP_TRY(made->document, sbd::parse(message.sbd, in.hub->time.now()));
  const auto* xml = find_file(message.files, arkivmelding_filename);
  if (!xml) return permanent(config_errc::invalid_document, "the message has no arkivmelding.xml");
  const auto text = read_whole(in.hub->blobs, in.id(), xml->content);
  if (!text) return worth_a_retry(text.error());
  KP_TRY(made->letter.entry, arkivmelding::read_registry_entry(*text));
  made->stored = message.files;
  for (const auto& file : message.files) made->files.push_back({file.filename, file.mime_type});
  made->letter.document = &made->document;
  made->letter.files = made->files;
  const auto& rules = in.settings->dpf;
  made->letter.rules.digital_only = rules.digital_only;
  if (!rules.billing_code.empty()) made->letter.rules.billing_code = rules.billing_code;
  made->letter.rules.not_printed.insert(rules.not_printed.begin(), rules.not_printed.end());
  return made;
}

dpf::registered registered_as(const registry::answer& said) {
  dpf::registered out{said.organisation_name, {}};
  if (said.post_address)
    out.address = {said.post_address->street, said.post_address->postal_code,
                   said.post_address->postal_area, said.post_address->country};
  return out;
}

std::optional<int> security_level(const sbd::document& document) {
  const auto* level = document.business_message.if_contains("sikkerhetsnivaa");
  if (!level || !level->is_int64()) return std::nullopt;
  return static_cast<int>(level->get_int64());
}

// Asks about the receiver, with the certificate of SvarUt itself (dpf.md 3).
http::awaitable<result<crypto::certificate>> find_receiver_of(std::shared_ptr<dpf_clients> on,
                                                              std::shared_ptr<draft> made,
                                                              std::string receiver) {
  registry::lookup what;
  what.identifier = std::move(receiver);
  what.process = made->document.process();
  what.security_level = security_level(made->document);
  if (const auto conversation = made->document.conversation())
    what.conversation = conversation->to_string();
  auto answer = co_await on->registry().find(std::move(what));
  if (!answer) {
    // Only a receiver that does not exist stays so.
    if (answer.error().code == registry::registry_errc::not_found) co_return answer.error();
    co_return worth_a_retry(answer.error());
  }
  made->letter.receiver = registered_as(*answer);
  for (const auto& record : answer->records) {
    if (record.via != service::dpf || !record.pem_certificate) continue;
    auto found = crypto::certificate::from_pem(*record.pem_certificate);
    if (!found) co_return worth_a_retry(found.error());
    if (!found->valid_at(on->hub().time.now()))
      co_return transient(crypto::crypto_errc::bad_format,
                          "the certificate of SvarUt in the Service Registry is not valid now");
    co_return *std::move(found);
  }
  co_return permanent(registry::registry_errc::not_found,
                      "the Service Registry holds no DPF certificate for the receiver");
}

// Where answers go when the letter does not say.
http::awaitable<result<void>> find_sender_of(std::shared_ptr<dpf_clients> on,
                                             std::shared_ptr<draft> made, std::string sender) {
  registry::lookup what;
  what.identifier = sender;
  auto answer = co_await on->registry().find(std::move(what));
  if (answer) {
    made->letter.sender = registered_as(*answer);
    co_return result<void>{};
  }
  if (answer.error().code != registry::registry_errc::not_found)
    co_return worth_a_retry(answer.error());
  made->letter.sender.name =
      sender == on->in().id().to_string() ? on->in().settings->name : std::move(sender);
  co_return result<void>{};
}

// Blocks: for worker threads.
result<std::pair<dpf::packed, std::string>> pack(dpf_clients& on, const dpf::svarut& with,
                                                 const draft& made,
                                                 const crypto::certificate& svaruts_own) {
  KP_TRY(const auto letter, dpf::translate(made.letter));
  std::vector<dpf::open_document> documents;
  for (const auto index : letter.files)
    documents.emplace_back(
        [hub = &on.hub(), id = on.in().id(),
         ref = made.stored[index].content]() -> result<std::unique_ptr<byte_source>> {
          auto bytes = hub->blobs.open(id, ref);
          if (!bytes) return worth_a_retry(bytes.error());
          return std::make_unique<sequential_source>(*std::move(bytes));
        });
  if (made.letter.entry.dropped_extra > 0)
    log(log_level::warning, "extra metadata with structure is not sent with SvarUt",
        {{"organisation", on.in().id().to_string()},
         {"service", "DPF"},
         {"message_id", letter.what.external_reference}});
  KP_TRY(auto packed, with.pack(letter.what, documents, svaruts_own, on.hub().spools,
                                "knutepunkt-" + on.hub().random.uuid()));
  return std::pair(std::move(packed), letter.what.id);
}

sent_item accepted(std::string id, std::string sender) {
  sent_item out;
  out.external_id = std::move(id);
  out.memo = std::move(sender);
  out.follow = true;
  return out;
}

// KS answers for the delivery from now on (dpf.md 1).
sent_item with_status(sent_item out, time_point now) {
  out.statuses.push_back({status_name::levert, {}, {}, now});
  return out;
}

bool needs_sender_record(const draft& made) {
  const auto& parties = made.letter.entry.parties;
  const bool void_list = std::ranges::any_of(parties, [](const auto& p) { return !p.type; });
  const bool named =
      std::ranges::any_of(parties, [](const auto& p) { return p.type == "Avsender"; });
  return void_list || !named;
}

}  // namespace

http::awaitable<result<sent_item>> send_with_svarut(std::shared_ptr<dpf_clients> on, sending what) {
  if (!what.message) co_return sent_item{};
  const auto now = on->hub().time.now();
  if (sbd::is_receipt_type(sbd::canonical_type(what.message->type))) {
    sent_item dropped;
    dropped.statuses = {{status_name::levert, {}, {}, now}, {status_name::lest, {}, {}, now}};
    co_return dropped;
  }
  KP_CO_CHECK(co_await on->ready());
  const auto sender = what.message->sender_identifier;
  auto* svarut = on->sender(sender);
  if (!svarut)
    co_return permanent(config_errc::invalid_value,
                        fmt::format("SvarUt credentials not configured for orgnr {}", sender));
  const auto message = std::make_shared<const storage::outgoing_message>(*std::move(what.message));
  auto read = [on, message] { return read_message(on->in(), *message); };
  auto made = co_await http::on_workers(on->hub().workers, std::move(read));
  if (!made) co_return made.error();
  auto svaruts_own = co_await find_receiver_of(on, *made, message->receiver_identifier);
  if (!svaruts_own) co_return svaruts_own.error();
  if (needs_sender_record(**made)) KP_CO_CHECK(co_await find_sender_of(on, *made, sender));

  // An earlier attempt may have arrived though its answer did not, or the hub died before it was
  // written down (dpf.md 6.3, 7.3).
  const auto reference = message->message.to_string();
  auto earlier = co_await svarut->find(reference);
  if (!earlier) co_return worth_a_retry(earlier.error());
  if (!earlier->empty())
    co_return with_status(accepted(earlier->front(), sender), on->hub().time.now());

  auto packing = [on, svarut, draft = *made, certificate = *svaruts_own] {
    return pack(*on, *svarut, *draft, certificate);
  };
  auto packed = co_await http::on_workers(on->hub().workers, std::move(packing));
  if (!packed) co_return packed.error();
  auto sent = co_await svarut->send(std::move(packed->first), std::move(packed->second));
  if (!sent) {
    if (!dpf::may_have_been_accepted(sent.error()) && !dpf::is_duplicate(sent.error()))
      co_return sent.error();
    auto after_all = co_await svarut->find(reference);
    if (!after_all || after_all->empty()) co_return sent.error();
    sent = after_all->front();
  }
  crash_point("sent-before-commit");
  co_return with_status(accepted(*std::move(sent), sender), on->hub().time.now());
}

}  // namespace kp::actors
