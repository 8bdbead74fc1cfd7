#include "tools/crash/checks.hpp"

#include "tests/tools/system/documents.hpp"
#include "tools/crash/copies.hpp"
#include "tools/crash/service_rules.hpp"
#include "tools/crash/store_check.hpp"
#include "tools/crash/transfers.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace kp::crash {

namespace json = boost::json;

namespace {

bool in_order(const std::vector<std::string>& names, const std::vector<std::string>& order) {
  auto at = order.begin();
  for (const auto& each : names) {
    at = std::find(at, order.end(), each);
    if (at == order.end()) return false;
    ++at;
  }
  return !names.empty() && names.front() == order.front();
}

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// Names, in the order of their registration; nothing when there was no answer.
std::optional<std::vector<std::string>> statuses_of(client& by, const letter& what) {
  const auto step = what.name + ": statuses";
  const auto answer = by.insist(step, "GET", "/api/statuses/" + what.id + "?size=50").answer;
  if (answer.status != 200) {
    if (answer.status != 0)
      by.found().add(step, "200", fmt::format("{} {}", answer.status, answer.body));
    return std::nullopt;
  }
  std::map<std::int64_t, std::string> by_row;
  const auto value = answer.json();
  boost::system::error_code missing;
  if (const auto* all = value.find_pointer("/content", missing); all && all->is_array())
    for (const auto& each : all->get_array())
      by_row[each.at("id").to_number<std::int64_t>()] = each.at("status").as_string();
  std::vector<std::string> names;
  for (const auto& [row, name] : by_row) names.push_back(name);
  return names;
}

class checking {
 public:
  checking(client& by, findings& found) : client_(by), findings_(found) {}

  void check(letter& what) {
    if (what.id.empty()) return;
    if (what.created && !what.sent)
      expect_out(what, what.removed ? 404 : 200, what.removed ? "it was removed" : "it was made");
    if (what.created) check_statuses(what);
  }

  // `transfers` are counted after the statuses were read: once SENDT was there, none may come.
  void check_transfers(letter& what, std::size_t transfers) {
    if (has(what.statuses, "SENDT")) {
      if (what.transfers_when_sent != 0 && transfers > what.transfers_when_sent)
        findings_.add(what.name + ": transfers", "none after SENDT",
                      fmt::format("{}, {} when it was SENDT", transfers, what.transfers_when_sent));
      what.transfers_when_sent = transfers;
    }
    if (transfers > 1 && rules_of(what.plan.via).asks_first)
      findings_.add(what.name + ": copies", "one, the hub asks before it sends again",
                    std::to_string(transfers));
    if (what.removed && transfers > 0)
      findings_.add(what.name + ": transfers", "none, it was removed before it was sent",
                    std::to_string(transfers));
  }

  void check_statuses(letter& what) {
    const auto now = statuses_of(client_, what);
    if (!now) return;
    const auto& before = what.statuses;
    const auto step = fmt::format("{} ({}): statuses", what.name, what.id);
    if (now->size() < before.size() || !std::equal(before.begin(), before.end(), now->begin()))
      findings_.add(step, fmt::format("what was there before, {}", fmt::join(before, ", ")),
                    fmt::format("{}", fmt::join(*now, ", ")));
    const auto& order = rules_of(what.plan.via).order;
    if (!in_order(*now, order))
      findings_.add(step,
                    fmt::format("{} in this order, as far as it has come", fmt::join(order, ", ")),
                    fmt::format("{}", fmt::join(*now, ", ")));
    what.statuses = *now;
  }

 private:
  void expect_out(const letter& what, unsigned status, const std::string& why) {
    const auto step = fmt::format("{} ({}): look in the outbox", what.name, what.id);
    const auto there = client_.insist(step, "GET", "/api/messages/out/" + what.id).answer;
    if (there.status != status && there.status != 0)
      findings_.add(step, fmt::format("{}, {}", status, why),
                    fmt::format("{} {}", there.status, there.body));
  }

