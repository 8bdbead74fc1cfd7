#include "actors/channel_create.hpp"
#include "actors/channel_health.hpp"
#include "actors/channel_seat.hpp"
#include "actors/channel_send.hpp"
#include "actors/channel_svarut.hpp"
#include "actors/channel_uploads.hpp"
#include "actors/svarut_messages.hpp"
#include "config/text.hpp"
#include "protocol/sbd/sbd_error.hpp"

#include <utility>

// Create and multipart send (rest-api.md 6.2, 6.5): from a document to a commit, by way of the
// registry desk.

namespace kp::actors {

namespace {

bool is_json(std::string_view content_type) {
  const auto type = to_lower(trim(content_type.substr(0, content_type.find(';'))));
  return type == "application/json" ||
         (type.starts_with("application/") && type.ends_with("+json"));
}

}  // namespace

void channel_seat::create(const api_call& c, const answer_to& answer) {
  if (!is_json(c.content_type)) {
    const auto given = c.content_type.empty() ? "application/octet-stream" : c.content_type;
    return answer(refused(api::unsupported_media_type(given), c.path));
  }
  if (trim(c.body).empty()) return answer(refused(api::missing_body(), c.path));
  auto d = std::make_shared<draft>(draft{c.path, answer, {}});
  if (c.idempotency_key && !admit(*d, c.idempotency_key, content_of(c))) return;
  auto document = read_new_document(c.body, false, place_.organisation().id(), place_.now());
  if (!document) return refuse(*d, document.error());
  d->document = *std::move(document);
  resolve(d);
}

bool channel_seat::admit(draft& d, const std::optional<std::string>& key,
                         const std::string& content) {
  auto admitted = keys_.admit(place_, key, content);
  if (!admitted) {
    refuse(d, admitted.error());
    return false;
  }
  d.marked = std::move(admitted->marked);
  if (!admitted->again) return true;
  drop_files(d);
  d.answer(*std::move(admitted->again));
  return false;
}

void channel_seat::multipart(const multipart_send& m, const answer_to& answer) {
  auto d = std::make_shared<draft>(draft{m.path, answer, {}});
  d->multipart = true;
  d->files = m.files;
  d->blob_records = m.blob_records;
  if (m.idempotency_key && !admit(*d, m.idempotency_key, content_of(m))) return;
  if (!m.sbd) return refuse(*d, api::missing_parameter("sbd"));
  auto document = read_new_document(*m.sbd, true, place_.organisation().id(), place_.now());
  if (!document) return refuse(*d, document.error());
  d->document = *std::move(document);
  if (const auto parts = judge_parts(d->files); !parts) return refuse(*d, parts.error());
  resolve(d);
}

// Steps 5 to 7.
void channel_seat::resolve(const draft_ptr& d) {
  auto what = receiver_lookup(d->document);
  if (!what) return refuse(*d, what.error());
  if (!*what) {
    d->to.via = service_without_lookup(d->document);
    return fill_in(d);
  }
  const auto go_on = [this, d, what = **what](const receiver_answer& answer) {
    auto to = destination_of(d->document, what, answer);
    if (!to) return refuse(*d, to.error());
    d->to = *std::move(to);
    fill_in(d);
  };
  if (const auto noted = args_.notes->receiver(**what, place_.now())) return go_on(*noted);
  self_->request(args_.registry, caf::infinite, find_receiver{**what})
      .then([go_on](const receiver_answer& answer) { guarded([&] { go_on(answer); }); },
            [this, d](const caf::error& why) { guarded([&] { refuse(*d, unanswered(why)); }); });
}

// Steps 8 to 16.
void channel_seat::fill_in(const draft_ptr& d) {
  set_defaults(d->document, d->to, place_);
  if (const auto free = check_id_is_free(d->document, place_); !free)
    return refuse(*d, free.error());
  d->id_is_free = true;
  with_certificate([this, d](const api::problem& why) { refuse(*d, why); },
                   [this, d] {
                     const auto routed = check_and_route(d->document, d->to.via, place_);
                     if (!routed) return refuse(*d, routed.error());
                     check_letter_type(d);
                   });
}

// When SvarUt does not answer, it judges the type itself when the letter is sent.
void channel_seat::check_letter_type(const draft_ptr& d) {
  const auto asked = letter_type(d->document);
  if (d->to.via != service::dpf || !asked) return read_files(d);
  self_->request(args_.registry, caf::infinite, find_letter_types{asked->sender})
      .then(
          [this, d, type = asked->type](const letter_types& answer) {
            guarded([&] {
              const auto& known = answer.known;
              if (!answer.failure && std::ranges::find(known, type) == known.end())
                return refuse(*d, api::letter_type_not_found(type, known));
              read_files(d);
            });
          },
          [this, d](const caf::error& why) { guarded([&] { refuse(*d, unanswered(why)); }); });
}

void channel_seat::read_files(const draft_ptr& d) {
  const auto main = std::ranges::find(d->files, health_filename, &multipart_file::filename);
  if (d->to.via == service::dph && main != d->files.end() && !main->arkivmelding.empty())
    return check_health_elsewhere(main->arkivmelding,
                                  [this, d](const judged<arkivmelding::summary>& checked) {
                                    if (!checked) return refuse(*d, checked.error());
                                    store(d);
                                  });
  const auto xml = std::ranges::find(d->files, arkivmelding_filename, &multipart_file::filename);
  if (xml == d->files.end()) return store(d);
  read_elsewhere([text = xml->arkivmelding] { return read_arkivmelding(text); },
                 [this, d](const judged<arkivmelding::summary>& summary) {
                   d->summary = summary;
                   store(d);
                 });
}

// Step 17.
void channel_seat::store(const draft_ptr& d) {
  run(d->path, [this, d] { return decide_to_store(*d); }, d->answer, [this, d] { drop_files(*d); });
}

judged<decision> channel_seat::decide_to_store(draft& d) const {
  if (d.marked) {
    // Somebody else may have been first: this channel's actor, before it was started again.
    KP_TRY(auto again, answered_before(place_, *d.marked));
    if (again) {
      decision same;
      same.answer = *std::move(again);
      return same;
    }
  }
  KP_TRY(auto decided, decide_to_make(d));
  if (d.marked)
    KP_CHECK(
        remember_answer(decided, place_, *d.marked, *d.document.message(), *d.document.expires()));
  return decided;
}

judged<decision> channel_seat::decide_to_make(draft& d) const {
  // Once is enough: the commit itself fails when the id is taken by then, and this is decided anew.
  if (!std::exchange(d.id_is_free, false)) KP_CHECK(check_id_is_free(d.document, place_));
  KP_TRY(auto files, files_of(d.files, d.summary, d.document, d.to.via, place_));
  KP_TRY(auto message, make_message(d.document, d.to.via, place_, std::move(files)));
  decision decided;
  decided.answer = json_answer(sbd::to_json(d.document));
  if (d.blob_records) decided.changes.include(*d.blob_records);
  if (!d.multipart) {
    KP_CHECK(add_message(decided, message, d.document, place_, {}));
    return decided;
  }
  std::optional<arkivmelding::summary> summary;
  if (d.summary && *d.summary) summary = **d.summary;
  // A message that may not be sent stays, as if it had been created by itself (6.5).
  const auto sendable = check_sendable(message, summary, place_.now());
  message.queued = sendable.has_value();
  KP_CHECK(add_message(decided, message, d.document, place_, summary));
  if (sendable)
    KP_CHECK(add_outbox_item(decided, message, place_));
  else
    decided.answer = refused(sendable.error(), d.path);
  return decided;
}

void channel_seat::refuse(const draft& d, const api::problem& why) {
  drop_files(d);
  d.answer(refused(why, d.path));
}

// Nobody else knows the content of a refused multipart request.
void channel_seat::drop_files(const draft& d) {
  std::vector<storage::blob_ref> blobs;
  for (const auto& file : d.files)
    if (!file.content.id.empty()) blobs.push_back(file.content);
  if (!blobs.empty()) release(std::move(blobs));
}

}  // namespace kp::actors
