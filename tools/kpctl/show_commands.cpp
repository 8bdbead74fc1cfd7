#include "protocol/http/url.hpp"
#include "tools/kpctl/commands.hpp"
#include "tools/kpctl/tables.hpp"

#include <CLI/CLI.hpp>

#include <memory>

// Commands that look and change nothing.

namespace kp::ctl {

void add_show_commands(commands& all) {
  all.add("health", "The hub's health in its parts.",
          [](const session& with) { return with.ask_and_show({"/manage/health"}, show_tree); });
  all.add("organisations", "All organisations.", [](const session& with) {
    return with.ask_and_show({"/admin/organisations"}, show_organisations);
  });
  const auto number = std::make_shared<std::string>();
  const auto of_one = [&](const char* name, const char* help, std::string tail, session::view how) {
    all.add(name, help,
            [number, tail = std::move(tail), how](const session& with) {
              return with.ask_and_show({path_of(*number, tail)}, how);
            })
        .add_option("organisation", *number, "Its number.")
        ->required();
  };
  of_one("organisation", "One organisation: files, health, queues.", "", show_tree);
  of_one("channels", "The channels of an organisation.", "/channels", show_channels);
  of_one("queues", "What an organisation has to send, and what waits for it.", "/queues",
         show_queues);
  of_one("webhooks", "The subscriptions of an organisation, and what they have not taken.",
         "/webhooks", show_webhooks);
  of_one("seats", "Which channel receives, per service.", "/seats", show_seats);

  const auto message = std::make_shared<std::string>();
  for (const auto* name : {"message", "explain"}) {
    auto& explain = all.add(
        name, "Why is this not delivered: the whole history of a message, and where it stands.",
        [number, message](const session& with) {
          return with.ask_and_show(
              {path_of(*number, "/messages/" + http::encode_component(*message))}, show_message);
        });
    explain.add_option("organisation", *number, "Its number.")->required();
    explain.add_option("message", *message, "Its message id.")->required();
  }
}

}  // namespace kp::ctl
