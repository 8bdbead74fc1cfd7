#pragma once

#include "config/random.hpp"
#include "config/secret.hpp"

#include <string>
#include <utility>
#include <vector>

namespace kp::ctl {

// What is asked for to add an organisation.
struct new_organisation {
  std::string number, name;
  std::string keystore, alias;                   // the alias may be empty
  std::string password_variable, password_file;  // one of them
  std::vector<std::string> channels;
  std::string receiver;  // the channel that receives DPO; empty: none

  // A user per channel and its password, which is stored nowhere but as a hash in the file.
  using sign_in = std::pair<std::string, std::string>;
  std::vector<sign_in> sign_ins;
};

// Makes up the sign-ins of the channels.
void invent_sign_ins(new_organisation& who, random_source& random);

// The organisation's file. The key store's path is made absolute.
std::string to_yaml(const new_organisation& who, random_source& random);

}  // namespace kp::ctl
