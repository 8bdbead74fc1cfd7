#pragma once

#include "tenants/organisation.hpp"
#include "tenants/tenants_folder.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

// Key stores are files beside the organisation's own, and are replaced under the same name when
// certificates are renewed.

namespace kp::tenants {

using reference_stamps = std::map<std::string, std::optional<file_stamp>>;  // by path

// Stamps the key stores of an organisation and reads them with their passwords; adds what they hold
// to its fingerprint, behind a full stop. Blocks.
reference_stamps read_references(organisation&, const environment&);
// That part of a fingerprint; empty when one of them could not be read.
std::string_view key_fingerprint(std::string_view fingerprint);

// Follows such files by looking at a few at a time, so that many organisations cost no more than
// one, on any file system and through any links. One thread; blocks.
class referenced_files {
 public:
  static constexpr std::size_t at_once = 500;
  static constexpr std::chrono::milliseconds every{1000};

  // `file` is what these were read for, in place of what it was before.
  void follow(const std::string& file, const reference_stamps& read);
  void forget(const std::string& file);

  // The files for which something has changed that is at rest again: as it was the last time. What
  // is gone is waited for.
  std::set<std::string> look();

 private:
  struct reference {
    std::optional<file_stamp> read;  // as it was when it was read
    std::optional<file_stamp> seen;
    std::set<std::string> files;
  };
  void look_at(const std::string& path, reference&, std::set<std::string>& changed);

  std::map<std::string, reference> references_;
  std::map<std::string, std::vector<std::string>> of_file_;
  std::set<std::string> restless_;
  std::string next_;  // where the round goes on
};

}  // namespace kp::tenants
