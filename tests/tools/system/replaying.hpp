#pragma once

#include "tests/support/fixtures.hpp"
#include "tests/tools/system/replay_compare.hpp"
#include "tests/tools/system/replay_report.hpp"
#include "tests/tools/system/town.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <set>

// Every record of the REST API (fixtures, rest) against the whole hub. The records of the published
// documentation are of an older API: where it has changed since, a rule says how (rest-api.md 16).

namespace kp::test {

#define KP_NEEDS_RECORDS                                     \
  if (!std::filesystem::exists(fixtures_folder() + "/rest")) \
  GTEST_SKIP() << "rest is not in " << fixtures_folder() << "; set KNUTEPUNKT_FIXTURES"

// Replays records; what became of them is in replayed().
class replaying : public in_town {
 protected:
  // One record on record, or a failed test.
  virtual std::string text_of(const std::string& name) {
    auto found = fixture("rest/" + name);
    EXPECT_TRUE(found) << name;
    return found.value_or("null");
  }
  json::value today(const std::string& name) {
    return json::parse(for_today(text_of(name), renamed));
  }
  void note(const std::string& endpoint, const std::string& name, verdict v) {
    EXPECT_FALSE(v.failed) << name << ": " << v.text;
    replayed().note(endpoint, name, std::move(v));
  }
  void judge(const std::string& endpoint, const std::string& name, const json::value& on_record,
             const json::value& here_now, const replay_rules& rules = {}) {
    verdict v{"pass", false};
    const auto found = differences(on_record, here_now, rules);
    if (!found.empty()) v = {fmt::format("{}", fmt::join(found, "; ")), true};
    note(endpoint, name, std::move(v));
  }
  void judge(const std::string& endpoint, const std::string& name, unsigned status,
             const rest_answer& answer, const replay_rules& rules = {}) {
    if (answer.status != status)
      return note(
          endpoint, name,
          {fmt::format("{} on record, {} here: {}", status, answer.status, answer.body), true});
    EXPECT_THAT(answer.headers.at("content-type"), testing::StartsWith("application/json")) << name;
    EXPECT_EQ(answer.headers.at("x-content-type-options"), "nosniff") << name;
    judge(endpoint, name, today(name), answer.json(), rules);
  }
  rest_answer post(const std::string& path, const json::value& body,
                   const std::string& who = arkiv) {
    return here->api(who, "POST", path, {{"Content-Type", "application/json"}},
                     json::serialize(body));
  }
  // What the hub adds to a document.
  static replay_rules completed() {
    replay_rules rules;
    rules.added = {"creationDateAndTime"};
    return rules;
  }
  // Create with a record as body: what comes back is the record itself, completed. `mend` makes of
  // both what they would be today.
  std::string create_as_on_record(const std::string& request, const std::string& response,
                                  const std::function<void(json::value&)>& mend = {},
                                  const replay_rules& rules = completed()) {
    const std::string endpoint = "POST /api/messages/out";
    auto document = today(request);
    auto expected = today(response);
    if (mend) mend(document), mend(expected);
    const auto answer = post("/api/messages/out", document);
    if (answer.status != 200) {
      note(endpoint, request, {fmt::format("{}: {}", answer.status, answer.body), true});
      return {};
    }
    if (response != request) note(endpoint, request, {"pass"});
    judge(endpoint, response, expected, answer.json(), rules);
    return id_of(answer.json());
  }
  std::string arrive(const json::value& document, const std::string& recipient) {
    inject({{"sender", "0192:" + bergvik},
            {"recipient", "0192:" + recipient},
            {"entries", json::array{json::object{{"name", "sbd.json"}, {"json", document}}}}});
    return id_of(document);
  }
  // A record of a list, with only the statuses that it names.
  static json::value only_named(json::value page, const json::value& like) {
    std::set<std::string> names;
    for (const auto& each : like.at("content").as_array())
      names.emplace(each.at("status").as_string());
    json::array kept;
    for (const auto& each : page.at("content").as_array())
      if (names.contains(std::string(each.at("status").as_string()))) kept.push_back(each);
    const auto count = static_cast<std::int64_t>(kept.size());
    auto& object = page.as_object();
    object["content"] = std::move(kept);
    object["totalElements"] = count;
    object["numberOfElements"] = count;
    return page;
  }
  static json::value without_content(json::value page) {
    page.as_object().erase("content");
    return page;
  }

  std::map<std::string, std::string> renamed;
};

}  // namespace kp::test
