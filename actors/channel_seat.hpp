#pragma once

#include "actors/channel.hpp"
#include "actors/channel_arkivmelding.hpp"
#include "actors/channel_defaults.hpp"
#include "actors/channel_idempotency.hpp"
#include "actors/channel_incoming.hpp"
#include "protocol/sbd/document.hpp"

#include <list>
#include <unordered_map>

namespace kp::actors {

// The summary of an arkivmelding.xml, from a worker.
struct arkivmelding_read {
  std::uint64_t ticket = 0;
  judged<arkivmelding::summary> outcome;
};
// Some peek locks may be overdue.
struct sweep_locks {};

// The state of a channel actor: carries decisions (actors/channel_*.hpp) to the writer, asks the
// registry desk and the workers between them, and answers. Lives and dies with its actor.
class channel_seat {
 public:
  using answer_to = reply<api_answer>;

  channel_seat(caf::event_based_actor* self, channel_args args);

  // What begins from now on follows these settings.
  void use(const std::shared_ptr<organisation_context>&);

  // Makes what is answered when a handler forgets to, or throws. Outlives this.
  std::function<api_answer()> unexpected(std::string path) const;
  answer_to promise(std::string_view path, caf::response_promise) const;
  void call(const api_call&, const answer_to&);
  upload_admission begin_upload(const upload_begin&) const;
  void end_upload(const upload_end&, const answer_to&);
  api_answer refuse_upload(const upload_too_large&) const;
  void multipart(const multipart_send&, const answer_to&);
  void resume(const arkivmelding_read&);
  // Frees overdue locks, and plans to do so again when the next will be.
  void sweep();

 private:
  // A message between its document and its commit.
  struct draft {
    std::string path;
    answer_to answer;
    sbd::document document;
    destination to = {};
    bool multipart = false;
    std::vector<multipart_file> files = {};
    std::shared_ptr<storage::batch> blob_records = {};
    std::optional<judged<arkivmelding::summary>> summary = {};  // of an arkivmelding.xml among them
    std::shared_ptr<const marked_request> marked = {};          // with an Idempotency-Key
    bool id_is_free = false;  // has been looked at, and not been relied on yet
  };
  using draft_ptr = std::shared_ptr<draft>;

  api_answer refused(const api::problem&, std::string_view path) const;
  // A way of answering for what has no changes.
  api_answer shown(const judged<api_answer>&, std::string_view path) const;

  using answerer = std::function<void(api_answer)>;
  // Decides, commits and answers; decides anew when a precondition failed. `refusing` runs when it
  // ends without anything kept.
  void run(std::string path, decider decide, answerer answer, std::function<void()> refusing = {},
           int attempt = 1);
  void committed_or_not(std::string path, decider decide, answerer answer,
                        std::function<void()> refusing, int attempt, decision& decided,
                        const std::optional<error>& failure);
  void after_commit(const decision&);
  void release(std::vector<storage::blob_ref>);

  void capabilities(const api_call&, const answer_to&);
  void send(const api_call&, const answer_to&);
  void send_judged(const std::string& path, storage::outgoing_message, const answer_to&);
  void plan_sweep();

  // actors/channel_seat_create.cpp
  void create(const api_call&, const answer_to&);
  // Takes the request's key, if it has one. False when it has been answered instead.
  bool admit(draft&, const std::optional<std::string>& key, const std::string& content);
  void resolve(const draft_ptr&);
  void fill_in(const draft_ptr&);
  void check_letter_type(const draft_ptr&);
  void read_files(const draft_ptr&);
  void store(const draft_ptr&);
  judged<decision> decide_to_store(draft&) const;
  judged<decision> decide_to_make(draft&) const;
  void refuse(const draft&, const api::problem&);
  void drop_files(const draft&);

  // Asks the registry desk; `then` runs when the certificate may be used.
  void with_certificate(const std::function<void(const api::problem&)>& refusing,
                        std::function<void()> then);
  // Reads on a worker; `then` runs in the actor.
  bool is_health_document(const upload_end&) const;
  // The summary is empty: nothing of a health message is described by its content.
  void check_health_elsewhere(std::string xml,
                              std::function<void(const judged<arkivmelding::summary>&)> then);
  void read_elsewhere(std::function<judged<arkivmelding::summary>()> read,
                      std::function<void(const judged<arkivmelding::summary>&)> then);
  // The summary of an arkivmelding.xml that was uploaded a little while ago, so that send need not
  // read it again.
  void remember(const std::string& blob, const arkivmelding::summary& summary);
  const arkivmelding::summary* remembered(const std::string& blob) const;
  api::problem unanswered(const caf::error&) const;

  caf::event_based_actor* self_;
  channel_args args_;
  channel_place place_;
  std::shared_ptr<peek_memory> peeks_ = std::make_shared<peek_memory>();
  idempotency keys_;
  bool sweep_planned_ = false;
  std::uint64_t next_ticket_ = 1;
  std::unordered_map<std::uint64_t, std::function<void(const judged<arkivmelding::summary>&)>>
      reading_;
  std::unordered_map<std::string, arkivmelding::summary> summaries_;  // by blob id
  std::list<std::string> summary_order_;                              // oldest first
};

void log_bug(std::string_view what);

// Runs a part of a handler. What it throws is a bug: logged, and the request is answered by the
// fallback of its reply; the actor lives on.
template <class Part>
void guarded(Part part) {
  try {
    part();
  } catch (const std::exception& e) {
    log_bug(e.what());
  }
}

}  // namespace kp::actors

KP_MESSAGE(kp::actors::arkivmelding_read);
KP_MESSAGE(kp::actors::sweep_locks);
