#pragma once

#include "config/setting.hpp"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <string>

namespace kp::tenants {

// [value, ...] as a set; `parse` makes one of the text of an item.
template <class T>
struct set_kind {
  const char* element;  // "an account: a UUID"
  std::optional<T> (*parse)(const std::string&);

  std::string type() const { return "list"; }
  std::string range() const { return element; }
  std::string show(const std::set<T>&) const { return ""; }
  std::optional<std::set<T>> read(const yaml_value& value, value_reader& reader) const {
    if (!value.is_list()) {
      reader.refuse(value, reader.what + " must be a list", "Write it in brackets: [...].");
      return std::nullopt;
    }
    const auto before = reader.problems.size();
    std::set<T> all;
    for (const auto& item : value.items()) {
      const auto word = reader.scalar(item);
      if (!word) continue;
      auto one = parse(*word);
      if (!one)
        reader.refuse(item, fmt::format("{}: {} is not {}", reader.what, in_quotes(*word), element),
                      "Correct it.");
      else if (!all.insert(*std::move(one)).second)
        reader.refuse(item, fmt::format("{} names {} twice", reader.what, *word), "Remove one.");
    }
    if (reader.problems.size() > before) return std::nullopt;
    return all;
  }
};

}  // namespace kp::tenants
