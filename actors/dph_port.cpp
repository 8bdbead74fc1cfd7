#include "actors/dph_port.hpp"

#include "actors/arrived_content.hpp"
#include "actors/dph_clients.hpp"
#include "actors/dph_message.hpp"
#include "actors/network_call.hpp"
#include "actors/vital_signs.hpp"
#include "config/crash_point.hpp"
#include "config/log.hpp"
#include "protocol/http/http_error.hpp"
#include "tenants/health_addresses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace kp::actors {

namespace {

using http::http_errc;

// A message whose answer was lost may have arrived, and the adapter cannot tell: its receipt, which
// is asked for meanwhile, can (dph.md 4.1).
constexpr std::chrono::minutes wait_for_proof{5};
constexpr std::size_t most_refusals = 1000;  // remembered until they are told
constexpr std::string_view receipt_mark = "receipt ";

// What the operations of one port share, on the network thread; alive until the last has ended.
struct line {
  line(std::shared_ptr<organisation_context> context, std::shared_ptr<upstream> clients)
      : to(std::move(context), std::move(clients)) {}

  dph_clients to;
  std::map<std::string, dph::api_error> refused;   // by id at NHN: what its sender is told of it
  std::set<std::string> told;                      // those of them
  std::map<std::int64_t, std::uint32_t> failures;  // in a row, of asking for a HER-id

