#pragma once

#include "tests/support/tools.hpp"

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

// A RabbitMQ of the tests' own (tools/broker). It takes some seconds to start: once for all tests
// of a program. Tests run in the checkout's root.

namespace kp::test {

class rabbitmq {
 public:
  // Where it is not, tests skip and say so.
  static bool installed() {
    return std::filesystem::exists("/usr/lib/rabbitmq/bin/rabbitmq-server") &&
           std::filesystem::exists("tools/broker");
  }
  static constexpr const char* missing =
      "RabbitMQ is not installed; apt-get install rabbitmq-server";

  // `authorizer`: the sandbox's address. With `tls` it listens for TLS too, by server.pem and
  // server.key in its folder.
  explicit rabbitmq(std::string authorizer = {}, bool tls = false, std::uint16_t port = 0)
      : authorizer_(std::move(authorizer)),
        port_(port != 0 ? port : free_one()),
        epmd_port_(free_one()),
        dist_port_(free_one()),
        tls_port_(tls ? free_one() : std::uint16_t{0}) {}
  ~rabbitmq() { stop(); }
  rabbitmq(const rabbitmq&) = delete;
  rabbitmq& operator=(const rabbitmq&) = delete;

  // What it reads at its start goes there before that: definitions.json, certificates.
  const temporary_folder& folder() const { return folder_; }

  // True once it lets its administrator in.
  bool start() {
    launch();
    for (const auto end = clock::now() + patience; clock::now() < end;) {
      if (lets_in()) return true;
      if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
        pid_ = -1;
        return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return false;
  }

  // As a machine that loses its power: its processes are a group of their own.
  void stop() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  std::uint16_t port() const { return port_; }
  std::uint16_t tls_port() const { return tls_port_; }
  std::string url() const { return "amqp://127.0.0.1:" + std::to_string(port_); }
  std::string administrator() const {
    return "amqp://simulator:simulator@127.0.0.1:" + std::to_string(port_);
  }
  // What rabbitmqctl says; takes seconds.
  tool_result control(const std::string& arguments) const {
    return run("HOME=" + folder_.path("") + " ERL_EPMD_PORT=" + std::to_string(epmd_port_) +
               " RABBITMQ_CONF_ENV_FILE=" + folder_.path("empty") +
               " /usr/lib/rabbitmq/bin/rabbitmqctl -q -n knutepunkt-" + std::to_string(port_) +
               "@localhost " + arguments);
  }
  std::string log() const { return folder_.read("output"); }

 private:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds patience{90};  // on a machine with much else to do

  static std::uint16_t free_one() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(socket);
    return ntohs(address.sin_port);
  }

  void launch() {
    const auto folder = folder_.path("").substr(0, folder_.path("").size() - 1);
    const auto port = std::to_string(port_), output = folder_.path("output");
    std::vector<std::string> texts{"KP_BROKER_EPMD_PORT=" + std::to_string(epmd_port_),
                                   "KP_BROKER_DIST_PORT=" + std::to_string(dist_port_)};
    if (tls_port_ != 0) texts.push_back("KP_BROKER_TLS_PORT=" + std::to_string(tls_port_));
    // Made before the fork: the child of a program with threads may not allocate.
    std::vector<char*> variables;
    for (char** each = environ; *each; ++each) variables.push_back(*each);
    for (auto& each : texts) variables.push_back(each.data());
    variables.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // the script then ends what it has started
    const int to = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(to, STDOUT_FILENO);
    ::dup2(to, STDERR_FILENO);
    ::close_range(3, ~0u, 0);
    ::execle("tools/broker", "tools/broker", folder.c_str(), port.c_str(), authorizer_.c_str(),
             nullptr, variables.data());
    ::_exit(127);
  }

  bool lets_in() const {
    auto* connection = amqp_new_connection();
    auto* socket = amqp_tcp_socket_new(connection);
    const timeval longest{2, 0};
    amqp_set_handshake_timeout(connection, &longest);
    const bool in =
        socket &&
        amqp_socket_open_noblock(socket, "127.0.0.1", port_, &longest) == AMQP_STATUS_OK &&
        amqp_login(connection, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "simulator", "simulator")
                .reply_type == AMQP_RESPONSE_NORMAL;
    amqp_destroy_connection(connection);
    return in;
  }

  temporary_folder folder_;
  std::string authorizer_;
  std::uint16_t port_, epmd_port_, dist_port_, tls_port_;
  pid_t pid_ = -1;
};

}  // namespace kp::test
