#include "actors/dpo_adapter.hpp"
#include "actors/dpo_content.hpp"
#include "actors/dpo_outgoing.hpp"
#include "actors/network_call.hpp"
#include "config/crash_point.hpp"
#include "config/log.hpp"
#include "config/text.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "protocol/http/http_error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::actors {

namespace {

// What one operation needs, alive until it has ended.
struct line {
  std::shared_ptr<organisation_context> context;
  std::shared_ptr<upstream> clients;

  hub_context& hub() const { return *context->hub; }
  altinn::broker& broker(const maskinporten::system_user& as) const { return clients->broker(as); }
};

// A key store or token that cannot be had now is for an operator to cure: what waits for it is not
// given up.
error worth_a_retry(error why) {
  why.retryable = true;
  return why;
}

// Only what Broker itself refuses is final; a token that is refused is not the message's fault.
error judged(error why) {
  const bool by_broker = why.message.starts_with("Broker ");
  return by_broker ? why : worth_a_retry(std::move(why));
}

// A new attempt begins with a new transfer, so only the size of the file stays wrong (dpo.md 3.6).
error judged_upload(error why) {
  const bool too_large = why.message.find("BRO-00016") != std::string::npos;
  return too_large ? why : worth_a_retry(std::move(why));
}

http::awaitable<result<void>> ready(line on) {
  auto opened = co_await on.clients->ready();
  if (!opened) co_return worth_a_retry(opened.error());
  co_return result<void>{};
}

// The certificate that the receiver has published for DPO, as it is now (dpo.md 4.3).
http::awaitable<result<crypto::certificate>> receiver_certificate(line on, dpo_parcel parcel) {
  registry::lookup what;
  what.identifier = parcel.receiver_number;
  if (!parcel.process.empty()) what.process = parcel.process;
  what.conversation = parcel.conversation;
  auto answer = co_await on.clients->registry().find(std::move(what));
  if (!answer) {
    // Only a receiver that does not exist stays so.
    const auto& why = answer.error();
    if (why.code == make_error_code(registry::registry_errc::not_found)) co_return why;
    co_return worth_a_retry(why);
  }
  const registry::service_record* best = nullptr;
  for (const auto& record : answer->records) {
    if (record.via != service::dpo || !record.pem_certificate) continue;
    const bool exact = record.process == parcel.process &&
                       std::ranges::find(record.document_types, parcel.document_type) !=
                           record.document_types.end();
    if (!best || exact) best = &record;
    if (exact) break;
  }
  if (!best)
    co_return permanent(
        registry::registry_errc::not_found,
        fmt::format("the Service Registry holds no DPO certificate of {}", parcel.receiver_number));
  co_return crypto::certificate::from_pem(*best->pem_certificate);
}

http::awaitable<result<dpo::packed>> pack(line on, std::shared_ptr<const dpo_parcel> parcel) {
  std::optional<crypto::certificate> recipient;
  if (!parcel->files.empty()) {
    auto found = co_await receiver_certificate(on, *parcel);
    if (!found) co_return found.error();
    recipient = *std::move(found);
  }
  auto work = [on, parcel, recipient = std::move(recipient)] {
    return pack_parcel(*on.context, *parcel, on.clients->keys(), recipient);
  };
  co_return co_await http::on_workers(on.hub().workers, std::move(work));
}

bool may_have_been_accepted(const error& why) {
  return why.code == make_error_code(http::http_errc::timeout) ||
         why.code == make_error_code(http::http_errc::cut) ||
         why.code == make_error_code(http::http_errc::unavailable);
}

// Whether Broker has a file after all whose upload was not answered (dpo.md 4.4, 8.2). When it
// cannot say, the message is sent again: the receiver sees a repeat by its message id.
http::awaitable<bool> has_arrived(line on, std::shared_ptr<const dpo_parcel> parcel,
                                  std::string id) {
  const auto seen = co_await on.broker(parcel->as).overview(id);
  const bool arrived = seen && (seen->status == "UploadProcessing" || seen->status == "Published" ||
                                seen->status == "AllConfirmedDownloaded");
  log(log_level::warning,
      arrived ? "the answer to an upload was lost, but Broker has the file"
              : "the answer to an upload is lost; it is sent again and may arrive twice, which the "
                "receiver sees by its message id",
      {{"organisation", on.context->id().to_string()},
       {"service", "DPO"},
       {"message_id", parcel->message},
       {"conversation_id", parcel->conversation},
       {"transfer", id}});
  co_return arrived;
}

http::awaitable<result<std::string>> upload_parcel(line on,
                                                   std::shared_ptr<const dpo_parcel> parcel) {
  KP_CO_CHECK(co_await ready(on));
  auto packed = co_await pack(on, parcel);
  if (!packed) co_return packed.error();
  altinn::initialize_request request;
  request.resource_id = on.hub().settings.national.broker_resource;
  request.senders_reference = parcel->reference;
  request.sender = parcel->sender;
  request.recipient = parcel->receiver;
  request.checksum = packed->md5;
  auto id = co_await on.broker(parcel->as).initialize(request);
  if (!id) co_return judged(id.error());
  auto uploaded = co_await on.broker(parcel->as).upload(*id, packed->zip);
  if (!uploaded) {
    bool arrived = false;
    if (may_have_been_accepted(uploaded.error())) arrived = co_await has_arrived(on, parcel, *id);
    if (!arrived) co_return judged_upload(uploaded.error());
  }
  crash_point("sent-before-commit");
  co_return *std::move(id);
}

http::awaitable<result<std::vector<std::string>>> search_now(line on, maskinporten::system_user as,
                                                             altinn::recipient_status status) {
  KP_CO_CHECK(co_await ready(on));
  co_return co_await on.broker(as).search(on.hub().settings.national.broker_resource, status);
}

http::awaitable<result<altinn::overview>> overview_now(line on, maskinporten::system_user as,
                                                       std::string id) {
  KP_CO_CHECK(co_await ready(on));
  auto seen = co_await on.broker(as).overview(std::move(id));
  if (!seen) co_return judged(seen.error());
  co_return seen;
}

http::awaitable<result<void>> confirm_now(line on, maskinporten::system_user as, std::string id) {
  KP_CO_CHECK(co_await ready(on));
  auto confirmed = co_await on.broker(as).confirm(std::move(id));
  if (!confirmed) co_return judged(confirmed.error());
  co_return confirmed;
}

http::awaitable<result<std::shared_ptr<fetched>>> fetch_now(line on, maskinporten::system_user as,
                                                            std::string id) {
  KP_CO_CHECK(co_await ready(on));
  auto make = [on] { return on.hub().spools.make(); };
  auto spool = co_await http::on_workers(on.hub().workers, std::move(make));
  if (!spool) co_return worth_a_retry(spool.error());
  auto sink = std::make_shared<spool_sink>(*spool);
  auto downloaded = co_await on.broker(as).download(id, std::move(sink), max_package_bytes);
  if (!downloaded) co_return judged(downloaded.error());
  auto open = [on, id, zip = *spool] {
    return open_arrival(*on.context, id, zip, on.clients->decryption_keys());
  };
  co_return co_await http::on_workers(on.hub().workers, std::move(open));
}

class network_transport final : public dpo_transport {
 public:
  explicit network_transport(line on) : on_(std::move(on)) {}

