#include "protocol/http/url.hpp"
#include "tools/kpctl/commands.hpp"
#include "tools/kpctl/tables.hpp"

#include <boost/json/object.hpp>
#include <CLI/CLI.hpp>

#include <memory>

// Queued and failed messages, and services that are paused.

namespace kp::ctl {

namespace {

struct message_options {
  std::string number, message, reason;
  std::string channel, service, state = "queued";
  unsigned page = 0, size = 50;
};

struct service_options {
  std::string number, service, reason;
  bool sending = false, receiving = false;
};

order list(const message_options& said) {
  auto path = path_of(said.number, "/messages?state=" + http::encode_component(said.state));
  if (!said.channel.empty()) path += "&channel=" + http::encode_component(said.channel);
  if (!said.service.empty()) path += "&service=" + http::encode_component(said.service);
  return {path + "&page=" + std::to_string(said.page) + "&size=" + std::to_string(said.size)};
}

order change(const message_options& said, const char* method, const std::string& tail) {
  boost::json::object body;
  if (!said.reason.empty()) body["reason"] = said.reason;
  return {path_of(said.number, "/messages/" + http::encode_component(said.message) + tail), method,
          std::move(body)};
}

order change(const service_options& said, const char* what) {
  boost::json::object body;
  if (said.sending) body["sending"] = true;
  if (said.receiving) body["receiving"] = true;
  if (!said.reason.empty()) body["reason"] = said.reason;
  return {path_of(said.number, "/services/" + http::encode_component(said.service) + "/" + what),
          "POST", std::move(body)};
}

}  // namespace

void add_message_commands(commands& all) {
  const auto said = std::make_shared<message_options>();
  auto& listing = all.add(
      "messages", "What is queued, or has failed.",
      [said](const session& with) { return with.ask_and_show(list(*said), show_messages); });
  listing.add_option("organisation", said->number, "Its number.")->required();
  listing
      .add_option("--state", said->state,
                  "queued (all but failed), waiting, retrying, sending, parked, failed.")
      ->capture_default_str();
  listing.add_option("--channel", said->channel, "Of one channel only.");
  listing.add_option("--service", said->service, "Of one service only.");
  listing.add_option("--page", said->page, "From 0.");
  listing.add_option("--size", said->size, "Messages on a page.")->capture_default_str();

  const auto add = [&](const char* name, const char* help, const char* method, std::string tail,
                       bool needs_reason) {
    auto& made = all.add(name, help, [said, method, tail = std::move(tail)](const session& with) {
      return with.ask_and_show(change(*said, method, tail), show_message_changed);
    });
    made.add_option("organisation", said->number, "Its number.")->required();
    made.add_option("message", said->message, "Its message id.")->required();
    auto* reason = made.add_option("--reason", said->reason, "Why; for the log and the record.");
    if (needs_reason) reason->required();
  };
  add("retry", "Tries a message now that waits for a later attempt.", "POST", "/retry", false);
  add("park", "Leaves a message alone until retry or unpark, or its lifetime has passed.", "POST",
      "/park", false);
  add("unpark", "Tries a parked message again.", "POST", "/unpark", false);
  add("delete", "Takes a message out of the queue; its sender sees FEIL with the reason.", "DELETE",
      "", true);
}

void add_service_commands(commands& all) {
  const auto said = std::make_shared<service_options>();
  all.add("services", "Which services an organisation has, and which are paused.",
          [said](const session& with) {
            return with.ask_and_show({path_of(said->number, "/services")}, show_services);
          })
      .add_option("organisation", said->number, "Its number.")
      ->required();
  const auto add = [&](const char* name, const char* help) {
    auto& made = all.add(name, help, [said, name](const session& with) {
      return with.ask_and_show(change(*said, name), show_service);
    });
    made.add_option("organisation", said->number, "Its number.")->required();
    made.add_option("service", said->service, "DPO, …")->required();
    made.add_flag("--sending", said->sending, "Sending alone; without a word of which, both.");
    made.add_flag("--receiving", said->receiving, "Receiving alone.");
    made.add_option("--reason", said->reason, "Why; for the log and the record.");
  };
  add("pause", "Halts a service of an organisation; what is under way ends as it began.");
  add("resume", "Lets a paused service work again.");
}

}  // namespace kp::ctl
