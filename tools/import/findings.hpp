#pragma once

#include "config/problem.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kp::importer {

// What a person must know of an import.
enum class kind {
  problem,   // something is lost or wrong until somebody decides; exit code 1
  step,      // carried over, and something must be done before the hub can use it
  left_out,  // not carried over, and nothing is lost
};

struct finding {
  kind is = kind::problem;
  source_position where;
  std::string property;  // as written in the file; empty: of no single one
  std::string value;     // for people, secrets masked; empty: none
  std::string why;       // a sentence without its full stop
  std::string todo;      // sentences
};

class findings {
 public:
  // Problems with properties of these names are what the operator has accepted to lose: they become
  // left out. A name may end in * for all that begin so.
  explicit findings(std::vector<std::string> dropped = {}) : dropped_(std::move(dropped)) {}

  void add(finding);
  const std::vector<finding>& all() const { return all_; }
  bool has_problems() const;
  // One line each, by kind; with a line of counts at the end.
  std::string to_text() const;

 private:
  std::vector<std::string> dropped_;
  std::vector<finding> all_;
};

}  // namespace kp::importer
