#include "actors/dpv_port.hpp"

#include "actors/dpv_progress.hpp"
#include "actors/network_call.hpp"
#include "config/config_error.hpp"
#include "config/crash_point.hpp"
#include "config/log.hpp"
#include "protocol/dpv/correspondence.hpp"
#include "protocol/dpv/form.hpp"
#include "protocol/http/form_data.hpp"
#include "protocol/sbd/sbd_error.hpp"

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include <algorithm>

namespace kp::actors {

namespace {

constexpr std::size_t asks_at_once = 8;  // of one batch

// What one operation needs, alive until it has ended.
struct line {
  std::shared_ptr<organisation_context> context;
  std::shared_ptr<upstream> clients;

  hub_context& hub() const { return *context->hub; }
  const tenants::organisation& settings() const { return *context->settings; }
};

// A message being made a letter.
struct draft {
  sending what;
  sbd::document document;
  std::string resource, sender_name;
};
struct parcel {
  std::string boundary;
  std::shared_ptr<const random_access_source> form;
  dpv_traces traces;
};

// What is in the way now is for an operator or for time to cure.
error worth_a_retry(error why) {
  why.retryable = true;
  return why;
}

http::awaitable<result<void>> ready(line on) {
  auto opened = co_await on.clients->ready();
  if (!opened) co_return worth_a_retry(opened.error());
  co_return result<void>{};
}

// Whom the organisation may send for is said by its file, because nobody asks later (dpv.md 7).
result<void> check_sender(const line& on, const sbd::document& document,
                          const std::string& sender) {
  if (sender == on.settings().id.to_string() || on.settings().dpv.represents.contains(sender))
    return {};
  return permanent(
      config_errc::invalid_value,
      fmt::format("{} may not send by DPV for {}; name it in services.dpv.represents (sender {})",
                  on.settings().id.to_string(), sender, document.header.sender.front().value));
}

// The Altinn resource of receiver and process, asked for once (4.1).
http::awaitable<result<std::string>> find_resource(line on, std::shared_ptr<const draft> letter) {
  const auto& document = letter->document;
  registry::lookup asked;
  if (letter->what.message) asked.identifier = letter->what.message->receiver_identifier;
  asked.process = document.process();
  if (const auto conversation = document.conversation())
    asked.conversation = conversation->to_string();
  auto answer = co_await on.clients->registry().find(std::move(asked));
  if (!answer) {
    const auto& why = answer.error();
    if (why.code == make_error_code(registry::registry_errc::not_found)) co_return why;
    co_return worth_a_retry(why);
  }
  const auto standard = document.header.identification.standard.value_or("");
  for (const auto& record : answer->records) {
    if (record.via != service::dpv ||
        std::ranges::find(record.document_types, standard) == record.document_types.end())
      continue;
    if (record.resource && !record.resource->empty()) co_return *record.resource;
    co_return transient(
        registry::registry_errc::bad_answer,
        fmt::format("Service Registry returned empty Altinn resource id for process {}",
                    document.process().value_or("")));
  }
  co_return permanent(registry::registry_errc::not_found,
                      fmt::format("the Service Registry has no DPV for this receiver, process {} "
                                  "and document type {}",
                                  document.process().value_or(""), standard));
}

result<std::optional<arkivmelding::summary>> read_arkivmelding(
    const line& on, const std::vector<storage::stored_file>& files) {
  const auto xml =
      std::ranges::find(files, dpv::arkivmelding_file, &storage::stored_file::filename);
  if (xml == files.end()) return std::optional<arkivmelding::summary>{};
  KP_TRY(auto stored, on.hub().blobs.open(on.context->id(), xml->content));
  sequential_source from(std::move(stored));
  KP_TRY(const auto text, read_all(from, arkivmelding::max_bytes));
  KP_TRY(auto summary, arkivmelding::summarise(text));
  return std::optional(std::move(summary));
}

// The upload, its files read as they are sent. On a worker.
result<parcel> pack(const line& on, const draft& letter) {
  auto files = letter.what.message->files;
  std::ranges::sort(files, {}, &storage::stored_file::number);
  std::optional<arkivmelding::summary> summary;
  if (sbd::canonical_type(letter.document.type()) == "arkivmelding") {
    KP_TRY(summary, read_arkivmelding(on, files));
  }
  std::vector<dpv::uploaded_file> names;
  for (const auto& file : files)
    names.push_back({file.filename, file.title.value_or(""), file.content.size});
  KP_TRY(const auto made,
         dpv::compose(letter.document, names, summary, letter.resource, letter.sender_name,
                      dpv_usage(on.settings()), on.hub().time.now()));
  std::vector<http::form_part> parts;
  for (auto& [name, value] : dpv::form_fields(made)) parts.push_back({name, "text/plain", value});
  for (const auto& attachment : made.attachments) {
    const auto file =
        std::ranges::find(files, attachment.filename, &storage::stored_file::filename);
    KP_TRY(auto bytes, on.hub().blobs.open(on.context->id(), file->content));
    parts.push_back(
        {"attachments", "application/octet-stream", {}, file->filename, std::move(bytes)});
  }
  parcel out;
  out.boundary = "knutepunkt-" + on.hub().random.uuid();
  out.form = http::make_form_data(parts, out.boundary);
  out.traces = {made.resource, made.recipient, made.sender_number};
  return out;
}

// The correspondence that an earlier attempt has made. Errors: transient while it cannot be found;
// permanent when the key was somebody else's (6.3).
http::awaitable<result<std::string>> find_own(line on, message_id message, dpv_traces traces) {
  auto ids = co_await on.clients->correspondence().search(traces.resource, message.to_string());
  if (!ids) co_return worth_a_retry(ids.error());
  for (const auto& id : *ids) {
    auto seen = co_await on.clients->correspondence().find(id);
    if (!seen) co_return worth_a_retry(seen.error());
    // What is purged already cannot be compared; nobody else makes letters with our message's id.
    if (!*seen || is_own(**seen, message, traces)) co_return id;
  }
  if (ids->empty())
    co_return transient(http::http_errc::bad_answer,
                        "Altinn has had this message, but does not find it yet");
  co_return permanent(http::http_errc::refused,
                      "Altinn has a letter of another sender with this message id; send the "
                      "message again with a new one");
}

http::awaitable<result<sent_item>> upload(line on, message_id message, parcel packed) {
  auto made = co_await on.clients->correspondence().upload(packed.form, packed.boundary);
  if (!made) co_return made.error();
  crash_point("sent-before-commit");
  sent_item sent;
  sent.follow = true;
  if (made->what == dpv::correspondence::outcome::accepted) {
    sent.external_id = made->id;
    co_return sent;
  }
  auto own = co_await find_own(on, message, packed.traces);
  if (own)
    sent.external_id = *own;
  else if (own.error().retryable)
    sent.memo =
        to_memo(packed.traces);  // it has been sent; it is looked for again when asked about
  else
    co_return own.error();
  co_return sent;
}

http::awaitable<result<sent_item>> send_letter(line on, std::shared_ptr<draft> letter) {
  const auto sender = dpv::sender_number(letter->document, dpv_usage(on.settings()));
  if (!sender) co_return sender.error();
  KP_CO_CHECK(check_sender(on, letter->document, *sender));
  KP_CO_CHECK(co_await ready(on));
  auto resource = co_await find_resource(on, letter);
  if (!resource) co_return resource.error();
  letter->resource = *resource;
  auto name = co_await on.clients->registry().organisation_name(*sender);
  if (!name) co_return worth_a_retry(name.error());
  letter->sender_name = *name;
  auto work = [on, letter] { return pack(on, *letter); };
  auto packed = co_await http::on_workers(on.hub().workers, std::move(work));
  if (!packed) co_return packed.error();
  auto ready_parcel = *std::move(packed);
  co_return co_await upload(on, letter->what.item.message, std::move(ready_parcel));
}

http::awaitable<result<progress>> ask_about(line on, storage::tracked track) {
  progress said{track.message};
  const auto fail = [&](const error& why) {
    said.failure = why;
    return said;
  };
  if (const auto opened = co_await ready(on); !opened) co_return fail(opened.error());
  auto id = track.external_id;
  if (id.empty()) {
    const auto traces = parse_memo(track.memo);
    if (!traces)
      co_return fail(transient(http::http_errc::bad_answer, "nothing is known to find it by"));
    auto own = co_await find_own(on, track.message, *traces);
    if (!own && own.error().retryable) co_return fail(own.error());
    if (!own) {
      said.statuses.push_back(
          {storage::status_name::feil, own.error().message, {}, on.hub().time.now()});
      said.ended = true;
      co_return said;
    }
    id = *own;
  }
  const auto seen = co_await on.clients->correspondence().find(id);
  if (!seen) co_return fail(seen.error());
  said = dpv_progress(*on.context, track.message, *seen);
  if (track.external_id.empty()) said.external_id = id;
  co_return said;
}

// A batch of questions, some at a time. Network thread only, once it has begun.
class round_of_questions : public std::enable_shared_from_this<round_of_questions> {
 public:
  using answer = service_port::done<result<std::vector<progress>>>;

