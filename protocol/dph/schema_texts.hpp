#pragma once

#include <string_view>

// The published XML schemas of protocol/dph/schema, which programs carry (cmake/embed.cmake). Not
// for other rooms.

namespace kp::dph::schema_texts {

std::string_view dialogmelding();
std::string_view felleskomponent();
std::string_view kith();

}  // namespace kp::dph::schema_texts
