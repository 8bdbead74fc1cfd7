#pragma once

#include "tools/crash/model.hpp"

#include <boost/json/object.hpp>

namespace kp::crash {

// The ones at the other end of the services beside DPO (counterparts.hpp).
inline const std::string company = "810000430";     // without an access point: DPV
inline const std::string einnsyn = "991825827";     // DPE
inline const std::string resident = "17912099997";  // DPI and DPH
inline const std::string practice = "810000724";    // DPH
inline constexpr int practice_her_id = 9001;
// Of an organisation beside DPO.
constexpr int her_id_of(std::size_t organisation) {
  return 8100 + static_cast<int>(organisation);
}

// A letter and its files, everything with its mark.
std::shared_ptr<letter> make_letter(const letter_plan&, std::string name);
// As its sender gives it to create.
boost::json::object document_of(const letter&);
std::string content_type_of(const std::string& file);

}  // namespace kp::crash
