#pragma once

#include "tools/kpctl/admin_client.hpp"

#include <boost/json/value.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace kp::ctl {

inline constexpr int wrong_usage = 2;

int fail(std::string_view why);      // to standard error; 1
int print(const std::string& text);  // to standard output; 0, or 1 when it cannot be written

// What the options that all commands share say.
struct session {
  admin_address at;
  bool as_json = false;

  // How a person sees an answer.
  using view = std::string (*)(const boost::json::value&);
  int show(const boost::json::value& answer, view how) const;
  int ask_and_show(const order& what, view how) const;
};

// The commands of kpctl: a module adds its own; the one that was given runs.
class commands {
 public:
  using work = std::function<int(const session&)>;

  explicit commands(CLI::App& root) : root_(root) {}

  // A command of kpctl itself, or of the group `under`.
  CLI::App& add(const char* name, const char* help, work run, CLI::App* under = nullptr);
  CLI::App& add_group(const char* name, const char* help);  // is not run itself
  int run(const session&) const;

 private:
  struct entry {
    CLI::App* app;
    work run;
  };
  CLI::App& root_;
  std::vector<entry> all_;
};

// "/admin/organisations/<number>" and `tail`.
std::string path_of(const std::string& number, const std::string& tail = {});

void add_show_commands(commands&);
void add_message_commands(commands&);
void add_service_commands(commands&);
void add_seat_commands(commands&);
void add_stats_commands(commands&);
void add_probe_command(commands&);
void add_add_command(commands&);
void add_backup_commands(commands&);

}  // namespace kp::ctl
