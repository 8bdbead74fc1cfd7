#include "actors/dpf_sending.hpp"

#include "config/config_error.hpp"
#include "config/log.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace kp::actors {

namespace {

namespace json = boost::json;
using storage::status_name;

constexpr std::string_view receipt_process = "urn:no:difi:profile:arkivmelding:response:ver1.0";
constexpr std::string_view receipt_standard =
    "urn:no:difi:arkivmelding:xsd::arkivmelding_kvittering";
constexpr std::string_view default_standard = "urn:no:difi:arkivmelding:xsd::arkivmelding";

// What SvarUt does not deliver (dpf.md 8), in words.
struct failure_word {
  std::string_view status, meaning;
};
constexpr std::array failures{
    failure_word{"AVVIST", "SvarUt har avvist forsendelsen"},
    failure_word{"FEILET_UNDER_MOTTAK", "SvarUt kunne ikke ta imot forsendelsen"},
    failure_word{"IKKE_LEVERT", "SvarUt kunne ikke levere forsendelsen"}};

// The memo of a message is whose account it was sent from, and what SvarUt last said of it.
struct memo_parts {
  std::string sender, status;
};
memo_parts parts_of(const std::string& memo) {
  const auto space = memo.find(' ');
  if (space == std::string::npos) return {memo, {}};
  return {memo.substr(0, space), memo.substr(space + 1)};
}

json::array participant(const std::string& value) {
  return {json::object{
      {"identifier", json::object{{"value", value}, {"authority", "iso6523-actorid-upis"}}}}};
}

class account_follower {
 public:
  account_follower(std::shared_ptr<dpf_clients> on, std::string sender)
      : on_(std::move(on)), sender_(std::move(sender)) {}

  http::awaitable<std::vector<progress>> ask(std::vector<storage::tracked> which) {
    auto* svarut = on_->sender(sender_);
    if (!svarut)
      co_return all_failed(
          which, transient(config_errc::invalid_value,
                           fmt::format("SvarUt credentials not configured for orgnr {}", sender_)));
    std::vector<progress> out;
    std::vector<std::string> ids;
    for (auto& each : which) {
      if (each.external_id.empty()) {
        auto found = co_await svarut->find(each.message.to_string());
        if (found && found->empty()) {
          out.push_back(lost(each));
          continue;
        }
        if (!found) {
          out.push_back(failed(each, found.error()));
          continue;
        }
        each.external_id = found->front();
      }
      if (std::ranges::find(ids, each.external_id) == ids.end()) ids.push_back(each.external_id);
    }
    if (ids.empty()) co_return out;
    auto statuses = co_await svarut->statuses(std::move(ids));
    for (const auto& each : which) {
      if (std::ranges::find(out, each.message, &progress::message) != out.end()) continue;
      out.push_back(statuses ? judge(each, *statuses) : failed(each, statuses.error()));
    }
    co_return out;
  }

 private:
  static progress failed(const storage::tracked& of, const error& why) {
    progress out{of.message};
    out.failure = why;
    return out;
  }

  static std::vector<progress> all_failed(const std::vector<storage::tracked>& which,
                                          const error& why) {
    std::vector<progress> out;
    for (const auto& each : which) out.push_back(failed(each, why));
    return out;
  }

  progress lost(const storage::tracked& of) const {
    progress out{of.message};
    out.statuses = {{status_name::feil, "forsendelseId finnes ikke i SvarUt.", {}, now()}};
    out.ended = true;
    return out;
  }

  progress judge(const storage::tracked& of, const std::vector<dpf::delivery_status>& all) const {
    progress out{of.message};
    out.external_id = of.external_id;
    const auto found = std::ranges::find(all, of.external_id, &dpf::delivery_status::id);
    if (found == all.end()) return out;  // not known (yet): asked again
    const auto before = parts_of(of.memo).status;
    if (before != found->status) say(of, found->status);
    out.memo = sender_ + " " + found->status;
    if (found->status == "LEST") {
      read(of, out);
    } else if (const auto bad = std::ranges::find(failures, found->status, &failure_word::status);
               bad != failures.end() && on_->in().settings->dpf.report_failures) {
      out.statuses = {
          {status_name::feil, fmt::format("{} ({})", bad->meaning, bad->status), {}, now()}};
      out.ended = true;
    }
    return out;
  }

