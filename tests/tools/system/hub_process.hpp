#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>

namespace kp::test {

// Within this everything that a test waits for has come.
inline constexpr std::chrono::seconds patience{20};

// `knutepunkt run` as a child process, its output in a file. It dies with the test program.
class hub_process {
 public:
  hub_process(std::filesystem::path program, std::filesystem::path configuration,
              std::filesystem::path log)
      : program_(std::move(program)),
        configuration_(std::move(configuration)),
        log_(std::move(log)) {}
  ~hub_process() { kill(); }
  hub_process(const hub_process&) = delete;
  hub_process& operator=(const hub_process&) = delete;

  // True once it has logged that it is ready.
  bool start() { return launch() && until_ready(); }
  // The two halves of start(). `environment`: "NAME=value" for this start alone.
  bool launch(const std::string& environment = {});
  bool until_ready(std::chrono::seconds longest = patience);
  bool running() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }
  // Whether it has ended by itself, or does within that time.
  bool ended(std::chrono::milliseconds longest = {});
  // Of the process that has ended by itself; 0 after an exit.
  int signal_of_death() const { return signal_; }
  // SIGTERM; its exit code, or -1 when it had to be killed after `patience` or fell to a signal.
  int stop();
  // SIGKILL, as a machine that loses its power.
  void kill();

  // What it has logged, all starts together, from that byte on.
  std::string log(std::size_t from = 0) const;

 private:
  int wait_for_end(std::chrono::seconds) const;

  std::filesystem::path program_, configuration_, log_;
  pid_t pid_ = -1;
  std::size_t log_before_ = 0;
  int signal_ = 0;
};

}  // namespace kp::test
