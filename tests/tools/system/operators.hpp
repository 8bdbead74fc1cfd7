#pragma once

#include "tests/tools/system/town.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace kp::test {

// What operators have: kpctl, and the admin listener itself.
class operators : public in_town {
 protected:
  static std::string program(const std::string& name) {
    return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / name).string();
  }
  // As a user who may look, unless another one is named.
  tool_result ctl(const std::string& arguments, const std::string& who = operator_user) const {
    const auto colon = who.find(':');
    return run(fmt::format("KPCTL_URL=http://127.0.0.1:{} KPCTL_USER={} KPCTL_PASSWORD={} {} {}",
                           here->admin_port(), who.substr(0, colon), who.substr(colon + 1),
                           program("kpctl"), arguments));
  }
  rest_answer admin(const std::string& who, const std::string& method, const std::string& path,
                    const std::string& body = {}) const {
    return call(here->admin_port(), method, "/admin/organisations/" + path, basic(who), body);
  }
};

}  // namespace kp::test
