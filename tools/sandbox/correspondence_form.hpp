#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kp::sandbox {

struct uploaded_part {
  std::string name, filename, content_type, bytes;
  bool is_file = false;
};

// multipart/form-data (RFC 7578), strictly: nullopt when a boundary, a header or the end is
// missing.
std::optional<std::vector<uploaded_part>> parse_upload(std::string_view content_type,
                                                       std::string_view body);

// The text parts in dot notation, found as the server finds them: whatever the case of a name.
class form_fields {
 public:
  explicit form_fields(const std::vector<uploaded_part>&);
  std::optional<std::string> find(std::string_view name) const;
  std::string at(std::string_view name) const { return find(name).value_or(""); }
  // How many elements an array has: name[0]…, up to the first that is missing.
  std::size_t count(std::string_view name) const;
  std::size_t members(std::string_view name) const;  // of a map

 private:
  std::map<std::string, std::string, std::less<>> fields_;  // names in lower case
};

}  // namespace kp::sandbox
