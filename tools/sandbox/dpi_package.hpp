#pragma once

#include "tools/sandbox/dpi_xades.hpp"

namespace kp::sandbox {

// A document package as the mailbox provider or the printer opens it (dpi.md 6, 13 S4).
struct opened_package {
  entry_list entries;
  std::string manifest;
  std::optional<std::string> signer;  // nine digits
  std::vector<std::string> faults;
};
opened_package open_package(const std::string& cms, const rsa_key& key, const certificate& own);

}  // namespace kp::sandbox
