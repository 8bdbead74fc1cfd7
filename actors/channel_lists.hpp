#pragma once

#include "actors/channel_decision.hpp"
#include "protocol/api/page.hpp"
#include "storage/repositories.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <variant>

// Filters, order and pages of the list endpoints (rest-api.md 1, 1.1).

namespace kp::actors {

// What a list is ordered by: a number (ids, times, truth) or text.
using sort_value = std::variant<std::int64_t, std::string>;

template <class T>
using sortable = std::map<std::string_view, std::function<sort_value(const T&)>, std::less<>>;

inline sort_value sort_time(time_point at) {
  return static_cast<std::int64_t>(at.time_since_epoch().count());
}
inline sort_value sort_time(const std::optional<time_point>& at) {
  return at ? sort_time(*at) : sort_value(std::numeric_limits<std::int64_t>::min());
}

// Adds "and it matches this too".
template <class T>
void also(storage::filter<T>& all, storage::filter<T> one) {
  if (!all) {
    all = std::move(one);
    return;
  }
  all = [first = std::move(all), second = std::move(one)](const T& record) {
    return first(record) && second(record);
  };
}

// Exact match of a property with a query parameter, when it is given. An empty value matches empty
// text.
template <class T, class Property>
void match_text(storage::filter<T>& all, const api::query& query, std::string_view name,
                Property property) {
  if (auto wanted = query.find(name))
    also<T>(all, [wanted = *std::move(wanted), property](const T& record) {
      return std::string_view(property(record)) == wanted;
    });
}

// A serviceIdentifier as clients may ask for it; DPFIO is no longer one of them.
std::optional<service> parse_api_service(std::string_view);
// What an unknown value ends in, as today: rest-api.md 7.1.
api::problem unknown_service(std::string_view value);

template <class T>
judged<void> match_service(storage::filter<T>& all, const api::query& query) {
  const auto text = query.find("serviceIdentifier");
  if (!text) return {};
  const auto wanted = parse_api_service(*text);
  if (!wanted) return unknown_service(*text);
  also<T>(all, [wanted = *wanted](const T& record) { return record.via == wanted; });
  return {};
}

namespace detail {

struct sort_entry {
  std::vector<sort_value> values;
  storage::row_id id = 0;
};

// Whether `a` comes before `b`; what is equal stays in the order of ids.
struct sort_before {
  const std::vector<api::sort_key>* keys;
  bool operator()(const sort_entry& a, const sort_entry& b) const;
};

std::uint64_t offset_of(const api::page_query&);

}  // namespace detail

// One page of the records that `scan(page_request, filter)` goes through, ordered as `asked.sort`
// says, else as `usual`, else by id. Memory: the keys of the entries up to the end of the page, and
// the page. Error: an unknown property.
template <class T, class Scan>
judged<storage::page<T>> sorted_page(const api::page_query& asked,
                                     const std::vector<api::sort_key>& usual,
                                     const sortable<T>& properties,
                                     const storage::filter<T>& matches, Scan scan) {
  const auto& keys = asked.sort.empty() ? usual : asked.sort;
  for (const auto& key : keys)
    if (key.property != "id" && !properties.contains(key.property))
      return api::bad_sort_property(key.property);
  const auto fits = [&](const T& record) { return !matches || matches(record); };
  const auto offset = detail::offset_of(asked);

  if (keys.empty() || keys.front().property == "id") {
    const auto order = !keys.empty() && keys.front().descending ? storage::scan_order::descending
                                                                : storage::scan_order::ascending;
    KP_TRY(auto page, scan(storage::page_request{offset, asked.size, order}, fits));
    return page;
  }

  // The first (offset + size) entries as a heap whose top is the last of them.
  const detail::sort_before before{&keys};
  std::vector<detail::sort_entry> best;
  const auto wanted = offset + asked.size;
  std::uint64_t total = 0;
  const auto collect = [&](const T& record) {
    if (!fits(record)) return false;
    ++total;
    detail::sort_entry entry{{}, record.id};
    for (const auto& key : keys)
      entry.values.push_back(key.property == "id" ? sort_value(static_cast<std::int64_t>(record.id))
                                                  : properties.find(key.property)->second(record));
    if (best.size() < wanted) {
      best.push_back(std::move(entry));
      std::ranges::push_heap(best, before);
    } else if (!best.empty() && before(entry, best.front())) {
      std::ranges::pop_heap(best, before);
      best.back() = std::move(entry);
      std::ranges::push_heap(best, before);
    }
    return false;
  };
  KP_TRY(auto counted, scan(storage::page_request{0, 1, storage::scan_order::ascending}, collect));
  static_cast<void>(counted);
  std::ranges::sort_heap(best, before);

  std::unordered_map<storage::row_id, std::size_t> place;
  for (std::size_t i = offset; i < best.size(); ++i) place.emplace(best[i].id, i - offset);
  storage::page<T> page;
  page.total = total;
  if (place.empty()) return page;
  const auto chosen = [&](const T& record) { return place.contains(record.id); };
  KP_TRY(auto found,
         scan(storage::page_request{0, place.size(), storage::scan_order::ascending}, chosen));
  std::ranges::sort(found.items, {}, [&](const T& record) { return place.at(record.id); });
  page.items = std::move(found.items);
  return page;
}

// The page object, each item shown by `show(item)`; `show` may fail.
template <class T, class Show>
judged<boost::json::value> page_json(const storage::page<T>& page, const api::page_query& asked,
                                     bool sorted, Show show) {
  boost::json::array content;
  for (const auto& item : page.items) {
    KP_TRY(auto shown, judged<boost::json::value>(show(item)));
    content.push_back(std::move(shown));
  }
  return boost::json::value(api::to_page(std::move(content), asked, page.total, sorted));
}

}  // namespace kp::actors
