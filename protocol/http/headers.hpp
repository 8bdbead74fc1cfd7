#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kp::http {

// Header fields in order; names compare without regard to case.
class headers {
 public:
  headers() = default;
  headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}
  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  std::optional<std::string_view> find(std::string_view name) const;  // the first
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// RFC 9110 5.1: a token, so that a name cannot end its line or become a second field.
bool is_field_name(std::string_view name);
// RFC 9110 5.5: no control character but tab, so that a value cannot end its line.
bool is_field_value(std::string_view value);

}  // namespace kp::http
