#include "actors/channel_lists.hpp"

#include <fmt/format.h>

#include <limits>

namespace kp::actors {

std::optional<service> parse_api_service(std::string_view text) {
  if (text == "UNKNOWN") return service::unknown;
  const auto found = parse_service(text);
  if (found == service::dpfio) return std::nullopt;
  return found;
}

api::problem unknown_service(std::string_view value) {
  api::problem problem;
  problem.status = 400;
  problem.exception = "org.springframework.dao.InvalidDataAccessApiUsageException";
  problem.message =
      fmt::format("No enum constant no.difi.meldingsutveksling.ServiceIdentifier.{}", value);
  return problem;
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

std::uint64_t offset_of(const api::page_query& asked) {
  // A page far beyond everything is an empty one; the product must not wrap round.
  constexpr auto far = std::numeric_limits<std::uint64_t>::max() / 4;
  const auto size = std::max<std::uint64_t>(asked.size, 1);
  return asked.page > far / size ? far : asked.page * size;
}

}  // namespace detail

}  // namespace kp::actors