  void read(const storage::tracked& of, progress& out) const {
    out.statuses = {{status_name::lest, {}, {}, now()}};
    out.ended = true;
    if (!on_->in().settings->dpf.receipts) return;
    const auto c = on_->in().conversations.find(direction::outgoing, of.message);
    if (!c || !*c) return;
    if (auto receipt = make_read_receipt(on_->in(), **c))
      out.arrivals.push_back(*std::move(receipt));
  }

  // Operators see what has no status of the network: a letter that is rejected, printed, ...
  void say(const storage::tracked& of, std::string_view status) const {
    const bool bad = std::ranges::find(failures, status, &failure_word::status) != failures.end();
    log(bad ? log_level::warning : log_level::info,
        fmt::format("SvarUt says of a letter: {}", status),
        {{"organisation", on_->in().id().to_string()},
         {"service", "DPF"},
         {"message_id", of.message.to_string()},
         {"transfer", of.external_id}});
  }

  time_point now() const { return on_->hub().time.now(); }

  std::shared_ptr<dpf_clients> on_;
  std::string sender_;
};

}  // namespace

std::optional<generated_arrival> make_read_receipt(const organisation_context& in,
                                                   const storage::conversation& c) {
  if (c.document_type != default_standard || !c.receiver) return std::nullopt;
  const auto now = std::chrono::floor<std::chrono::seconds>(in.hub->time.now());
  const json::object document{
      {"standardBusinessDocumentHeader",
       json::object{
           {"headerVersion", "1.0"},
           {"sender", participant(*c.receiver)},
           {"receiver", participant(c.sender)},
           {"documentIdentification", json::object{{"standard", receipt_standard},
                                                   {"typeVersion", "2.0"},
                                                   {"instanceIdentifier", in.hub->random.uuid()},
                                                   {"type", "arkivmelding_kvittering"},
                                                   {"creationDateAndTime", format_timestamp(now)}}},
           {"businessScope",
            json::object{
                {"scope", json::array{json::object{
                              {"type", "ConversationId"},
                              {"instanceIdentifier", c.conversation_ref.to_string()},
                              {"identifier", receipt_process},
                              {"scopeInformation",
                               json::array{json::object{
                                   {"expectedResponseDateTime",
                                    format_timestamp(now + in.settings->dpf.default_ttl)}}}}}}}}}}},
      {"arkivmelding_kvittering",
       json::object{{"receiptType", "OK"}, {"relatedToMessageId", c.message.to_string()}}}};
  generated_arrival out;
  out.comes_with = status_name::lest;
  out.sbd = json::serialize(document);
  auto parsed = sbd::parse(out.sbd, in.hub->time.now());
  if (!parsed) return std::nullopt;
  out.document = std::make_shared<const sbd::document>(*std::move(parsed));
  return out;
}

http::awaitable<result<std::vector<progress>>> follow_in_svarut(
    std::shared_ptr<dpf_clients> on, std::vector<storage::tracked> which) {
  KP_CO_CHECK(co_await on->ready());
  std::map<std::string, std::vector<storage::tracked>> by_sender;
  for (auto& each : which) by_sender[parts_of(each.memo).sender].push_back(std::move(each));
  std::vector<progress> out;
  for (auto& [sender, letters] : by_sender) {
    account_follower account(on, sender);
    auto said = co_await account.ask(std::move(letters));
    out.insert(out.end(), std::make_move_iterator(said.begin()),
               std::make_move_iterator(said.end()));
  }
  co_return out;
}

}  // namespace kp::actors
