#include "tools/simulation/broker.hpp"

#include "protocol/http/http_error.hpp"
#include "protocol/sbd/document.hpp"
#include "storage/status_rules.hpp"
#include "tools/simulation/marks.hpp"
#include "tools/simulation/town.hpp"

#include <algorithm>

namespace kp::simulation {

namespace {

using namespace std::chrono_literals;

error outage() {
  return transient(http::http_errc::unavailable, "HTTP 503");
}
error refusal() {
  return permanent(http::http_errc::refused, "HTTP 400: BRO-00028");
}
error rate_limit(dice& d) {
  auto e = transient(http::http_errc::rate_limited, "HTTP 429");
  e.retry_after = std::chrono::seconds(1 + static_cast<std::int64_t>(d.below(60)));
  return e;
}

}  // namespace

std::string packed(const std::map<std::string, std::string>& files) {
  std::string all;
  for (const auto& [name, bytes] : files)
    all += fmt::format("{} {}\n{}\n", name, bytes.size(), bytes);
  return all;
}

struct nothing {};

// What an adapter of the hub talks to. Answers come later, and not at all to a hub that has died.
class broker::transport_impl final : public actors::dpo_transport {
 public:
  transport_impl(broker& at, client_of_broker whose) : at_(at), whose_(std::move(whose)) {}

  void send_parcel(actors::dpo_parcel parcel, done<result<std::string>> then) override;
  void search(user, altinn::recipient_status, done<result<std::vector<std::string>>> then) override;
  void overview(user, std::string id, done<result<altinn::overview>> then) override;
  void download(user, std::string id, done<std::shared_ptr<actors::fetched>> then) override;
  void confirm_download(user, std::string id, done<result<void>> then) override;

 private:
  broker& at_;
  client_of_broker whose_;
};

broker::broker(stage& on, disk& kept, model& all) : stage_(on), disk_(kept), model_(all) {}

std::shared_ptr<actors::dpo_transport> broker::transport(client_of_broker whose) {
  return std::make_shared<transport_impl>(*this, std::move(whose));
}

std::vector<std::string> broker::unconfirmed() const {
  std::vector<std::string> all;
  for (const auto& [id, f] : files_)
    if (f.now != file::state::confirmed)
      all.push_back(fmt::format("{} ({} {} for {})", id, f.type, f.message, f.receiver));
  return all;
}

broker::fate broker::draw(bool may_be_refused) {
  const auto& t = stage_.trouble;
  auto roll = stage_.chance.below(100);
  const auto falls = [&](unsigned percent) {
    if (roll < percent) return true;
    roll -= percent;
    return false;
  };
  if (falls(t.lost)) return fate::lost;
  if (falls(t.answer_lost)) return fate::answer_lost;
  if (falls(t.limited)) return fate::limited;
  if (falls(t.refused)) return may_be_refused ? fate::refused : fate::lost;
  return fate::done;
}

std::chrono::microseconds broker::delay() {
  if (stage_.chance.chance(stage_.trouble.slow)) return stage_.chance.between(1s, 60s);
  return stage_.chance.between(1ms, 300ms);
}

template <class T>
void broker::perform(const client_of_broker& whose, std::string what, bool may_be_refused,
                     std::function<result<T>()> act, std::function<void(result<T>)> tell) {
  if (whose.alive.expired()) return;  // the last words of a dying hub
  const auto becomes = draw(may_be_refused);
  stage_.after(delay(), [this, becomes, whose, what = std::move(what), act = std::move(act),
                         tell = std::move(tell)] {
    result<T> outcome = outage();
    if (becomes == fate::done || becomes == fate::answer_lost) outcome = act();
    if (becomes == fate::answer_lost) outcome = outage();
    if (becomes == fate::limited) outcome = rate_limit(stage_.chance);
    if (becomes == fate::refused) outcome = refusal();
    stage_.after(delay(), [this, alive = whose.alive, by = whose.organisation, what, tell,
                           outcome = std::move(outcome)] {
      if (alive.expired()) return;
      stage_.say("broker answers {} of {}: {}", what, by,
                 outcome ? "done" : outcome.error().message);
      tell(outcome);
    });
  });
}

broker::file* broker::visible(const maskinporten::system_user& as, const std::string& id) {
  const auto found = files_.find(id);
  if (found == files_.end()) {
    stage_.finding("{} asks for file transfer {}, which there is not", as.organisation, id);
    return nullptr;
  }
  if (found->second.receiver == as.organisation) return &found->second;
  stage_.finding("{} asks for file transfer {}, which is for {}", as.organisation, id,
                 found->second.receiver);
  return nullptr;
}

// What the service has already taken, and the hub knows it, is not to be given again.
void broker::check_send(const client_of_broker& by, const letter& l) {
  if (!l.send_tried) stage_.finding("{} is sent, and no client has asked for that", l.id);
  if (l.removed) stage_.finding("{} is sent after its removal was acknowledged", l.id);
  const storage::conversations all(*disk_.store, id_of(l.from));
  const auto c = all.find(direction::outgoing, *message_id::parse(l.id)).value();
  using storage::status_name;
  for (const auto name :
       {status_name::sendt, status_name::mottatt, status_name::levert, status_name::lest})
    if (c && (c->statuses & storage::status_bit(name)) != 0)
      stage_.finding("{} is sent again after it was {}", l.id, storage::to_string(name));
  if (l.told == std::pair(by.life, by.adapter()) && !by.store->fails())
    stage_.finding("{} is sent again by an adapter that knows that it has been", l.id);
}

void broker::accept(const actors::dpo_parcel& what, const std::string& type,
                    const std::string& content) {
  const auto copies = stage_.chance.chance(stage_.trouble.doubled) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    file f;
    f.id = fmt::format("transfer-{:04}", ++made_);
    f.sender = what.sender;
    f.receiver = what.receiver;
    f.reference = what.reference;
    f.sbd = what.sbd;
    f.message = what.message;
    f.type = type;
    f.content = content;
    f.created = stage_.now();
    stage_.say("broker takes {}: {} {} from {} to {}", f.id, type, f.message, f.sender, f.receiver);
    files_.emplace(f.id, std::move(f));
  }
}

