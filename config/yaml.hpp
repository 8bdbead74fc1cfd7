#pragma once

#include "config/problem.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kp {

// A YAML document that remembers where everything stands and which keys were asked for, so that
// whatever was not asked for is an unknown key. Scalars are text; surrounding space is trimmed.
// Duplicate keys, anchors, aliases and more than 32 levels are problems. Files above 1 MiB are refused.
class yaml_map;

class yaml_value {
 public:
  bool is_scalar() const;
  bool is_list() const;
  bool is_map() const;
  std::string text() const;                      // scalar, trimmed
  source_position where() const;
  std::vector<yaml_value> items() const;         // list
  // Reports to `problems` and gives an empty map when this is no map.
  yaml_map as_map(std::vector<problem>& problems, std::string_view what) const;

  struct node;
  explicit yaml_value(std::shared_ptr<const node> n) : node_(std::move(n)) {}

 private:
  std::shared_ptr<const node> node_;
};

class yaml_map {
 public:
  yaml_map(std::shared_ptr<const yaml_value::node> node, std::vector<problem>& problems);
  // The value of a key, which counts as known from now on.
  std::optional<yaml_value> find(std::string_view key);
  source_position where() const;
  source_position where(std::string_view key) const;     // of the key, or of the map
  std::vector<std::string> keys() const;
  std::vector<problem>& problems() const { return problems_; }
  // Reports each key that nobody asked for, with the nearest known key.
  void report_unknown_keys(std::string_view what);

 private:
  std::shared_ptr<const yaml_value::node> node_;
  std::vector<problem>& problems_;
  std::set<std::string, std::less<>> known_;
};

// Reads a file; nullopt and a problem when it is not readable or no YAML map.
std::optional<yaml_map> read_yaml(const std::string& path, std::vector<problem>& problems);

// The known word nearest to `given` by edit distance (at most a third of its length), if any.
std::optional<std::string> nearest(std::string_view given, const std::vector<std::string>& known);

}  // namespace kp
