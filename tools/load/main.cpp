#include "tools/load/fill.hpp"
#include "tools/load/limits.hpp"
#include "tools/load/receive.hpp"
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

  sending->add_option("--figures", send.figures, "file that figures are added to");

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

  moving->add_option("--figures", large.figures, "file that figures are added to");

  kp::load::flow_options flow;
  auto* flowing = app.add_subcommand("flow", "messages over the national service");
  add_target(*flowing, flow.sender, "sender-");
  add_target(*flowing, flow.receiver, "receiver-");
  flowing->add_option("--receiver", flow.receiver_number, "organisation number")->required();
  flowing->add_option("--messages", flow.messages);
  flowing->add_option("--connections", flow.connections)->check(CLI::Range(1, 4096));
  flowing->add_option("--figures", flow.figures, "file that figures are added to");

  kp::load::receive_options receive;
  auto* receiving = app.add_subcommand("receive", "peek, pop and delete what waits");
  add_target(*receiving, receive.from, "");
  receiving->add_option("--messages", receive.messages);
  receiving->add_option("--connections", receive.connections)->check(CLI::Range(1, 4096));
  receiving->add_option("--figures", receive.figures, "file that figures are added to");

  kp::load::read_options read;
  auto* reading = app.add_subcommand("read", "one GET request, over and over");
  add_target(*reading, read.from, "");
  reading->add_option("--requests", read.requests)->check(CLI::Range(1, 10'000'000));
  reading->add_option("--path", read.path);
  reading->add_option("--name", read.name, "of the figure");
  reading->add_option("--figures", read.figures, "file that figures are added to");

  kp::load::hooks_options hooks;
  auto* telling = app.add_subcommand("hooks", "events told to many subscribers");
  add_target(*telling, hooks.of, "");
  telling->add_option("--receiver", hooks.receiver_number, "organisation number")->required();
  telling->add_option("--messages", hooks.messages)->check(CLI::Range(1, 1'000'000));
  telling->add_option("--subscriptions", hooks.subscriptions)->check(CLI::Range(1, 100));
  telling->add_option("--figures", hooks.figures, "file that figures are added to");

  kp::load::fill_options fill;
  auto* filling = app.add_subcommand("fill", "statuses into the store of a hub that does not run");
  filling->add_option("--storage", fill.storage, "its storage folder")->required();
  filling->add_option("--organisation", fill.organisation)->required();
  filling->add_option("--channel", fill.channel)->required();
  filling->add_option("--statuses", fill.statuses);

  kp::load::limits_options limits;
  auto* measuring = app.add_subcommand("limits", "what the machine can do without a hub");
  measuring->add_option("--folder", limits.folder, "on the disk to be measured")->required();
  measuring->add_option("--keystore", limits.keystore, "PKCS#12 whose key signs")->required();
  measuring->add_option("--password-file", limits.password_file)->required();
  measuring->add_option("--figures", limits.figures, "file that figures are added to");

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
  if (flowing->parsed()) return kp::load::run_flow(flow);
  if (receiving->parsed()) return kp::load::run_receive(receive);
  if (reading->parsed()) return kp::load::run_read(read);
  if (telling->parsed()) return kp::load::run_hooks(hooks);
  if (filling->parsed()) return kp::load::fill_statuses(fill);
  if (measuring->parsed()) return kp::load::measure_limits(limits);
  return sending->parsed() ? kp::load::run_send(send) : kp::load::run_large(large);
}
