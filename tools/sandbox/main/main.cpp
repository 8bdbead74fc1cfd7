#include "tools/sandbox/sandbox.hpp"

#include "config/log.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <csignal>

int main(int count, char** arguments) {
  kp::sandbox::options options;
  std::string organisations, keystores;
  CLI::App app("A local stand-in for Maskinporten, Altinn and the Service Registry, for DPO");
  app.add_option("--address", options.address, "address to listen on")->capture_default_str();
  app.add_option("--port", options.port, "port to listen on; 0 takes a free one")
      ->capture_default_str();
  app.add_option("--state", options.state_folder,
                 "folder where the CA, the keys and the organisations stay between runs");
  app.add_option("--audience", options.audience,
                 "what Maskinporten calls itself; default http://<address>:<port>/");
  app.add_option("--rsocket-port", options.rsocket_port,
                 "also listen for RSocket (status service); 0 takes a free port");
  app.add_option("--rsocket-tls-port", options.rsocket_tls_port, "the same with TLS");
  app.add_option("--amqp-url", options.amqp_url,
                 "a RabbitMQ that FIKS IO publishes into as its administrator: "
                 "amqp://simulator:simulator@127.0.0.1:5672");
  app.add_option("--amqp-port", options.amqp_port,
                 "also listen for AMQP 1.0 (Service Bus of DPE); 0 takes a free port");
  app.add_option("--amqp-tls-port", options.amqp_tls_port, "the same with TLS");
  app.add_option("--shared-keys", options.shared_keys,
                 "make no more key pairs than this and share them among the organisations: for "
                 "loads with many thousands; default each its own");
  auto* file = app.add_option("--organisations", organisations,
                              "JSON file of organisations to register at start")
                   ->check(CLI::ExistingFile);
  app.add_option("--write-keystores", keystores,
                 "folder for <number>.p12 and <number>.password of each of them")
      ->needs(file);
  CLI11_PARSE(app, count, arguments);

  // Before any thread starts, so that only sigwait() below sees them.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  auto box = kp::sandbox::sandbox::start(options);
  if (!box) {
    kp::log(kp::log_level::error, box.error().message);
    return 1;
  }
  if (!organisations.empty()) {
    const auto told_to_end = [] {
      sigset_t waiting;
      sigpending(&waiting);
      return sigismember(&waiting, SIGINT) == 1 || sigismember(&waiting, SIGTERM) == 1;
    };
    const auto registered =
        kp::sandbox::register_from_file(**box, organisations, keystores, told_to_end);
    if (!registered) {
      kp::log(kp::log_level::error, registered.error().message);
      return 1;
    }
    kp::log(kp::log_level::info, fmt::format("registered {} organisations", *registered));
  }
  kp::log(kp::log_level::info, "sandbox is ready", {{"url", (*box)->url()}});
  int signal = 0;
  sigwait(&ends, &signal);
  (*box)->stop();
  return 0;
}