  const organisation_context& in() const { return *to.context(); }
};
using line_ptr = std::shared_ptr<line>;

void say(const line& on, log_level level, std::string_view what, std::string_view transfer,
         std::string_view detail) {
  log(level, what,
      {{"organisation", on.in().id().to_string()},
       {"service", "DPH"},
       {"transfer", transfer},
       {"detail", detail}});
}

bool may_have_arrived(const error& why) {
  return why.code == make_error_code(http_errc::timeout) ||
         why.code == make_error_code(http_errc::cut);
}

// ---- sending

http::awaitable<result<dph::outgoing>> seal_now(line_ptr on,
                                                std::shared_ptr<const dph_parcel> parcel) {
  dph::outgoing out;
  KP_CO_TRY(out.owner, co_await on->to.owner(parcel->sender));
  KP_CO_TRY(const auto adapter, co_await on->to.adapter_certificate());
  auto work = [on, parcel, adapter]() -> result<dph_sealed> {
    if (parcel->is_receipt) KP_CHECK(check_dph_receipt(on->in(), *parcel));
    return seal_dph_parcel(on->in(), *parcel, on->to.keys(), adapter);
  };
  KP_CO_TRY(auto sealed, co_await http::on_workers(on->to.hub().workers, std::move(work)));
  out.message = std::move(sealed.message);
  out.package = std::move(sealed.package);
  out.boundary = "kp-" + on->to.hub().random.uuid();
  co_return out;
}

http::awaitable<result<sent_item>> send_now(line_ptr on, std::shared_ptr<dph_parcel> parcel) {
  KP_CO_CHECK(co_await on->to.ready());
  if (!dph::parse_her_id(parcel->receiver)) {  // the general practitioner of a person
    KP_CO_TRY(const auto party, co_await on->to.party(parcel->receiver));
    parcel->document.header.receiver.front().value = dph::her_id(party.her_id);
  }
  auto sealed = co_await seal_now(on, parcel);
  if (!sealed) co_return sealed.error();
  auto sent = co_await on->to.adapter().send(*std::move(sealed));
  if (!sent) {
    auto why = sent.error();
    if (may_have_arrived(why) && !parcel->is_receipt)
      why.retry_after = std::max<std::chrono::seconds>(
          why.retry_after.value_or(std::chrono::seconds(0)), wait_for_proof);
    co_return why;
  }
  crash_point("sent-before-commit");
  sent_item out;
  out.memo = fmt::format("{} {}", dph::her_id(parcel->sender), parcel->document.type());
  out.is_reference = true;
  if (*sent) {
    out.external_id = **sent;
    out.follow = true;
  } else {
    say(*on, log_level::warning,
        "the NHN adapter accepted a message without a reference; its receipt alone will tell how "
        "it fares",
        "", "");
  }
  co_return out;
}

// ---- how messages fare

http::awaitable<result<progress>> ask_now(line_ptr on, storage::tracked which) {
  const auto own = dph::parse_her_id(which.memo.substr(0, which.memo.find(' ')));
  if (!own || which.external_id.empty())
    co_return permanent(dph::dph_errc::invalid_document, "there is nothing to ask for it by");
  KP_CO_TRY(auto owner, co_await on->to.owner(*own));
  auto reference = which.external_id;
  auto said = co_await on->to.adapter().statuses(std::move(owner), std::move(reference));
  if (!said) co_return said.error();
  co_return dph_progress(which, *said, on->to.hub().time.now());
}

http::awaitable<result<std::vector<progress>>> follow_now(line_ptr on,
                                                          std::vector<storage::tracked> which) {
  KP_CO_CHECK(co_await on->to.ready());
  std::vector<progress> out;
  for (const auto& each : which) {
    auto said = co_await ask_now(on, each);
    progress its{each.message};
    if (said)
      its = *std::move(said);
    else
      its.failure = said.error();
    out.push_back(std::move(its));
  }
  co_return out;
}

// ---- receiving

http::awaitable<result<std::vector<waiting>>> list_one(line_ptr on, tenants::own_her_id which) {
  KP_CO_TRY(auto owner, co_await on->to.owner(which.number));
  KP_CO_TRY(const auto found, co_await on->to.adapter().list(std::move(owner), which.number));
  std::vector<waiting> all;
  for (const auto& each : found) {
    if (each.receiver != which.number || (!each.is_receipt && !which.receives)) continue;
    waiting one{each.id, dph::her_id(each.receiver), dph::her_id(each.sender), each.document};
    if (each.is_receipt) one.memo = std::string(receipt_mark) + each.document;
    all.push_back(std::move(one));
  }
  co_return all;
}

// Asking for a HER-id takes its owner from the registry, a token of the owner and a list: all that
// it needs (dph.md 7.5). Health shows each; a log tells the first success, and failures in a row
// ever more seldom.
void note_outcome(line& on, std::int64_t number, const result<std::vector<waiting>>& said) {
  auto& signs = *on.in().hub->signs;
  const auto at = on.in().hub->time.now();
  const auto which = dph::her_id(number);
  const auto known = on.failures.find(number);
  const bool is_news = known == on.failures.end() || known->second > 0;
  auto& failures = on.failures[number];
  if (said) {
    if (is_news) say(on, log_level::info, "a HER-id can be asked for arrivals", which, "");
    failures = 0;
    signs.her_id_asked(on.in().id(), which, at);
    return;
  }
  signs.her_id_failed(on.in().id(), which, at, said.error().message);
  if (++failures; (failures & (failures - 1)) == 0)
    say(on, log_level::warning, "a HER-id cannot be asked for arrivals", which,
        said.error().message);
}

// A HER-id that cannot be asked for holds up no other.
http::awaitable<result<std::vector<waiting>>> list_now(line_ptr on) {
  KP_CO_CHECK(co_await on->to.ready());
  std::vector<waiting> all;
  std::optional<error> failure;
  bool asked = false;
  const auto own = tenants::own_her_ids(*on->in().settings);
  for (const auto& each : own) {
    auto found = co_await list_one(on, each);
    note_outcome(*on, each.number, found);
    if (found) {
      asked = true;
      all.insert(all.end(), found->begin(), found->end());
    } else {
      failure = found.error();
    }
  }
  if (failure && !asked) co_return *failure;
  co_return all;
}

std::shared_ptr<fetched> judge_refusal(const line_ptr& on, const waiting& which,
                                       const dph::received& got) {
  const auto& why = *got.refusal;
  auto failure =
      permanent(dph::dph_errc::refused_content, fmt::format("{}: {}", why.code, why.text));
  // Another reader has taken it.
  if (got.gone) return not_fetched(fetch_verdict::discard, std::move(failure));
  // Nobody answers a receipt: one that the adapter cannot read stays (dph.md 12 D2, D6).
  const bool is_receipt = which.memo.starts_with(receipt_mark);
  if (is_receipt || !dph::is_about_content(why.code))
    return not_fetched(fetch_verdict::unusable, std::move(failure));
  if (on->refused.size() < most_refusals) on->refused[which.id] = why;
  return not_fetched(fetch_verdict::discard, std::move(failure));
}

http::awaitable<result<std::shared_ptr<fetched>>> fetch_now(line_ptr on, waiting which) {
  KP_CO_CHECK(co_await on->to.ready());
  const auto own = dph::parse_her_id(which.reference.value_or(""));
  if (!own) co_return permanent(dph::dph_errc::invalid_document, "an arrival without a HER-id");
  KP_CO_TRY(auto owner, co_await on->to.owner(*own));
  KP_CO_TRY(const auto adapter, co_await on->to.adapter_certificate());
  auto ask = [on, adapter, id = which.id] {
    return dph::seal(dph::document_request(id), on->to.keys(), adapter);
  };
  KP_CO_TRY(auto request, co_await http::on_workers(on->to.hub().workers, std::move(ask)));
  KP_CO_TRY(const auto got,
            co_await on->to.adapter().receive(std::move(owner), std::move(request)));
  if (got.refusal) co_return judge_refusal(on, which, got);
  auto open = [on, which, adapter,
               parts = *got.parts](signer_judge& judge) -> std::shared_ptr<fetched> {
    const auto trusts = make_signer_check(adapter, judge);
    if (!trusts) return not_fetched(fetch_verdict::failed, trusts.error());
    return open_dph_message(on->in(), which, parts, on->to.decryption_keys(), *trusts);
  };
  auto opened = co_await with_signer_judge(on->to.hub(), std::move(open));
  const bool unknown_type = opened->verdict == fetch_verdict::discard;
  if (unknown_type && on->refused.size() < most_refusals) {
    dph::api_error why;
    why.code = "T10";
    why.text = opened->failure.message;
    on->refused[which.id] = std::move(why);
  }
  co_return opened;
}

// Tells the sender that a message is refused, once (dph.md 12 D4, D5).
http::awaitable<result<void>> refuse_now(line_ptr on, waiting which) {
  const auto found = on->refused.find(which.id);
  if (found == on->refused.end() || on->told.contains(which.id)) co_return result<void>{};
  dph::receipt bad;
  bad.about = which.id;
  bad.state = dph::receipt_state::rejected;
  bad.remarks.push_back({found->second.code, found->second.text});
  auto& random = on->to.hub().random;
  dph::receipt_header header;
  header.message = random.uuid();
  header.conversation = kp::detail::is_uuid(which.memo) ? which.memo : header.message;
  header.sender = which.reference.value_or("");
  header.receiver = which.sender;
  header.now = on->to.hub().time.now();
  auto made = dph::make_receipt(header, bad);
  if (!made) co_return made.error();
  const auto own = dph::parse_her_id(header.sender);
  if (!own) co_return permanent(dph::dph_errc::invalid_document, "an arrival without a HER-id");
  dph::outgoing out;
  KP_CO_TRY(out.owner, co_await on->to.owner(*own));
  KP_CO_TRY(const auto adapter, co_await on->to.adapter_certificate());
  auto work = [on, adapter, document = *std::move(made)]() -> result<std::string> {
    dph_parcel parcel;
    parcel.document = document;
    parcel.is_receipt = true;
    KP_TRY(auto sealed, seal_dph_parcel(on->in(), parcel, on->to.keys(), adapter));
    return std::move(sealed.message);
  };
  KP_CO_TRY(out.message, co_await http::on_workers(on->to.hub().workers, std::move(work)));
  out.boundary = "kp-" + random.uuid();
  const auto sent = co_await on->to.adapter().send(std::move(out));
  if (!sent) co_return with_context(sent.error(), "the sender was not told of a refusal");
  on->told.insert(which.id);
  say(*on, log_level::warning, "a message was refused, and its sender told", which.id,
      fmt::format("{}: {}", bad.remarks.front().code, bad.remarks.front().text));
  co_return result<void>{};
}

http::awaitable<result<void>> confirm_now(line_ptr on, waiting which, taken how) {
  // What cannot be read stays at NHN: another version of the adapter, or another key, may open it.
  if (how == taken::unusable) co_return result<void>{};
  KP_CO_CHECK(co_await on->to.ready());
  if (how == taken::discarded) KP_CO_CHECK(co_await refuse_now(on, which));
  const auto own = dph::parse_her_id(which.reference.value_or(""));
  if (!own) co_return permanent(dph::dph_errc::invalid_document, "an arrival without a HER-id");
  KP_CO_TRY(auto owner, co_await on->to.owner(*own));
  auto id = which.id;
  auto read = co_await on->to.adapter().mark_read(std::move(owner), std::move(id), *own);
  if (read) {
    on->refused.erase(which.id);
    on->told.erase(which.id);
  }
  co_return read;
}

class dph_port final : public service_port {
 public:
  dph_port(std::shared_ptr<organisation_context> context, std::shared_ptr<upstream> clients)
      : on_(std::make_shared<line>(std::move(context), std::move(clients))) {
    const auto& settings = *on_->in().settings;
    rules_.follows = true;
    rules_.pace.shortest = settings.dph.poll_interval;
    rules_.pace.give_up_after = std::chrono::hours(30 * 24);
    rules_.receives = settings.dph.enabled && !tenants::own_her_ids(settings).empty();
    rules_.poll_interval = settings.dph.poll_interval;
    rules_.quiet_poll_interval = settings.dph.quiet_poll_interval;
  }

