#pragma once

#include "config/byte_io.hpp"

#include <memory>
#include <string>

namespace kp::dpi {

// The multipart/form-data body of a shipment, read as it is sent: sbd.jwt, then asic.cms (dpi.md
// 3.1). `boundary` is of letters, digits and hyphens, and in neither part.
std::shared_ptr<const random_access_source> make_form(
    const std::string& jws, std::shared_ptr<const random_access_source> package,
    const std::string& boundary);

}  // namespace kp::dpi
