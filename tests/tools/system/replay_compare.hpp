#pragma once

#include <boost/json/value.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

// Comparing what the hub answers with an answer on record, field by field.

namespace kp::test {

// What may differ, beside what always does: row ids (`id`, `convId`: a number for a number) and
// times (a time for a time).
struct replay_rules {
  // Only names and kinds count, of lists those of the first element: for answers whose values are
  // those of another installation.
  bool shape_only = false;
  std::set<std::string> gone;                 // members of older records that are no more
  std::set<std::string> added;                // members that older records lack
  std::set<std::string> any;                  // members that may be anything, or missing
  std::map<std::string, std::string> values;  // members that say something else today
};

// One line for each difference, "content[0].status: SENDT on record, FEIL here".
std::vector<std::string> differences(const boost::json::value& on_record,
                                     const boost::json::value& here, const replay_rules& rules);

// A record made to be sent today: the same new UUID for each of its own (`renamed` is kept between
// records that belong together), and deadlines an hour from now.
std::string for_today(std::string text, std::map<std::string, std::string>& renamed);

}  // namespace kp::test
