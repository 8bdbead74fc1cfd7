#pragma once

#include <string>
#include <vector>

namespace kp {

struct source_position {
  std::string file;
  int line = 0;    // 1-based; 0: the file as a whole
  int column = 0;  // 1-based
};

// Something wrong in a file that a person wrote.
struct problem {
  source_position where;
  std::string rule;    // what is broken, as a sentence
  std::string remedy;  // what to do
};

// "tenants.d/910076787.yaml:14:5: <rule>. <remedy>"
std::string to_string(const problem&);

// By file, line and column, as a person goes through them.
void sort_by_position(std::vector<problem>&);

}  // namespace kp
