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

// A serviceIdentifier as clients may ask for it.
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

// The records that a list may show, and how to go through them.
template <class T>
struct source {
  std::string_view order;  // the property that `scan` goes by; nothing for one that lists none know
  std::function<result<storage::page<T>>(const storage::page_request&, const storage::filter<T>&)>
      scan;
};

// The few records that an index has found, by row id.
template <class T>
source<T> source_of(std::vector<T> found) {
  std::ranges::sort(found, {}, &T::id);
  const auto scan = [all = std::move(found)](const storage::page_request& asked,
                                             const storage::filter<T>& matches) {
    storage::page<T> page;
    const auto take = [&](const T& record) {
      if (matches && !matches(record)) return;
      if (page.total >= asked.offset && page.items.size() < asked.size)
        page.items.push_back(record);
      ++page.total;
    };
    if (asked.order == storage::scan_order::ascending)
      std::ranges::for_each(all, take);
    else
      std::for_each(all.rbegin(), all.rend(), take);
    return result<storage::page<T>>(std::move(page));
  };
  return {"id", scan};
}

// Reads the values of a query object, and remembers what could not be read. An empty value is none.
class query_object {
 public:
  query_object(const api::query& query, std::string_view name) : query_(query), name_(name) {}
  std::optional<std::string> text(std::string_view field) const;
  std::optional<std::int64_t> number(std::string_view field);
  std::optional<bool> truth(std::string_view field);
  std::optional<time_point> moment(std::string_view field);  // date and time with offset
  // Midnight in Oslo at the beginning of "yyyy-MM-dd", `days` later.
  std::optional<time_point> midnight(std::string_view field, std::chrono::days days);
  void refuse(std::string_view field, std::string_view value, std::string_view java_type);
  judged<void> complete() const;  // everything that was refused

 private:
  const api::query& query_;
  std::string_view name_;
  std::vector<api::problem> refused_;
};

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
sort_value without_case(sort_value);

}  // namespace detail

// Whether going through `source` in its own order gives what the keys ask for.
bool follows(const std::vector<api::sort_key>& keys, std::string_view source_order);

// One page of the records of `source`, ordered as `asked.sort` says, else as `usual`, else by id.
// Memory: the keys of the entries up to the end of the page, and the page. Error: an unknown
// property.
template <class T>
judged<storage::page<T>> sorted_page(const api::page_query& asked,
                                     const std::vector<api::sort_key>& usual,
                                     const sortable<T>& properties,
                                     const storage::filter<T>& matches, const source<T>& from) {
  const auto& keys = asked.sort.empty() ? usual : asked.sort;
  for (const auto& key : keys)
    if (key.property != "id" && !properties.contains(key.property))
      return api::bad_sort_property(key.property);
  const auto offset = detail::offset_of(asked);

  if (follows(keys, from.order)) {
    const auto order = !keys.empty() && keys.front().descending ? storage::scan_order::descending
                                                                : storage::scan_order::ascending;
    KP_TRY(auto page, from.scan(storage::page_request{offset, asked.size, order}, matches));
    return page;
  }

  // The first (offset + size) entries as a heap whose top is the last of them.
  const detail::sort_before before{&keys};
  std::vector<detail::sort_entry> best;
  const auto wanted = offset + asked.size;
  std::uint64_t total = 0;
  const auto collect = [&](const T& record) {
    if (matches && !matches(record)) return false;
    ++total;
    detail::sort_entry entry{{}, record.id};
    for (const auto& key : keys) {
      auto value = key.property == "id" ? sort_value(static_cast<std::int64_t>(record.id))
                                        : properties.find(key.property)->second(record);
      entry.values.push_back(key.ignore_case ? detail::without_case(std::move(value))
                                             : std::move(value));
    }
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
  KP_TRY(auto counted,
         from.scan(storage::page_request{0, 1, storage::scan_order::ascending}, collect));
  static_cast<void>(counted);
  std::ranges::sort_heap(best, before);

  std::unordered_map<storage::row_id, std::size_t> place;
  for (std::size_t i = offset; i < best.size(); ++i) place.emplace(best[i].id, i - offset);
  storage::page<T> page;
  page.total = total;
  if (place.empty()) return page;
  const auto chosen = [&](const T& record) { return place.contains(record.id); };
  KP_TRY(auto found,
         from.scan(storage::page_request{0, place.size(), storage::scan_order::ascending}, chosen));
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