  service which() const override { return service::dph; }
  port_rules rules() const override { return rules_; }

  void send(sending what, done<result<sent_item>> then) override {
    auto parcel = make_dph_parcel(what, on_->to.hub().time.now());
    if (!parcel) return then(parcel.error());
    run_on_network(on_->to.hub(), send_now(on_, std::make_shared<dph_parcel>(*std::move(parcel))),
                   std::move(then));
  }
  void follow(std::vector<storage::tracked> which,
              done<result<std::vector<progress>>> then) override {
    run_on_network(on_->to.hub(), follow_now(on_, std::move(which)), std::move(then));
  }
  void list(done<result<std::vector<waiting>>> then) override {
    run_on_network(on_->to.hub(), list_now(on_), std::move(then));
  }
  void fetch(waiting which, done<std::shared_ptr<fetched>> then) override {
    done<result<std::shared_ptr<fetched>>> judge = [then = std::move(then)](auto what) {
      if (what && *what) return then(*std::move(what));
      then(not_fetched(
          fetch_verdict::failed,
          what ? transient(http_errc::bad_answer, "nothing was fetched") : what.error()));
    };
    run_on_network(on_->to.hub(), fetch_now(on_, std::move(which)), std::move(judge));
  }
  void confirm(waiting which, taken how, done<result<void>> then) override {
    run_on_network(on_->to.hub(), confirm_now(on_, std::move(which), how), std::move(then));
  }

 private:
  line_ptr on_;
  port_rules rules_;
};

}  // namespace

std::shared_ptr<service_port> make_dph_port(std::shared_ptr<organisation_context> context,
                                            std::shared_ptr<upstream> clients) {
  return std::make_shared<dph_port>(std::move(context), std::move(clients));
}

}  // namespace kp::actors
