#pragma once

#include <string>
#include <string_view>

namespace kp::sandbox {

// Why the bytes are no Dialogmelding 1.1 by the published schema: "T01 …" when they are no XML,
// "T02 …" when they do not validate; "" when they are one.
std::string judge_dialogmelding(std::string_view xml);

// The bytes of protocol/dph/schema.
namespace dph_schema_texts {
std::string_view dialogmelding();
std::string_view felleskomponent();
std::string_view kith();
}  // namespace dph_schema_texts

}  // namespace kp::sandbox