// Confirmed is forgotten by everybody else: the receiver must have it.
void broker::check_confirm(std::size_t organisation, const file& f) {
  if (f.type == "status") return;
  const storage::conversations all(*disk_.store, id_of(organisation));
  if (!all.find(direction::incoming, *message_id::parse(f.message)).value())
    stage_.finding("{} is confirmed, and {} is not stored", f.id, f.message);
}

void broker::transport_impl::send_parcel(actors::dpo_parcel parcel,
                                         done<result<std::string>> then) {
  if (whose_.alive.expired()) return;
  const auto document = sbd::parse(parcel.sbd, at_.stage_.now());
  const auto type = document ? document->type() : "unreadable";
  const bool status = type == "status";
  auto* l = at_.model_.find(parcel.message);
  if (!l) return at_.stage_.finding("{} is sent, and nobody wrote it", parcel.message);
  if (const auto mark = foreign_mark(parcel.sbd, whose_.organisation))
    at_.stage_.finding("{} of {} is sent with mark {}", type, parcel.message, *mark);
  if (!status) at_.check_send(whose_, *l);
  std::map<std::string, std::string> files;
  for (const auto& f : parcel.files) {
    const auto kept = at_.disk_.files.find(f.content.id);
    if (kept == at_.disk_.files.end())
      at_.stage_.finding("file {} of {} is sent, and its content is gone", f.filename, l->id);
    else
      files.emplace(f.filename, kept->second);
  }
  if (!status && files != l->files) at_.stage_.finding("{} is sent with other files", l->id);
  std::function<result<std::string>()> act = [at = &at_, parcel, type, status,
                                              content = files.empty() ? "" : packed(files)] {
    at->accept(parcel, type, content);
    if (!status) ++at->model_.find(parcel.message)->accepted;
    return result<std::string>(fmt::format("transfer-{:04}", at->made_));
  };
  std::function<void(result<std::string>)> tell =
      [at = &at_, by = std::pair(whose_.life, whose_.adapter()), status, message = parcel.message,
       then = std::move(then)](const result<std::string>& outcome) {
        auto& about = *at->model_.find(message);
        if (!outcome && !outcome.error().retryable)
          (status ? about.status_refused : about.refused) = true;
        if (outcome && !status) about.told = by;
        then(outcome);
      };
  at_.perform<std::string>(whose_, "send " + parcel.message, true, std::move(act), std::move(tell));
}

