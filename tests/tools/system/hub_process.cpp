#include "tests/tools/system/hub_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <thread>

namespace kp::test {

namespace {

using std::chrono::steady_clock;
constexpr std::chrono::milliseconds look_again{20};
constexpr int not_ended = -2;

int code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

bool hub_process::start() {
  const auto before = log().size();
  const auto program = program_.string(), configuration = configuration_.string(),
             output = log_.string();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int to = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(to, STDOUT_FILENO);
    ::dup2(to, STDERR_FILENO);
    // The listeners of a sandbox in this process are no business of the hub.
    ::close_range(3, ~0u, 0);
    ::execl(program.c_str(), program.c_str(), "run", "--config", configuration.c_str(), nullptr);
    ::_exit(127);
  }
  if (pid_ < 0) return false;
  for (const auto end = steady_clock::now() + patience; steady_clock::now() < end;) {
    if (log(before).find("\"message\":\"ready\"") != std::string::npos) return true;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return false;
    }
    std::this_thread::sleep_for(look_again);
  }
  return false;
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
