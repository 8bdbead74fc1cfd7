#pragma once

#include "config/yaml.hpp"

// One node of a YAML document; inside the room only.

namespace kp {

struct yaml_value::node {
  enum class kind { nothing, scalar, list, map };
  struct entry {
    std::string key;
    int line = 0;
    int column = 0;
    std::shared_ptr<const node> value;
  };

  kind is = kind::nothing;
  std::shared_ptr<const std::string> file;
  int line = 0;    // 1-based
  int column = 0;  // 1-based
  std::string text;
  std::vector<std::shared_ptr<const node>> items;
  std::vector<entry> entries;

  source_position where() const { return {*file, line, column}; }
};

}  // namespace kp
