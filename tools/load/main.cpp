#include "tools/load/scenarios.hpp"

#include <CLI/CLI.hpp>

namespace {

void add_target(CLI::App& to, kp::load::target& t, const std::string& prefix) {
  to.add_option("--" + prefix + "port", t.port, "port of the hub's API on 127.0.0.1");
  to.add_option("--" + prefix + "user", t.user, "user of the channel")->required();
  to.add_option("--" + prefix + "password", t.password, "its password")->required();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Loads a hub on this machine and prints figures. tools/bench starts what it needs."};
  app.require_subcommand(1);

  kp::load::send_options send;
  auto* sending = app.add_subcommand("send", "create, upload and send small messages");
  add_target(*sending, send.to, "");
  sending->add_option("--receiver", send.receiver, "organisation number of the receiver")
      ->required();
  sending->add_option("--messages", send.messages)->check(CLI::Range(1, 10'000'000));
  sending->add_option("--connections", send.connections)->check(CLI::Range(1, 4096));
  sending->add_option("--bytes", send.bytes)->check(CLI::Range(1024, 10'000'000));

  kp::load::steady_options steady;
  std::int64_t seconds = steady.how_long.count();
  auto* pacing = app.add_subcommand("steady", "send small messages at a steady pace");
  add_target(*pacing, steady.to, "");
  pacing->add_option("--receiver", steady.receiver, "organisation number of the receiver")
      ->required();
  pacing->add_option("--per-second", steady.per_second, "messages; 0: as many as can be carried");
  pacing->add_option("--seconds", seconds)->check(CLI::Range(1, 3600));
  pacing->add_option("--connections", steady.connections)->check(CLI::Range(1, 4096));

  kp::load::large_options large;
  auto* moving = app.add_subcommand("large", "one large attachment out and in");
  add_target(*moving, large.sender, "sender-");
  add_target(*moving, large.receiver, "receiver-");
  moving->add_option("--receiver", large.receiver_number, "organisation number of the receiver")
      ->required();
  moving->add_option("--bytes", large.bytes);
  moving->add_option("--hub-pid", large.hub_pid, "process whose memory is watched");

  kp::load::tenants_options many;
  auto* writing = app.add_subcommand("tenants", "write the files of many organisations");
  writing->add_option("--home", many.home, "folder with tenants.d in it")->required();
  writing->add_option("--organisations", many.organisations)->check(CLI::Range(1, 100'000));
  writing->add_option("--channels", many.channels)->check(CLI::Range(1, 26));
  writing->add_option("--poll-seconds", many.poll_seconds, "between two searches for arrivals")
      ->check(CLI::Range(1, 3600));
  writing->add_option("--password-hash", many.password_hash)->required();

  CLI11_PARSE(app, argc, argv);
  if (writing->parsed()) return kp::load::write_tenants(many);
  if (pacing->parsed()) {
    steady.how_long = std::chrono::seconds(seconds);
    return kp::load::run_steady(steady);
  }
  return sending->parsed() ? kp::load::run_send(send) : kp::load::run_large(large);
}
