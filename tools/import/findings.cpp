#include "tools/import/findings.hpp"

#include "tools/import/catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

namespace kp::importer {

namespace {

bool is_dropped(const std::vector<std::string>& patterns, std::string_view name) {
  const auto plain = recognise(name).canonical;
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    if (!pattern.ends_with('*')) return recognise(pattern).canonical == plain;
    return plain.starts_with(canonical(std::string_view(pattern).substr(0, pattern.size() - 1)));
  });
}

// Files of others may hold anything; a terminal obeys control characters.
std::string printable(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return text;
}

std::string line_of(const finding& one) {
  std::string out = "  ";
  if (!one.where.file.empty())
    out += one.where.line > 0 ? fmt::format("{}:{}: ", one.where.file, one.where.line)
                              : one.where.file + ": ";
  if (!one.property.empty()) {
    out += one.property;
    if (!one.value.empty()) out += " = " + one.value;
    out += ": ";
  }
  out += one.why;
  if (!one.why.empty()) out += ". ";
  return printable(out + one.todo) + "\n";
}

}  // namespace

void findings::add(finding one) {
  if (one.is == kind::problem && !one.property.empty() && is_dropped(dropped_, one.property)) {
    one.is = kind::left_out;
    one.todo = "Dropped as you asked.";
  }
  all_.push_back(std::move(one));
}

bool findings::has_problems() const {
  return std::ranges::any_of(all_, [](const finding& f) { return f.is == kind::problem; });
}

std::string findings::to_text() const {
  constexpr std::array headings{
      std::pair{kind::problem, "Problems: decide these"},
      std::pair{kind::step, "To do before the hub can use the files"},
      std::pair{kind::left_out, "Not carried over, and not needed"},
  };
  std::string out;
  std::array<std::size_t, headings.size()> counts{};
  for (std::size_t i = 0; i < headings.size(); ++i) {
    std::string lines;
    std::vector<const finding*> those;
    for (const auto& one : all_)
      if (one.is == headings[i].first) those.push_back(&one);
    // As a person goes through the files; what stands in one place as it was found.
    std::ranges::sort(those, {}, [](const finding* f) {
      return std::tuple(std::string_view(f->where.file), f->where.line, f);
    });
    for (const auto* one : those) lines += line_of(*one);
    counts[i] = those.size();
    if (!lines.empty()) out += fmt::format("{}:\n{}", headings[i].second, lines);
  }
  return out + fmt::format("{} problems, {} to do, {} not carried over\n", counts[0], counts[1],
                           counts[2]);
}

}  // namespace kp::importer
