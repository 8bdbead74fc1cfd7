#pragma once

#include "tools/simulation/dice.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kp::simulation {

// Every payload carries the mark of who wrote it and to whom: "ca11ab1e" and the two organisations
// of a town of at most nine, counted from 0.
inline constexpr std::string_view mark_begin = "ca11ab1e";
std::string mark_of(std::size_t from_organisation, std::size_t to_organisation);
// The first mark in `bytes` that `organisation` has no part in.
std::optional<std::string> foreign_mark(std::string_view bytes, std::size_t organisation);
// Ends in the mark and two digits of chance.
std::string marked_uuid(const std::string& mark, dice&);

}  // namespace kp::simulation
