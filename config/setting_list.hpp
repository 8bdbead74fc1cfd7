#pragma once

#include "config/setting.hpp"

#include <fmt/format.h>

namespace kp {

// A list of maps, each with the declared settings of T, which has a `source_position where`. Error
// texts call an item `noun "title"`, the title being the value of its key `title_key`.
template <class T>
struct list_kind {
  const declarations<T>& (*settings)();
  const char* noun;
  const char* title_key;
  std::size_t most;

  std::string type() const { return "list, see below"; }
  std::string range() const { return ""; }
  std::string show(const std::vector<T>&) const { return ""; }

  std::optional<std::vector<T>> read(const yaml_value& value, value_reader& reader) const {
    if (!value.is_list()) {
      reader.refuse(value, reader.what + " must be a list", "Begin each item with a dash.");
      return std::nullopt;
    }
    const auto items = value.items();
    if (items.size() > most) {
      reader.refuse(value, fmt::format("{} has more than {} items", reader.what, most),
                    "Remove those that are not used.");
      return std::nullopt;
    }
    std::vector<T> all;
    for (const auto& item : items) {
      auto map = item.as_map(reader.problems, noun);
      const auto title = map.find(title_key);
      auto name = title && title->is_scalar() && !title->text().empty()
                      ? fmt::format("{} {}", noun, in_quotes(title->text()))
                      : std::string(noun);
      settings_tree tree(std::move(map), name);
      auto& made = all.emplace_back();
      made.where = item.where();
      settings().read(tree, made, reader.folder, reader.variables, name + ": ");
      tree.report_unknown_keys();
    }
    return all;
  }
};

}  // namespace kp
