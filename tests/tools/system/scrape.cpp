#include "tests/tools/system/scrape.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>

namespace kp::test {

namespace {

// https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4)
const std::regex comment(R"(# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+))");
const std::regex line_form(
    R"rx(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\["\\n])*",?)*\})? ([-+0-9.eEInfNa]+))rx");

bool belongs(const std::string& sample, const std::string& family) {
  return sample == family || sample == family + "_bucket" || sample == family + "_sum" ||
         sample == family + "_count";
}

}  // namespace

scrape::scrape(const std::string& text) {
  EXPECT_TRUE(text.ends_with('\n'));
  std::istringstream lines(text);
  std::set<std::string> families;
  std::string family;
  for (std::string line; std::getline(lines, line);) {
    std::smatch parts;
    if (std::regex_match(line, parts, comment)) {
      if (parts[1] != "TYPE") continue;
      family = parts[2];
      EXPECT_TRUE(families.insert(family).second) << "family twice: " << line;
    } else if (std::regex_match(line, parts, line_form)) {
      EXPECT_TRUE(belongs(parts[1], family)) << "outside its family: " << line;
      const auto name = parts[1].str() + parts[2].str();
      EXPECT_TRUE(samples_.emplace(name, std::stod(parts[5])).second) << "twice: " << line;
    } else {
      ADD_FAILURE() << "no line of the format: " << line;
    }
  }
}

double scrape::operator[](const std::string& sample) const {
  const auto found = samples_.find(sample);
  return found == samples_.end() ? 0 : found->second;
}

double scrape::sum(const std::string& name,
                   const std::map<std::string, std::string>& labels) const {
  double all = 0;
  for (const auto& [sample, value] : samples_) {
    if (sample.substr(0, sample.find('{')) != name) continue;
    bool fits = true;
    for (const auto& [label, wanted] : labels)
      fits = fits && sample.find(label + "=\"" + wanted + "\"") != std::string::npos;
    if (fits) all += value;
  }
  return all;
}

}  // namespace kp::test
