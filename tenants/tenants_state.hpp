#pragma once

#include "config/clock.hpp"
#include "config/ids.hpp"
#include "config/problem.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kp::tenants {

// What an operator should know of the tenants folder right now; for health pages and metrics. Kept
// up to date by those who watch and run; may be read from any thread.
class tenants_state {
 public:
  struct broken_file {
    std::string file;
    std::vector<problem> problems;  // never empty
    time_point since{};             // when it was first seen broken
    // Runs on with what the file said before; nullopt: the file keeps nobody running.
    std::optional<organisation_id> running;
  };
  struct leaving_organisation {
    organisation_id organisation;
    bool draining = false;  // false: stopping, or stopped (parked); its data stays
    time_point since{};
  };
  // A channel that is configured no more, with messages that nobody can reach until a channel names
  // it in `previous_names` or it comes back.
  struct left_channel {
    organisation_id organisation;
    channel_name channel;
    std::size_t outgoing = 0, incoming = 0;  // counted up to 1000
    time_point since{};
  };
  struct snapshot {
    std::vector<broken_file> broken;            // by file
    std::vector<leaving_organisation> leaving;  // by number
    std::vector<left_channel> left;             // by number and channel
    std::size_t organisations = 0;              // that run
    std::optional<std::string> watch_problem;   // why changes are seen late
  };
  snapshot now() const;

  // `since` stays that of the first report until mended.
  void broken(const std::string& file, std::vector<problem> problems, time_point since,
              std::optional<organisation_id> running);
  void mended(const std::string& file);
  void leaving(organisation_id, bool draining, time_point since);
  void back(organisation_id);  // or erased
  // All channels left behind by an organisation, none included.
  void left_behind(organisation_id, std::vector<left_channel>);
  void runs(std::size_t organisations);
  void watching(std::optional<std::string> problem);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, broken_file> broken_;
  std::map<organisation_id, leaving_organisation> leaving_;
  std::map<organisation_id, std::vector<left_channel>> left_;
  std::size_t organisations_ = 0;
  std::optional<std::string> watch_problem_;
};

}  // namespace kp::tenants
