#pragma once

#include "config/setting_kinds.hpp"

#include <fmt/format.h>

namespace kp {

// [arkiv, sak]
struct text_list_kind {
  std::size_t most;
  std::string type() const { return "list of texts"; }
  std::string range() const { return ""; }
  std::string show(const std::vector<std::string>&) const { return ""; }

  std::optional<std::vector<std::string>> read(const yaml_value& value,
                                               value_reader& reader) const {
    if (!value.is_list()) {
      reader.refuse(value, reader.what + " must be a list", "Write it as [one, two].");
      return std::nullopt;
    }
    const auto items = value.items();
    if (items.size() > most) {
      reader.refuse(value, fmt::format("{} has more than {} items", reader.what, most),
                    "Remove those that are not used.");
      return std::nullopt;
    }
    const auto before = reader.problems.size();
    std::vector<std::string> all;
    for (const auto& item : items)
      if (auto word = reader.scalar(item)) all.push_back(*std::move(word));
    if (reader.problems.size() > before) return std::nullopt;
    return all;
  }
};

}  // namespace kp
