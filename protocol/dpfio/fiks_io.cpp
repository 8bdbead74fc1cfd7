#include "protocol/dpfio/fiks_io.hpp"

#include "protocol/dpfio/dpfio_error.hpp"
#include "protocol/dpfio/rest_json.hpp"
#include "protocol/http/form_data.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/http/url.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::dpfio {

namespace {

constexpr std::string_view send_path = "/fiks-io/api/v1/send";
constexpr std::string_view catalogue = "/fiks-io/katalog/api/v1";
constexpr std::string_view documents = "/dokumentlager/nedlasting/";
constexpr std::size_t most_kept_of_answer = 4096;

// KS takes its time with large messages, which it moves to its store before it answers.
http::deadlines deadlines_for(std::uint64_t bytes) {
  constexpr std::uint64_t slowest = 100'000;  // bytes a second
  http::deadlines out;
  out.read = std::chrono::minutes(5);
  out.total = std::chrono::minutes(6) + std::chrono::seconds(bytes / slowest);
  return out;
}

// Nothing has been sent, and a token is never the message's fault.
error without_token(error why) {
  why.retryable = true;
  return why;
}

}  // namespace

maskinporten::token_request token_wanted() {
  maskinporten::token_request wanted;
  wanted.scopes = {std::string(scope)};
  return wanted;
}

fiks_io::fiks_io(http::client& http, maskinporten::client& tokens, const clock& time,
                 fiks_io_settings settings)
    : http_(http),
      time_(time),
      base_url_(std::move(settings.base_url)),
      calls_(http, tokens,
             {token_wanted(), std::move(settings.integration_id),
              std::move(settings.integration_password), &without_token}) {
  while (base_url_.ends_with('/')) base_url_.pop_back();
}

http::request fiks_io::request(std::string method, const std::string& path) const {
  http::request out;
  out.method = std::move(method);
  out.url = base_url_ + path;
  out.headers.add("Accept", "application/json");
  return out;
}

// The answer, which is a 2xx, or a 404 where that says that there is nothing.
http::awaitable<result<http::response>> fiks_io::perform(std::string what, http::request asked,
                                                         bool may_be_absent) {
  const auto named = "FIKS IO " + what;
  auto answer = co_await calls_.send(named, std::move(asked));
  if (!answer || answer->status / 100 == 2) co_return answer;
  if (may_be_absent && answer->status == 404) co_return answer;
  co_return refusal(named, *answer);
}

http::awaitable<result<accepted>> fiks_io::send(outgoing what,
                                                std::shared_ptr<const random_access_source> data,
                                                std::string unique) {
  std::vector<http::form_part> parts;
  http::form_part metadata;
  metadata.name = "metadata";
  metadata.content_type = "application/json";
  metadata.text = metadata_json(what);
  parts.push_back(std::move(metadata));
  if (data) {
    http::form_part content;
    content.name = "data";
    content.content_type = "application/octet-stream";
    content.filename = unique;
    content.file = std::move(data);
    parts.push_back(std::move(content));
  }
  const auto boundary = "knutepunkt-" + unique;
  auto asked = request("POST", std::string(send_path));
  asked.headers.add("Content-Type", http::form_content_type(boundary));
  asked.body_source = http::make_form_data(parts, boundary);
  asked.deadlines = deadlines_for(asked.body_source->size());
  // What was accepted is accepted, however much of the answer arrives.
  asked.may_cut_response = true;
  auto answer = co_await perform("send", std::move(asked), false);
  if (!answer) co_return answer.error();
  accepted out;
  out.id = accepted_id(answer->body);
  out.answer = answer->body.substr(0, most_kept_of_answer);
  co_return out;
}

http::awaitable<result<account>> fiks_io::account_at(std::string path) {
  auto asked = request("GET", path);
  auto answer = co_await perform("catalogue", std::move(asked), true);
  if (!answer) co_return answer.error();
  if (answer->status == 404)
    co_return permanent(dpfio_errc::unknown_account, refusal("FIKS IO catalogue", *answer).message);
  co_return parse_account(answer->body);
}

http::awaitable<result<account>> fiks_io::find(std::string id) {
  auto path = fmt::format("{}/kontoer/{}", catalogue, http::encode_component(id));
  co_return co_await account_at(std::move(path));
}

http::awaitable<result<account>> fiks_io::find(wanted_account whose) {
  auto path = fmt::format("{}/lookup?identifikator=ORG_NO.{}&meldingProtokoll={}&sikkerhetsniva={}",
                          catalogue, http::encode_component(whose.organisation),
                          http::encode_component(whose.type), whose.security_level);
  co_return co_await account_at(std::move(path));
}

http::awaitable<result<crypto::certificate>> fiks_io::key(std::string account_id) {
  const auto known = keys_.find(account_id);
  if (known != keys_.end() && time_.now() < known->second.until)
    co_return known->second.certificate;
  auto asked = request("GET", fmt::format("{}/kontoer/{}/offentligNokkel", catalogue,
                                          http::encode_component(account_id)));
  auto answer = co_await http_.send(std::move(asked));
  if (!answer) co_return with_context(answer.error(), "FIKS IO public key");
  if (answer->status == 404)
    co_return transient(dpfio_errc::no_key,
                        fmt::format("FIKS IO: account {} has no public key", account_id));
  if (answer->status / 100 != 2) co_return refusal("FIKS IO public key", *answer);
  KP_CO_TRY(const auto said, parse_key(answer->body));
  auto read = crypto::certificate::from_pem(said.pem);
  if (!read || !said.valid || !read->valid_at(time_.now()))
    co_return transient(dpfio_errc::no_key,
                        fmt::format("FIKS IO: the public key of account {} cannot be used now{}{}",
                                    account_id, said.note.empty() ? "" : ": ", said.note));
  if (keys_.size() >= most_keys)
    keys_.erase(
        std::ranges::min_element(keys_, {}, [](const auto& each) { return each.second.until; }));
  const auto until = time_.now() + remember_key;
  keys_.insert_or_assign(account_id, known_key{*read, until});
  co_return *std::move(read);
}

http::awaitable<result<void>> fiks_io::download(std::string id, std::shared_ptr<byte_sink> to,
                                                std::uint64_t most) {
  const std::string named = "Dokumentlager";
  auto asked = request("GET", std::string(documents) + http::encode_component(id));
  asked.deadlines = deadlines_for(0);
  asked.deadlines.total = std::chrono::hours(1);  // dpfio.md 5.3
  auto answer = co_await calls_.download(named, std::move(asked), std::move(to), most);
  if (!answer) co_return answer.error();
  if (answer->status / 100 != 2) co_return refusal(named, *answer);
  co_return result<void>{};
}

}  // namespace kp::dpfio
