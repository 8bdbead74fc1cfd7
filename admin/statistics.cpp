#include "admin/statistics.hpp"

#include "admin/tenant_access.hpp"
#include "config/config_error.hpp"
#include "storage/statistics.hpp"
#include "storage/status_reports.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <tuple>

namespace kp::admin {

namespace {

namespace json = boost::json;

constexpr std::size_t most_rows = 10'000;     // of an answer
constexpr std::size_t most_read = 1'000'000;  // stored rows looked at for one answer
constexpr std::uint64_t most_counted = 1'000'000;
constexpr std::size_t refused_shown = 20;
constexpr std::int64_t longest_hours = 24LL * 3660;

enum class step { hour, day, total };
constexpr std::array<std::pair<std::string_view, step>, 3> steps{
    {{"hour", step::hour}, {"day", step::day}, {"total", step::total}}};

struct question {
  std::optional<organisation_id> organisation;
  std::optional<service> via;
  storage::hour_number first = 0, end = 0;
  step by = step::total;
};

error wrong(std::string what) {
  return permanent(config_errc::invalid_value, std::move(what));
}

result<time_point> time_of(const std::string& name, const std::string& text) {
  if (auto at = parse_timestamp_with_offset(text)) return *at;
  return wrong(fmt::format("{}: write a time with its offset, 2026-03-01T00:00:00+01:00", name));
}

// The hours that touch [from, to): ?from= and ?to=, or the last ?hours= (24).
result<question> read_question(const api::query& asked, time_point now) {
  question out;
  if (const auto via = asked.find("service")) {
    out.via = parse_service(*via);
    if (!out.via) return wrong(fmt::format("service: {} is none", *via));
  }
  if (const auto by = asked.find("by")) {
    const auto found = std::ranges::find(steps, *by, &std::pair<std::string_view, step>::first);
    if (found == steps.end()) return wrong("by: hour, day or total");
    out.by = found->second;
  }
  auto to = now;
  if (const auto text = asked.find("to")) {
    KP_TRY(to, time_of("to", *text));
  }
  auto from = to - std::chrono::hours(24);
  if (const auto text = asked.find("from")) {
    KP_TRY(from, time_of("from", *text));
  } else if (const auto span = asked.find("hours")) {
    const bool digits = !span->empty() && span->size() < 8 &&
                        std::ranges::all_of(*span, [](char c) { return c >= '0' && c <= '9'; });
    const std::int64_t hours = digits ? std::stoll(*span) : 0;
    if (hours < 1 || hours > longest_hours)
      return wrong(fmt::format("hours: 1 to {}", longest_hours));
    from = to - std::chrono::hours(hours);
  }
  if (from >= to) return wrong("from must be before to");
  out.first = storage::hour_of(from);
  out.end = storage::hour_of(to - std::chrono::microseconds(1)) + 1;
  return out;
}

// How the API calls a stretch; "" for all together. Days are those of Norway.
std::string name_of(step by, storage::hour_number hour) {
  const auto text = format_timestamp(storage::begin_of(hour));
  if (by == step::hour) return text;
  return by == step::day ? text.substr(0, text.find('T')) : std::string();
}

using place = std::tuple<organisation_id, std::string, service, direction>;
using counts = std::map<storage::status_name, std::uint64_t>;

json::object describe(const place& at, const counts& its) {
  const auto& [organisation, when, via, way] = at;
  json::object out{{"organisation", organisation.to_string()}};
  if (!when.empty()) out["time"] = when;
  out["service"] = to_string(via);
  out["direction"] = to_string(way);
  json::object statuses;
  for (const auto& [name, count] : its) statuses[to_string(name)] = count;
  out["statuses"] = std::move(statuses);
  return out;
}

result<json::value> add_up(const storage::engine& store, const question& asked) {
  std::vector<organisation_id> whose;
  if (asked.organisation) {
    whose.push_back(*asked.organisation);
  } else {
    KP_TRY(whose, storage::stored_organisations(store));
  }
  const storage::statistics kept(store);
  std::map<place, counts> all;
  std::size_t left = most_read;
  for (const auto organisation : whose) {
    KP_TRY(const auto rows, kept.read(organisation, asked.first, asked.end, left));
    for (const auto& row : rows) {
      if (asked.via && row.key.via != *asked.via) continue;
      all[{organisation, name_of(asked.by, row.key.hour), row.key.via, row.key.way}]
         [row.key.name] += row.count;
    }
    left -= rows.size();
    if (left == 0 || all.size() > most_rows)
      return wrong("that is too much for one answer; ask for fewer hours, or one organisation");
  }
  json::object out{{"from", format_timestamp(storage::begin_of(asked.first))},
                   {"to", format_timestamp(storage::begin_of(asked.end))}};
  json::array rows;
  for (const auto& [at, its] : all) rows.push_back(describe(at, its));
  out["statistics"] = std::move(rows);
  return json::value(std::move(out));
}

json::object describe(const storage::status_report& report) {
  return {{"messageId", report.message.to_string()},
          {"conversationId", report.conversation.to_string()},
          {"service", to_string(report.via)},
          {"status", to_string(report.name)},
          {"at", format_timestamp(report.at)}};
}

result<json::value> tell_reports(const storage::engine& store, organisation_id organisation) {
  const storage::status_reports queue(store, organisation);
  json::object out{{"organisation", organisation.to_string()}};
  KP_TRY(out["waiting"], queue.count(most_counted));
  KP_TRY(const auto oldest, queue.after(0, 1));
  if (!oldest.empty()) out["oldest"] = format_timestamp(oldest.front().what.queued);
  KP_TRY(const auto refused, queue.refused(refused_shown));
  json::array list;
  for (const auto& each : refused) {
    auto one = describe(each.what);
    one["refusedAt"] = format_timestamp(each.at);
    one["why"] = each.why;
    list.push_back(std::move(one));
  }
  out["refused"] = std::move(list);
  return json::value(std::move(out));
}

http::awaitable<answer> show_statistics(std::shared_ptr<tenant_access> in, request asked) {
  auto wanted = read_question(asked.query, in->context().time.now());
  if (!wanted) co_return problem_answer(400, wanted.error().message);
  if (const auto number = asked.query.find("organisation")) {
    const auto who = organisation_id::parse(*number);
    if (!who) co_return tenant_access::unknown(*number);
    wanted->organisation = *who;
  }
  auto work = [context = in->shared_context(), what = *wanted] {
    return add_up(context->store, what);
  };
  auto told = co_await http::on_workers(in->context().workers, std::move(work));
  if (told) co_return json_answer(*told);
  const bool asked_wrong = told.error().code == config_errc::invalid_value;
  co_return problem_answer(asked_wrong ? 400 : 503, told.error().message);
}

http::awaitable<answer> show_reports(std::shared_ptr<tenant_access> in, request asked) {
  const auto who = in->find(asked.variables[0]);
  if (!who) co_return tenant_access::unknown(asked.variables[0]);
  auto work = [context = in->shared_context(), who] {
    return tell_reports(context->store, who->id);
  };
  auto told = co_await http::on_workers(in->context().workers, std::move(work));
  if (!told) co_return problem_answer(503, told.error().message);
  co_return json_answer(*told);
}

}  // namespace

void add_statistics(routes& all, const actors::hub_parts& hub) {
  const auto tenants = std::make_shared<tenant_access>(hub);
  all.add({"GET", "/admin/statistics", access::read,
           [tenants](request asked) { return show_statistics(tenants, std::move(asked)); }, 0});
  all.add({"GET", "/admin/organisations/{}/status-reports", access::read,
           [tenants](request asked) { return show_reports(tenants, std::move(asked)); }, 0});
}

}  // namespace kp::admin