  void send_parcel(dpo_parcel parcel, done<result<std::string>> then) override {
    run_on_network(on_.hub(),
                   upload_parcel(on_, std::make_shared<const dpo_parcel>(std::move(parcel))),
                   std::move(then));
  }
  void search(user as, altinn::recipient_status status,
              done<result<std::vector<std::string>>> then) override {
    run_on_network(on_.hub(), search_now(on_, std::move(as), status), std::move(then));
  }
  void overview(user as, std::string id, done<result<altinn::overview>> then) override {
    run_on_network(on_.hub(), overview_now(on_, std::move(as), std::move(id)), std::move(then));
  }
  void download(user as, std::string id, done<std::shared_ptr<fetched>> then) override {
    done<result<std::shared_ptr<fetched>>> judge = [then = std::move(then)](auto what) {
      if (what && *what) return then(*std::move(what));
      auto failed = std::make_shared<fetched>();
      failed->failure =
          what ? transient(http::http_errc::bad_answer, "nothing was fetched") : what.error();
      then(std::move(failed));
    };
    run_on_network(on_.hub(), fetch_now(on_, std::move(as), std::move(id)), std::move(judge));
  }
  void confirm_download(user as, std::string id, done<result<void>> then) override {
    run_on_network(on_.hub(), confirm_now(on_, std::move(as), std::move(id)), std::move(then));
  }

 private:
  line on_;
};

}  // namespace

void dpo_transport::send(sending what, done<result<sent_item>> then) {
  auto parcel = make_parcel(*what.context, what.item, what.message);
  if (!parcel) return then(parcel.error());
  send_parcel(*std::move(parcel), [then = std::move(then)](result<std::string> sent) {
    if (!sent) return then(sent.error());
    then(sent_item{*std::move(sent)});
  });
}

std::shared_ptr<dpo_transport> make_dpo_transport(std::shared_ptr<organisation_context> context,
                                                  std::shared_ptr<upstream> clients) {
  return std::make_shared<network_transport>(line{std::move(context), std::move(clients)});
}

}  // namespace kp::actors