void broker::transport_impl::search(user as, altinn::recipient_status status,
                                    done<result<std::vector<std::string>>> then) {
  const auto wanted = status == altinn::recipient_status::initialized ? file::state::initialized
                                                                      : file::state::started;
  std::function<result<std::vector<std::string>>()> act = [at = &at_, as, wanted] {
    std::vector<std::string> ids;
    for (auto each = at->files_.rbegin(); each != at->files_.rend() && ids.size() < 100; ++each) {
      const auto& f = each->second;
      if (f.now != wanted || f.receiver != as.organisation) continue;
      // Found a little later than it was sent, and in any order.
      if (at->stage_.chance.chance(at->stage_.trouble.lost)) continue;
      ids.insert(ids.begin() + static_cast<std::ptrdiff_t>(at->stage_.chance.below(ids.size() + 1)),
                 f.id);
    }
    return result<std::vector<std::string>>(std::move(ids));
  };
  at_.perform<std::vector<std::string>>(whose_, "search", false, std::move(act), std::move(then));
}

void broker::transport_impl::overview(user as, std::string id,
                                      done<result<altinn::overview>> then) {
  std::function<result<altinn::overview>()> act = [at = &at_, as,
                                                   id]() -> result<altinn::overview> {
    const auto* f = at->visible(as, id);
    if (!f) return refusal();
    altinn::overview what;
    what.id = id;
    what.senders_reference = f->reference;
    what.sender = f->sender;
    what.created = f->created;
    return what;
  };
  at_.perform<altinn::overview>(whose_, "overview " + id, false, std::move(act), std::move(then));
}

void broker::transport_impl::download(user as, std::string id,
                                      done<std::shared_ptr<actors::fetched>> then) {
  std::function<result<std::string>()> act = [at = &at_, as, id]() -> result<std::string> {
    auto* f = at->visible(as, id);
    if (!f) return refusal();
    if (f->now == file::state::initialized) f->now = file::state::started;
    return id;
  };
  std::function<void(result<std::string>)> tell = [at = &at_, whose = whose_, id,
                                                   then](const result<std::string>& outcome) {
    auto what = std::make_shared<actors::fetched>();
    if (!outcome) {
      what->failure = outcome.error();
      return then(std::move(what));
    }
    const auto& f = at->files_.at(id);
    auto document = sbd::parse(f.sbd, at->stage_.now());
    what->verdict = actors::fetch_verdict::arrived;
    what->what.document = std::make_shared<sbd::document>(*std::move(document));
    what->what.sbd = f.sbd;
    if (!f.content.empty()) {
      what->what.state = storage::content_state::readable;
      what->what.blob_record = std::make_shared<storage::batch>();
      what->what.content =
          whose.blobs->add(*what->what.blob_record, id_of(whose.organisation), f.content);
    }
    then(std::move(what));
  };
  at_.perform<std::string>(whose_, "fetch " + id, false, std::move(act), std::move(tell));
}

void broker::transport_impl::confirm_download(user as, std::string id, done<result<void>> then) {
  std::function<result<nothing>()> act = [at = &at_, as, id,
                                          by = whose_.organisation]() -> result<nothing> {
    auto* f = at->visible(as, id);
    if (!f) return refusal();
    at->check_confirm(by, *f);
    f->now = file::state::confirmed;
    return nothing{};
  };
  std::function<void(result<nothing>)> tell = [then = std::move(then)](const auto& outcome) {
    then(outcome ? result<void>() : result<void>(outcome.error()));
  };
  at_.perform<nothing>(whose_, "confirm " + id, false, std::move(act), std::move(tell));
}

}  // namespace kp::simulation
