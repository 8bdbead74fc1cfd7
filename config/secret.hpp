#pragma once

#include "config/error.hpp"

#include <functional>
#include <optional>
#include <string>

namespace kp {

// Answers environment variables; handed in, so that a test can own them.
using environment = std::function<std::optional<std::string>(const std::string& name)>;
environment process_environment();

// Where a secret comes from; its value is read when it is asked for and never printed.
class secret {
 public:
  enum class origin { variable, file, clear };
  secret() = default;
  secret(origin from, std::string name_or_path_or_value);

  // The value without trailing line break. Errors: config_errc::not_readable, naming variable or file.
  result<std::string> read(const environment&) const;
  std::string describe() const;        // "environment variable KP_PASSWORD", "file /etc/…", "set in the clear"
  bool in_the_clear() const { return from_ == origin::clear; }
  // Whether they are read from the same place; values that are elsewhere are not looked at.
  friend bool operator==(const secret&, const secret&) = default;

 private:
  origin from_ = origin::clear;
  std::string text_;
};

}  // namespace kp
