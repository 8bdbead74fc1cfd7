#include "actors/channel_lists.hpp"

#include "config/text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>

namespace kp::actors {

std::optional<service> parse_api_service(std::string_view text) {
  if (text == "UNKNOWN") return service::unknown;
  return parse_service(text);
}

api::problem unknown_service(std::string_view value) {
  api::problem problem;
  problem.status = 400;
  problem.exception = "org.springframework.dao.InvalidDataAccessApiUsageException";
  problem.message =
      fmt::format("No enum constant no.difi.meldingsutveksling.ServiceIdentifier.{}", value);
  return problem;
}

std::optional<std::string> query_object::text(std::string_view field) const {
  auto value = query_.find(field);
  return value && !value->empty() ? value : std::nullopt;
}

std::optional<std::int64_t> query_object::number(std::string_view field) {
  const auto given = text(field);
  if (!given) return std::nullopt;
  const auto digits = trim(*given);
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (failed == std::errc{} && end == digits.data() + digits.size()) return value;
  refuse(field, *given, "java.lang.Long");
  return std::nullopt;
}

std::optional<bool> query_object::truth(std::string_view field) {
  const auto given = text(field);
  if (!given) return std::nullopt;
  const auto word = trim(*given);
  for (const auto* yes : {"true", "on", "yes", "1"})
    if (equals_ignoring_case(word, yes)) return true;
  for (const auto* no : {"false", "off", "no", "0"})
    if (equals_ignoring_case(word, no)) return false;
  refuse(field, *given, "java.lang.Boolean");
  return std::nullopt;
}

std::optional<time_point> query_object::moment(std::string_view field) {
  const auto given = text(field);
  if (!given) return std::nullopt;
  auto at = parse_timestamp_with_offset(*given);
  if (!at) refuse(field, *given, "java.time.OffsetDateTime");
  return at;
}

std::optional<time_point> query_object::midnight(std::string_view field, std::chrono::days days) {
  const auto given = text(field);
  if (!given) return std::nullopt;
  const auto utc = given->size() == 10 ? parse_timestamp_with_offset(*given + "T00:00:00Z")
                                       : std::optional<time_point>{};
  if (!utc) {
    refuse(field, *given, "java.time.LocalDate");
    return std::nullopt;
  }
  const auto at = *utc + days;
  // Oslo changes its offset at 01:00 UTC, so the hour before UTC midnight has the one of midnight.
  return at - oslo_offset(at - std::chrono::hours(1));
}

void query_object::refuse(std::string_view field, std::string_view value,
                          std::string_view java_type) {
  refused_.push_back(api::bad_query_value(name_, field, value, java_type));
}

judged<void> query_object::complete() const {
  if (!refused_.empty()) return api::bad_query_values(name_, refused_);
  return {};
}

bool follows(const std::vector<api::sort_key>& keys, std::string_view source_order) {
  if (keys.empty()) return source_order == "id";
  if (keys.front().property != source_order) return false;
  // No two have the same id; what else is the same has to be ordered by the keys that follow.
  return keys.size() == 1 || source_order == "id";
}

namespace detail {

bool sort_before::operator()(const sort_entry& a, const sort_entry& b) const {
  for (std::size_t i = 0; i < keys->size(); ++i) {
    if (a.values[i] == b.values[i]) continue;
    const bool less = a.values[i] < b.values[i];
    return (*keys)[i].descending ? !less : less;
  }
  return a.id < b.id;
}

sort_value without_case(sort_value value) {
  if (auto* text = std::get_if<std::string>(&value)) *text = to_lower(*text);
  return value;
}

std::uint64_t offset_of(const api::page_query& asked) {
  // A page far beyond everything is an empty one; the product must not wrap round.
  constexpr auto far = std::numeric_limits<std::uint64_t>::max() / 4;
  const auto size = std::max<std::uint64_t>(asked.size, 1);
  return asked.page > far / size ? far : asked.page * size;
}

}  // namespace detail

}  // namespace kp::actors
