#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>

namespace kp::test {

// What became of one record. The text of one that passed begins with "pass", that of one that has
// to wait with "waits" and why; of one that differs it is the differences, of any other why it is
// not replayed.
struct verdict {
  std::string text;
  bool failed = false;
};

// What became of all records, for people to read.
class replay_report {
 public:
  void note(const std::string& endpoint, const std::string& record, verdict);
  // As note(), where nothing has been said of the record at that endpoint.
  void note_if_new(const std::string& endpoint, const std::string& record, verdict);

  std::set<std::string> records() const;
  // By endpoint, what differs first; then what waits, by reason; then how many of each.
  std::string text() const;

 private:
  std::map<std::string, std::map<std::string, verdict>> by_endpoint_;
};

// Of all tests of this program.
replay_report& replayed();

}  // namespace kp::test
