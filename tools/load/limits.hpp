#pragma once

#include <chrono>
#include <string>

namespace kp::load {

struct limits_options {
  std::string folder;         // on the disk to be measured
  std::string keystore;       // PKCS#12; its key signs
  std::string password_file;  // of the key store
  std::chrono::milliseconds each{2000};
  std::string figures;
};

// What this machine can do without a hub: writes that are synced one after the other, signatures
// on all processors, SHA-256 and AES-256-GCM on one, HTTP exchanges over loopback between two
// threads. Returns the exit code.
int measure_limits(const limits_options&);

}  // namespace kp::load