  client& client_;
  findings& findings_;
};

// Who has asked for access at eInnsyn is told of it twice.
constexpr std::size_t answers_of_dpe = 2;

bool over(model& all, const letter& what) {
  const std::scoped_lock lock(all.mutex);
  return is_over(what);
}

bool arrives(const letter& what) {
  return what.plan.incoming || (what.sent && rules_of(what.plan.via).arrives);
}

// Of each message, over every service.
std::map<std::string, std::size_t> times_given(place& where, model& all, findings& found) {
  auto counts = transfers_by_message(where, found);
  counts.merge(copies_by_message(where, all, found));
  return counts;
}

}  // namespace

bool is_over(const letter& what) {
  const auto& rules = rules_of(what.plan.via);
  if (what.plan.incoming)
    return what.received > 0 &&
           (what.plan.via != service::dpe || what.answers.size() == answers_of_dpe);
  if (what.removed || !what.created) return true;
  if (rules.arrives && what.received == 0) return false;
  if (rules.receipted && !what.receipted) return false;
  return has(what.statuses, what.plan.receipt ? "LEST" : rules.last);
}

void check_letters(place& where, model& all, findings& found, std::atomic<unsigned>& calls,
                   const std::function<bool(std::size_t)>& looked_at) {
  for (std::size_t i = 0; i < all.letters.size(); ++i) {
    if (!looked_at(i)) continue;
    auto& what = *all.letters[i];
    client by(where, what.plan.from, found, calls);
    checking(by, found).check(what);
  }
  const auto transfers = times_given(where, all, found);
  for (const auto& what : all.letters) {
    client by(where, what->plan.from, found, calls);
    const auto sent = transfers.find(what->id);
    checking(by, found).check_transfers(*what, sent == transfers.end() ? 0 : sent->second);
  }
}

bool all_settled(place& where, model& all, findings& found, std::atomic<unsigned>& calls) {
  for (const auto& what : all.letters) {
    if (over(all, *what)) continue;
    if (what->plan.incoming) return false;
    client by(where, what->plan.from, found, calls);
    checking(by, found).check_statuses(*what);
    if (!over(all, *what)) return false;
  }
  const std::scoped_lock lock(all.mutex);
  return std::ranges::all_of(all.receipts, [](const auto& each) { return each->received > 0; });
}

void check_rest(place& where, model& all, findings& found, std::atomic<unsigned>& calls) {
  check_letters(where, all, found, calls, [](std::size_t) { return true; });
  for (const auto& what : all.letters) {
    if (!arrives(*what)) continue;
    const std::scoped_lock lock(all.mutex);
    if (what->received != 1)
      found.add(what->name + " (" + what->id + "): arrival", "that it is received once",
                fmt::format("{} times; statuses {}", what->received.load(),
                            fmt::join(what->statuses, ", ")));
  }
  for (std::size_t i = 0; i < channels.size(); ++i) {
    client by(where, i, found, calls);
    for (const auto* list : {"/api/messages/out", "/api/messages/in"}) {
      const auto step = fmt::format("{} of {} at the end", list, channels[i].name);
      const auto answer = by.insist(step, "GET", list).answer;
      const auto value = answer.json();
      boost::system::error_code missing;
      const auto* total = value.find_pointer("/totalElements", missing);
      if (!total || total->to_number<std::int64_t>() != 0)
        found.add(step, "nothing left", fmt::format("{} {}", answer.status, answer.body));
    }
  }
  if (!where.problem().empty()) found.add("the sandbox", "no trouble", where.problem());
  check_store(where, found);
}

totals count(place& where, model& all) {
  totals t;
  findings silent;
  const auto transfers = times_given(where, all, silent);
  for (const auto& what : all.letters) {
    ++t.letters;
    if (what->received > 0) ++t.received;
    if (what->removed) ++t.removed;
    const auto sent = transfers.find(what->id);
    if (sent == transfers.end()) continue;
    t.transfers += sent->second;
    t.repeated += sent->second - 1;
  }
  return t;
}

}  // namespace kp::crash
