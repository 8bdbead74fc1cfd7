#pragma once

#include "config/byte_io.hpp"

#include <memory>
#include <string>
#include <vector>

namespace kp::http {

// One part of multipart/form-data (RFC 7578): a text field, or a file that is read as it is sent.
struct form_part {
  std::string name;
  std::string content_type;
  std::string text = {};
  std::optional<std::string> filename = {};
  std::shared_ptr<const random_access_source> file = {};  // instead of text
};

// The body, of known size, read as it is sent. `boundary` is of letters, digits and hyphens and is
// in no part. Names and file names are sent as they are, in UTF-8; quotes and line breaks in them
// as browsers send them (%22, %0D, %0A; HTML, multipart form data).
std::shared_ptr<const random_access_source> make_form_data(const std::vector<form_part>& parts,
                                                           const std::string& boundary);
std::string form_content_type(const std::string& boundary);

}  // namespace kp::http
