#include "protocol/http/url.hpp"
#include "tools/kpctl/commands.hpp"
#include "tools/kpctl/tables.hpp"

#include <boost/json/object.hpp>
#include <CLI/CLI.hpp>

#include <memory>

namespace kp::ctl {

namespace {

struct options {
  std::string number, service, channel;
  bool follow = false, stay = false;
};

void take(CLI::App& command, const std::shared_ptr<options>& into) {
  command.add_option("organisation", into->number, "Its number.")->required();
  command.add_option("service", into->service, "DPO, …")->required();
}

void take_waiting(CLI::App& command, const std::shared_ptr<options>& into) {
  auto* follow = command.add_flag("--waiting-moves", into->follow,
                                  "What nobody has peeked yet follows the seat; else as "
                                  "seats.waiting_moves in the organisation's file says.");
  command.add_flag("--waiting-stays", into->stay, "What waits stays where it is.")
      ->excludes(follow);
}

order change(const options& said, const char* method) {
  boost::json::object body;
  if (!said.channel.empty()) body["channel"] = said.channel;
  if (said.follow || said.stay) body["waiting_moves"] = said.follow;
  return {path_of(said.number, "/seats/" + http::encode_component(said.service)), method,
          std::move(body)};
}

}  // namespace

void add_seat_commands(commands& all) {
  auto& group = all.add_group("seat", "Moves an inbound seat: which channel receives.");
  const auto said = std::make_shared<options>();
  auto& move = all.add(
      "move", "Another channel receives from now on, whatever the file says.",
      [said](const session& with) {
        return with.ask_and_show(change(*said, "POST"), show_seat_moved);
      },
      &group);
  take(move, said);
  move.add_option("channel", said->channel, "Who is to receive.")->required();
  take_waiting(move, said);
  auto& back = all.add(
      "give-back", "The channel in the organisation's file receives again.",
      [said](const session& with) {
        return with.ask_and_show(change(*said, "DELETE"), show_seat_moved);
      },
      &group);
  take(back, said);
  take_waiting(back, said);
}

}  // namespace kp::ctl
