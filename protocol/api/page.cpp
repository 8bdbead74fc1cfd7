#include "protocol/api/page.hpp"

#include "config/text.hpp"
#include "protocol/sbd/json_text.hpp"

#include <charconv>
#include <limits>

namespace kp::api {

namespace json = boost::json;

namespace {

constexpr std::size_t max_query_values = 1000;  // of one request; the rest is not looked at
constexpr std::size_t max_sort_keys = 20;
constexpr std::uint64_t max_page_size = 2000;

// Upstream's page numbers are Java ints: what does not fit one is no number.
std::optional<std::uint64_t> parse_java_int(std::string_view text) {
  std::int32_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(number);
}

// What is no valid %xx stays as it is.
std::string decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+') {
      out += ' ';
      continue;
    }
    if (text[at] == '%' && at + 2 < text.size()) {
      if (const auto byte = from_hex(text.substr(at + 1, 2))) {
        out += *byte;
        at += 2;
        continue;
      }
    }
    out += text[at];
  }
  return out;
}

// prop[,prop...][,asc|desc][,ignorecase]
void add_sort_keys(std::string_view text, std::vector<sort_key>& to) {
  std::vector<std::string_view> words;
  while (words.size() <= max_sort_keys) {
    const auto comma = text.find(',');
    words.push_back(trim(text.substr(0, comma)));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  const bool ignore_case = words.size() > 1 && equals_ignoring_case(words.back(), "ignorecase");
  if (ignore_case) words.pop_back();
  bool descending = false;
  if (equals_ignoring_case(words.back(), "desc") || equals_ignoring_case(words.back(), "asc")) {
    descending = equals_ignoring_case(words.back(), "desc");
    words.pop_back();
  }
  for (const auto word : words)
    if (!word.empty() && to.size() < max_sort_keys)
      to.push_back({std::string(word), descending, ignore_case});
}

json::object sort_object(bool sorted) {
  json::object out;
  out["empty"] = !sorted;
  out["sorted"] = sorted;
  out["unsorted"] = !sorted;
  return out;
}

}  // namespace

query query::parse(std::string_view text) {
  query out;
  while (!text.empty() && out.values_.size() < max_query_values) {
    const auto end = text.find('&');
    const auto pair = text.substr(0, end);
    if (!pair.empty()) {
      const auto equals = pair.find('=');
      const auto value =
          equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
      out.values_.emplace_back(decode(pair.substr(0, equals)), decode(value));
    }
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

std::optional<std::string> query::find(std::string_view name) const {
  for (const auto& [key, value] : values_)
    if (key == name) return value;
  return std::nullopt;
}

std::vector<std::string> query::all(std::string_view name) const {
  std::vector<std::string> out;
  for (const auto& [key, value] : values_)
    if (key == name) out.push_back(value);
  return out;
}

bool query::has(std::string_view name) const {
  return find(name).has_value();
}

page_query parse_page_query(const query& from) {
  page_query out;
  if (const auto page = from.find("page"))
    out.page = parse_java_int(trim(*page)).value_or(out.page);
  if (const auto size = from.find("size"))
    if (const auto number = parse_java_int(trim(*size)); number && *number > 0)
      out.size = std::min(*number, max_page_size);
  for (const auto& sort : from.all("sort")) add_sort_keys(sort, out.sort);
  return out;
}

json::object to_page(json::array content, const page_query& asked, std::uint64_t total,
                     bool sorted) {
  const auto elements = content.size();
  const auto pages = asked.size == 0 ? 0 : (total + asked.size - 1) / asked.size;
  json::object pageable;
  pageable["pageNumber"] = asked.page;
  pageable["pageSize"] = asked.size;
  pageable["sort"] = sort_object(sorted);
  pageable["offset"] = asked.page * asked.size;
  pageable["paged"] = true;
  pageable["unpaged"] = false;

  json::object out;
  out["content"] = std::move(content);
  out["pageable"] = std::move(pageable);
  out["last"] = asked.page + 1 >= pages;
  out["totalElements"] = total;
  out["totalPages"] = pages;
  out["first"] = asked.page == 0;
  out["size"] = asked.size;
  out["number"] = asked.page;
  out["sort"] = sort_object(sorted);
  out["numberOfElements"] = elements;
  out["empty"] = elements == 0;
  return out;
}

std::string pretty(const json::value& value) {
  return sbd::pretty_json(value);
}

}  // namespace kp::api
