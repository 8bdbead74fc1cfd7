#pragma once

#include "config/problem.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kp {

enum class admin_role {
  read,     // sees everything that /manage and /admin show
  operate,  // changes things as well
};

struct admin_credential {
  std::string user;
  std::string password_hash;  // "$scrypt$…", made by `knutepunkt credential`
  admin_role role = admin_role::read;
  source_position where{};
};

// The listener for operators and their tools, apart from the one for clients.
struct admin_settings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;                  // 0: none
  std::string certificate_file, key_file;  // both or none
  std::vector<admin_credential> credentials;
};

}  // namespace kp
