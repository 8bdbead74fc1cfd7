#pragma once

#include "tools/import/catalogue.hpp"
#include "tools/import/findings.hpp"
#include "tools/import/property.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kp::importer {

// One Java installation: what its files say together, by what Spring makes of them.
class installation {
 public:
  // Where a value of it stands; `value` has its placeholders resolved.
  struct entry {
    const known_property* known = nullptr;
    std::string name;  // as written
    std::string value;
    source_position where;
    bool is_variable = false;
    bool used = false;    // by a placeholder, or carried over
    bool broken = false;  // a placeholder cannot be resolved; counts as not there
  };

  // `layers` as they override each other, the last one wins; `folder` is where its relative paths
  // start. Documents for other profiles than that of the environment are passed over.
  installation(std::string channel, std::string folder, std::vector<property> layers,
               environment_preset environment, findings& report);

  const std::string& channel() const { return channel_; }
  const std::string& folder() const { return folder_; }
  const std::vector<std::string>& files() const { return files_; }

  // The value of a property, in any of the spellings, trimmed; nullopt when it is not set or empty.
  // What was asked for counts as carried over.
  std::optional<std::string> text(std::string_view name);
  // The same with the spaces at its end, for passwords.
  std::optional<std::string> exact(std::string_view name);
  bool flag(std::string_view name, bool otherwise);  // true, false, and what Spring takes for them
  std::optional<std::int64_t> number(std::string_view name);
  // A list written with commas, or as name[0], name[1].
  std::vector<std::string> list(std::string_view name);
  // All elements that stand at the "*" of a name: {"0", "1"} for reportees[*].orgId.
  std::vector<std::string> keys(std::string_view pattern) const;
  const entry* find(std::string_view name) const;
  std::map<std::string, entry>& entries() { return entries_; }

  // Adds a finding about a property that is set (or about the first file).
  void report(findings&, kind, std::string_view name, std::string why, std::string todo) const;

 private:
  void take(property, findings&);
  void resolve_all(findings&);
  std::optional<std::string> resolve(std::string_view text, int depth, std::string& unknown);
  std::optional<std::string> lookup(std::string_view name, int depth, std::string& unknown);

  int lookups_ = 0;  // of the value that is being resolved
  std::string channel_;
  std::string folder_;
  std::vector<std::string> files_;
  environment_preset environment_;
  std::map<std::string, entry> entries_;  // by canonical name
};

// Adds what is left of an installation after it has been carried over.
void report_rest(installation&, const std::set<service>& enabled, environment_preset,
                 const std::string& number, findings&);

}  // namespace kp::importer
