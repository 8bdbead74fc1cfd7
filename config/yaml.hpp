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
// Duplicate keys, anchors, aliases, tags, several documents and more than 32 levels are problems.
// Files above 1 MiB and files that are not UTF-8 are refused.
class yaml_map;

class yaml_value {
 public:
  bool is_scalar() const;   // also true for nothing: `key:`
  bool is_nothing() const;  // `key:`, `key: ~` or `key: null`
  bool is_list() const;
  bool is_map() const;
  std::string text() const;  // scalar, trimmed
  source_position where() const;
  std::vector<yaml_value> items() const;  // list
  // Reports to `problems` and gives an empty map when this is no map. Nothing is an empty map.
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
  source_position where(std::string_view key) const;  // of the key, or of the map
  std::vector<std::string> keys() const;
  std::vector<problem>& problems() const { return problems_; }
  // Reports each key that nobody asked for, with the nearest known key.
  void report_unknown_keys(std::string_view what);

 private:
  std::shared_ptr<const yaml_value::node> node_;
  std::vector<problem>& problems_;
  std::set<std::string, std::less<>> known_;
};

// Reads a file; nullopt and a problem when it is not readable or no YAML map. A map with duplicate
// keys, anchors or aliases is reported and given nevertheless, so that its other problems are found
// in the same run.
std::optional<yaml_map> read_yaml(const std::string& path, std::vector<problem>& problems);

// The same for text that has been read already; `path` is for the positions.
std::optional<yaml_map> parse_yaml(std::string_view text, const std::string& path,
                                   std::vector<problem>& problems);

// The bound of read_yaml.
inline constexpr std::size_t largest_yaml_file = 1024 * 1024;

// What a person wrote, in quotes for an error text: cut to 60 bytes, without control characters.
std::string in_quotes(std::string_view text);

// The known word nearest to `given` by edit distance (at most a third of its length), if any.
std::optional<std::string> nearest(std::string_view given, const std::vector<std::string>& known);

}  // namespace kp
