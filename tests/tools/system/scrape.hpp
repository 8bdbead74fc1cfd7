#pragma once

#include <map>
#include <string>

namespace kp::test {

// The samples of a Prometheus exposition by name and labels as they stand in the text:
// `knutepunkt_messages_total{event="sent",…}`. Reads strictly: what breaks the format is a test
// failure that says the line.
class scrape {
 public:
  explicit scrape(const std::string& text);
  // 0 where there is none.
  double operator[](const std::string& sample) const;
  // Of all samples of that name whose labels contain all of `labels` (`event="sent"`).
  double sum(const std::string& name, const std::map<std::string, std::string>& labels) const;

 private:
  std::map<std::string, double> samples_;
};

}  // namespace kp::test