  round_of_questions(line on, std::vector<storage::tracked> which, answer then)
      : on_(std::move(on)), which_(std::move(which)), then_(std::move(then)) {}

  void begin() {
    left_ = which_.size();
    if (left_ == 0) return then_(std::vector<progress>{});
    for (std::size_t i = 0; i < std::min(asks_at_once, which_.size()); ++i) next();
  }

 private:
  void next() {
    if (next_ == which_.size()) return;
    const auto& track = which_[next_++];
    std::function<void(result<progress>)> told = [me = shared_from_this(),
                                                  message = track.message](result<progress> said) {
      me->told(message, std::move(said));
    };
    run_on_network(on_.hub(), ask_about(on_, track), std::move(told));
  }
  void told(const message_id& message, result<progress> said) {
    progress one{message};
    if (said)
      one = *std::move(said);
    else
      one.failure = said.error();
    all_.push_back(std::move(one));
    if (--left_ == 0) return then_(std::move(all_));
    next();
  }

  line on_;
  std::vector<storage::tracked> which_;
  answer then_;
  std::vector<progress> all_;
  std::size_t next_ = 0, left_ = 0;
};

class dpv_port final : public service_port {
 public:
  explicit dpv_port(line on) : on_(std::move(on)) {}

  service which() const override { return service::dpv; }

