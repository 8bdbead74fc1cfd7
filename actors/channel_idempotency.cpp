#include "actors/channel_idempotency.hpp"

#include "config/text.hpp"
#include "protocol/crypto/digest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::actors {

namespace {

using storage::idempotent_answer;

storage::idempotent_answers answers_of(const channel_place& place) {
  return {place.hub().store, place.organisation().id()};
}

api::problem bad_key() {
  return {400,
          "java.lang.IllegalArgumentException",
          fmt::format("Idempotency-Key has to be 1 to {} visible ASCII characters, a new one (a "
                      "UUID, say) for each message",
                      max_idempotency_key),
          {},
          {}};
}

api::problem still_running() {
  return {
      409,
      {},
      "A request with this Idempotency-Key is still being handled. Repeat it in a moment to get "
      "its answer",
      {},
      {}};
}

api::problem other_content() {
  return {422,
          {},
          "This Idempotency-Key has been used for a request with other content. Repeat that one "
          "byte for byte, or use a new key for a new message",
          {},
          {}};
}

bool is_key(std::string_view text) {
  return !text.empty() && text.size() <= max_idempotency_key &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

// Found and not expired.
judged<std::optional<idempotent_answer>> remembered(const channel_place& place,
                                                    const std::string& key) {
  KP_TRY(auto found, answers_of(place).find(place.number, key));
  if (found && found->expires <= place.now()) found.reset();
  return found;
}

judged<std::optional<api_answer>> answer_again(const std::optional<idempotent_answer>& found,
                                               const std::string& content) {
  if (!found) return std::optional<api_answer>{};
  if (found->content != content) return other_content();
  api_answer again;
  again.status = found->status;
  if (!found->content_type.empty()) again.headers.add("Content-Type", found->content_type);
  again.body = found->body;
  return std::optional(std::move(again));
}

// With its length, so that no two lists of texts look alike.
void add(std::string& to, std::string_view text) {
  fmt::format_to(std::back_inserter(to), "{}:{}", text.size(), text);
}

}  // namespace

marked_request::marked_request(std::shared_ptr<running_keys> running, std::string key,
                               std::string content)
    : running_(std::move(running)), key_(std::move(key)), content_(std::move(content)) {
  running_->insert(key_);
}

marked_request::~marked_request() {
  running_->erase(key_);
}

judged<idempotency::admission> idempotency::admit(const channel_place& place,
                                                  const std::optional<std::string>& header,
                                                  const std::string& content) {
  admission admitted;
  if (!header) return admitted;
  const auto text = trim(*header);
  if (!is_key(text)) return bad_key();
  auto key = crypto::sha256(text);
  if (running_->contains(key)) return still_running();
  KP_TRY(const auto found, remembered(place, key));
  KP_TRY(admitted.again, answer_again(found, content));
  if (!admitted.again)
    admitted.marked = std::make_shared<marked_request>(running_, std::move(key), content);
  return admitted;
}

judged<std::optional<api_answer>> answered_before(const channel_place& place,
                                                  const marked_request& request) {
  KP_TRY(const auto found, remembered(place, request.key()));
  return answer_again(found, request.content());
}

judged<void> remember_answer(decision& d, const channel_place& place, const marked_request& request,
                             const message_id& message, time_point message_expires) {
  const auto answers = answers_of(place);
  KP_TRY(const auto before, answers.find(place.number, request.key()));
  idempotent_answer given;
  given.content = request.content();
  given.message = message;
  given.status = d.answer.status;
  given.content_type = std::string(d.answer.headers.find("Content-Type").value_or(""));
  given.body = d.answer.body;
  given.expires = std::min<time_point>(message_expires, place.now() + longest_memory);
  answers.put(d.changes, place.number, request.key(), before, given);
  return {};
}

std::string content_of(const api_call& request) {
  return crypto::sha256(request.body);
}

std::string content_of(const multipart_send& request) {
  std::string all;
  add(all, request.sbd.value_or(""));
  for (const auto& file : request.files) {
    add(all, file.filename);
    add(all, file.title.value_or(""));
    add(all, file.content_type);
    add(all, file.content.sha256);
  }
  return crypto::sha256(all);
}

}  // namespace kp::actors
