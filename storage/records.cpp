#include "storage/records.hpp"

#include <array>

namespace kp::storage {
namespace {

// By number.
constexpr std::array<std::string_view, 10> names{"OPPRETTET",
                                                 "SENDT",
                                                 "MOTTATT",
                                                 "LEVERT",
                                                 "LEST",
                                                 "FEIL",
                                                 "LEVETID_UTLOPT",
                                                 "ANNET",
                                                 "INNKOMMENDE_MOTTATT",
                                                 "INNKOMMENDE_LEVERT"};

}  // namespace

std::string_view to_string(status_name name) {
  return names.at(static_cast<std::size_t>(name));
}

std::optional<status_name> parse_status_name(std::string_view text) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == text) return static_cast<status_name>(i);
  return std::nullopt;
}

}  // namespace kp::storage
