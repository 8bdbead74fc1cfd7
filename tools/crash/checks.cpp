#include "tools/crash/checks.hpp"

#include "tests/tools/system/documents.hpp"
#include "tools/crash/store_check.hpp"
#include "tools/crash/transfers.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace kp::crash {

namespace json = boost::json;

namespace {

// They come in this order; LEST takes the place of a LEVERT that was slower than the receipt.
const std::vector<std::string> order{"OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST"};

bool in_order(const std::vector<std::string>& names) {
  auto at = order.begin();
  for (const auto& each : names) {
    at = std::find(at, order.end(), each);
    if (at == order.end()) return false;
    ++at;
  }
  return !names.empty() && names.front() == "OPPRETTET";
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
    if (!in_order(*now))
      findings_.add(step,
                    "OPPRETTET, SENDT, MOTTATT, LEVERT, LEST in this order, as far as it has come",
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

bool is_over(const letter& what) {
  if (what.removed || !what.created) return true;
  return what.received > 0 && has(what.statuses, what.plan.receipt ? "LEST" : "LEVERT");
}

}  // namespace

void check_letters(place& where, model& all, findings& found, std::atomic<unsigned>& calls) {
  for (const auto& what : all.letters) {
    client by(where, what->plan.from, found, calls);
    checking(by, found).check(*what);
  }
  const auto transfers = transfers_by_message(where, found);
  for (const auto& what : all.letters) {
    client by(where, what->plan.from, found, calls);
    const auto sent = transfers.find(what->id);
    checking(by, found).check_transfers(*what, sent == transfers.end() ? 0 : sent->second);
  }
}

bool all_settled(place& where, model& all, findings& found, std::atomic<unsigned>& calls) {
  for (const auto& what : all.letters) {
    if (is_over(*what)) continue;
    client by(where, what->plan.from, found, calls);
    checking(by, found).check_statuses(*what);
    if (!is_over(*what)) return false;
  }
  const std::scoped_lock lock(all.mutex);
  return std::ranges::all_of(all.receipts, [](const auto& each) { return each->received > 0; });
}

void check_rest(place& where, model& all, findings& found, std::atomic<unsigned>& calls) {
  check_letters(where, all, found, calls);
  for (const auto& what : all.letters) {
    if (!what->sent) continue;
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
  check_store(where, found);
}

totals count(place& where, model& all) {
  totals t;
  findings silent;
  const auto transfers = transfers_by_message(where, silent);
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
