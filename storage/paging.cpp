#include "storage/paging.hpp"

#include <algorithm>

namespace kp::storage {
namespace {

constexpr std::size_t first_portion = 4;
constexpr std::size_t largest_portion = 256;

}  // namespace

result<std::vector<entry>> read_entries(const engine& store, std::string_view begin,
                                        std::string_view end, scan_order order, std::size_t limit) {
  std::vector<entry> entries;
  if (limit == 0) return entries;
  KP_CHECK(store.scan(begin, end, order, [&](std::string_view key, std::string_view value) {
    entries.push_back({std::string(key), std::string(value)});
    return entries.size() < limit;
  }));
  return entries;
}

result<void> walk(const engine& store, std::string begin, std::string end, scan_order order,
                  const std::function<result<bool>(const entry&)>& visit) {
  for (std::size_t portion = first_portion;; portion = std::min(portion * 4, largest_portion)) {
    KP_TRY(auto entries, read_entries(store, begin, end, order, portion));
    for (const auto& each : entries) {
      KP_TRY(const bool more, visit(each));
      if (!more) return {};
    }
    if (entries.size() < portion) return {};
    if (order == scan_order::ascending)
      begin = std::move(entries.back().key) + '\0';
    else
      end = std::move(entries.back().key);
  }
}

result<std::optional<entry>> first_entry(const engine& store, std::string_view begin,
                                         std::string_view end) {
  KP_TRY(auto entries, read_entries(store, begin, end, scan_order::ascending, 1));
  if (entries.empty()) return std::optional<entry>{};
  return std::optional<entry>{std::move(entries.front())};
}

}  // namespace kp::storage
