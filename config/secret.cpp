#include "config/secret.hpp"

#include "config/config_error.hpp"
#include "config/files.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace kp {

namespace {

// Passwords and keys are short; a longer file is a mix-up.
constexpr std::size_t longest_secret_file = 64 * 1024;

std::string without_line_break(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace

environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody sets
    if (!value) return std::nullopt;
    return std::string(value);
  };
}

secret::secret(origin from, std::string name_or_path_or_value)
    : from_(from), text_(std::move(name_or_path_or_value)) {}

result<std::string> secret::read(const environment& variables) const {
  switch (from_) {
    case origin::clear:
      return text_;
    case origin::variable: {
      auto value = variables ? variables(text_) : std::nullopt;
      if (!value)
        return permanent(config_errc::not_readable,
                         fmt::format("environment variable {} is not set", text_));
      return without_line_break(*std::move(value));
    }
    case origin::file: {
      KP_TRY(auto value, read_file(text_, longest_secret_file));
      return without_line_break(std::move(value));
    }
  }
  return permanent(config_errc::invalid_value, "a secret of no known origin");
}

std::string secret::describe() const {
  switch (from_) {
    case origin::variable:
      return "environment variable " + text_;
    case origin::file:
      return "file " + text_;
    case origin::clear:
      break;
  }
  return "set in the clear";
}

}  // namespace kp
