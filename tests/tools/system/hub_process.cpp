#include "tests/tools/system/hub_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

namespace kp::test {

namespace {

using std::chrono::steady_clock;
constexpr std::chrono::milliseconds look_again{20};
constexpr int not_ended = -2;

int code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

bool hub_process::launch(const std::string& environment) {
  std::error_code none_yet;
  signal_ = 0;
  const auto size = std::filesystem::file_size(log_, none_yet);
  log_before_ = none_yet ? 0 : static_cast<std::size_t>(size);
  const auto program = program_.string(), configuration = configuration_.string(),
             output = log_.string();
  // Made before the fork: the child of a program with threads may not allocate.
  std::vector<char*> variables;
  for (char** each = environ; *each; ++each) variables.push_back(*each);
  auto variable = environment;
  if (!variable.empty()) variables.push_back(variable.data());
  variables.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int to = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(to, STDOUT_FILENO);
    ::dup2(to, STDERR_FILENO);
    // The listeners of a sandbox in this process are no business of the hub.
    ::close_range(3, ~0u, 0);
    ::execle(program.c_str(), program.c_str(), "run", "--config", configuration.c_str(), nullptr,
             variables.data());
    ::_exit(127);
  }
  return pid_ > 0;
}

bool hub_process::until_ready(std::chrono::seconds longest) {
  for (const auto end = steady_clock::now() + longest; steady_clock::now() < end;) {
    if (log(log_before_).find("\"message\":\"ready\"") != std::string::npos) return true;
    if (ended()) return false;
    std::this_thread::sleep_for(look_again);
  }
  return false;
}

bool hub_process::ended(std::chrono::milliseconds longest) {
  for (const auto end = steady_clock::now() + longest;;) {
    if (!running()) return true;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      signal_ = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
      return true;
    }
    if (steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(look_again);
  }
}

int hub_process::wait_for_end(std::chrono::seconds longest) const {
  for (const auto end = steady_clock::now() + longest; steady_clock::now() < end;) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) return code_of(status);
    std::this_thread::sleep_for(look_again);
  }
  return not_ended;
}

int hub_process::stop() {
  if (!running()) return -1;
  ::kill(pid_, SIGTERM);
  const int code = wait_for_end(patience);
  if (code == not_ended) {
    kill();
    return -1;
  }
  pid_ = -1;
  return code;
}

void hub_process::kill() {
  if (!running()) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
}

std::string hub_process::log(std::size_t from) const {
  std::ifstream in(log_, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(from));
  return in ? std::string(std::istreambuf_iterator<char>(in), {}) : std::string();
}

}  // namespace kp::test