  port_rules rules() const override {
    port_rules rules;
    rules.follows = true;
    rules.follow_batch = 64;
    rules.pace.shortest = on_.settings().dpv.follow_every;
    rules.pace.give_up_after = on_.settings().dpv.follow_for;
    return rules;
  }

  void send(sending what, done<result<sent_item>> then) override {
    if (!what.message)
      return then(permanent(sbd::sbd_errc::malformed_json, "DPV has no statuses to send"));
    auto document = sbd::parse(what.message->sbd, on_.hub().time.now());
    if (!document) return then(document.error());
    // A receipt for who has no access point goes nowhere, and counts as read (messages.md 4.3).
    if (sbd::is_receipt_type(document->type())) {
      const auto now = on_.hub().time.now();
      sent_item read;
      read.statuses = {{storage::status_name::levert, {}, {}, now},
                       {storage::status_name::lest, {}, {}, now}};
      return then(std::move(read));
    }
    auto letter = std::make_shared<draft>(draft{std::move(what), *std::move(document), {}, {}});
    run_on_network(on_.hub(), send_letter(on_, std::move(letter)), std::move(then));
  }

  std::string failure_text(const sending& what, const error& why) const override {
    if (!why.retryable) return "Failed to deliver message - check raw receipt";
    return service_port::failure_text(what, why);
  }

  void follow(std::vector<storage::tracked> which,
              done<result<std::vector<progress>>> then) override {
    auto round = std::make_shared<round_of_questions>(on_, std::move(which), std::move(then));
    http::asio::post(on_.hub().network, [round] { round->begin(); });
  }

 private:
  line on_;
};

}  // namespace

std::shared_ptr<service_port> make_dpv_port(std::shared_ptr<organisation_context> context,
                                            std::shared_ptr<upstream> clients) {
  return std::make_shared<dpv_port>(line{std::move(context), std::move(clients)});
}

}  // namespace kp::actors
