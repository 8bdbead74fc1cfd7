#pragma once

#include <string_view>

// The published JSON schemas of protocol/dpi/schema, which programs carry (cmake/embed.cmake). Not
// for other rooms.

namespace kp::dpi::schema_texts {

std::string_view sbdh();
std::string_view commons();
std::string_view digital();
std::string_view utskrift();
std::string_view flyttet();
std::string_view feil();
std::string_view leveringskvittering();
std::string_view aapningskvittering();
std::string_view varslingfeiletkvittering();
std::string_view mottakskvittering();
std::string_view returpostkvittering();

}  // namespace kp::dpi::schema_texts
