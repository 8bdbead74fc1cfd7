#include "tests/tools/system/replay_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace kp::test {

namespace {

enum class kind { differs, pass, waits, elsewhere };
constexpr std::array all_kinds{kind::differs, kind::pass, kind::waits, kind::elsewhere};
constexpr std::string_view waits_for = "waits ";

kind kind_of(const verdict& v) {
  if (v.failed) return kind::differs;
  if (v.text.starts_with("pass")) return kind::pass;
  return v.text.starts_with(waits_for) ? kind::waits : kind::elsewhere;
}

std::string_view word_for(kind k) {
  switch (k) {
    case kind::differs:
      return "DIFFERS";
    case kind::pass:
      return "pass";
    case kind::waits:
      return "waits";
    case kind::elsewhere:
      return "-";
  }
  return "";
}

// What the first word does not say already.
std::string_view more_than_the_word(const verdict& v, kind k) {
  std::string_view text = v.text;
  if (k != kind::pass && k != kind::waits) return text;
  text.remove_prefix(std::min(text.size(), word_for(k).size()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  return text;
}

// "until its service is connected: Service DPI is not enabled" -> the part before the colon
std::string_view reason_of(const verdict& v) {
  const auto text = more_than_the_word(v, kind::waits);
  return text.substr(0, text.find(": "));
}

using counts = std::map<kind, std::size_t>;

std::string said(const counts& of) {
  std::string text;
  const auto add = [&](kind k, std::string_view what) {
    const auto found = of.find(k);
    if (found == of.end()) return;
    if (!text.empty()) text += ", ";
    fmt::format_to(std::back_inserter(text), "{} {}", found->second, what);
  };
  add(kind::pass, "pass");
  add(kind::waits, "wait");
  add(kind::differs, "DIFFER");
  add(kind::elsewhere, "not replayed here");
  return text;
}

}  // namespace

void replay_report::note(const std::string& endpoint, const std::string& record, verdict v) {
  by_endpoint_[endpoint][record] = std::move(v);
}

void replay_report::note_if_new(const std::string& endpoint, const std::string& record, verdict v) {
  by_endpoint_[endpoint].try_emplace(record, std::move(v));
}

std::set<std::string> replay_report::records() const {
  std::set<std::string> all;
  for (const auto& [endpoint, records] : by_endpoint_)
    for (const auto& [name, v] : records) all.insert(name);
  return all;
}

std::string replay_report::text() const {
  std::string text = "Records of the REST API against the hub, by endpoint\n";
  auto out = std::back_inserter(text);
  counts total;
  std::map<std::string_view, std::vector<std::string>> waiting;
  for (const auto& [endpoint, records] : by_endpoint_) {
    counts here;
    for (const auto& [name, v] : records) ++here[kind_of(v)];
    fmt::format_to(out, "\n{} ({})\n", endpoint, said(here));
    for (const auto k : all_kinds)
      for (const auto& [name, v] : records) {
        if (kind_of(v) != k) continue;
        ++total[k];
        const auto more = more_than_the_word(v, k);
        if (more.empty())
          fmt::format_to(out, "  {:<8} {}\n", word_for(k), name);
        else
          fmt::format_to(out, "  {:<8} {:<56} {}\n", word_for(k), name, more);
        if (k == kind::waits) waiting[reason_of(v)].push_back(endpoint + "  " + name);
      }
  }
  if (!waiting.empty()) text += "\nStill waiting, by reason\n";
  for (const auto& [reason, all] : waiting) {
    fmt::format_to(out, "  {} ({})\n", reason, all.size());
    for (const auto& each : all) fmt::format_to(out, "    {}\n", each);
  }
  fmt::format_to(out, "\n{} records: {}\n", records().size(), said(total));
  return text;
}

replay_report& replayed() {
  static replay_report all;
  return all;
}

}  // namespace kp::test
