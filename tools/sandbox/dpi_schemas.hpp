#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kp::sandbox {

// Faults of a document of digital post by the published JSON schema of its type; one fault for a
// type that has none.
std::vector<std::string> judge_document(std::string_view type, const boost::json::value& document);

// The published schemas, as they are.
namespace dpi_schema_texts {
std::string_view sbdh();
std::string_view commons();
std::string_view digital();
std::string_view utskrift();
}  // namespace dpi_schema_texts

}  // namespace kp::sandbox
