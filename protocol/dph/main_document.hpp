#pragma once

#include "config/error.hpp"
#include "protocol/dph/dph_error.hpp"

#include <string_view>

namespace kp::dph {

// Of a main document: larger ones are no dialogmelding, whose attachments travel beside it.
inline constexpr std::size_t longest_main_document = 4 * 1024 * 1024;

// Whether the bytes are a Dialogmelding 1.1, by its published schema (dph.md 5.2). Error:
// dph_errc::invalid_document, which names lines and elements and repeats no value.
result<void> check_main_document(std::string_view xml);

}  // namespace kp::dph
