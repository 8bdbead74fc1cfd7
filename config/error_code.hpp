#pragma once

#include <string>
#include <system_error>

// KP_ERROR_ENUM(ns, enum_type, "room name") makes an enum usable as std::error_code. Use it at
// global scope, after the enum; the enum's namespace must define `const char* to_text(enum_type)`.
#define KP_ERROR_ENUM(ns, enum_type, room)                                                     \
  namespace ns {                                                                               \
  inline const std::error_category& enum_type##_category() {                                   \
    struct category final : std::error_category {                                              \
      const char* name() const noexcept override { return room; }                              \
      std::string message(int value) const override {                                          \
        return to_text(static_cast<enum_type>(value));                                         \
      }                                                                                        \
    };                                                                                         \
    static const category instance;                                                            \
    return instance;                                                                           \
  }                                                                                            \
  inline std::error_code make_error_code(enum_type value) {                                    \
    return {static_cast<int>(value), enum_type##_category()};                                  \
  }                                                                                            \
  }                                                                                            \
  template <>                                                                                  \
  struct std::is_error_code_enum<ns::enum_type> : std::true_type {}
