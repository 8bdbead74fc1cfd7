#include "tools/crash/counterparts.hpp"

#include "config/text.hpp"
#include "tests/tools/system/documents.hpp"
#include "tools/crash/contents.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <fstream>
#include <iterator>

namespace kp::crash {

namespace json = boost::json;

namespace {

constexpr std::chrono::milliseconds look_again{150};
// A hub that dies with a message locked gives it back soon, however often it does.
constexpr int bus_lock_milliseconds = 5000, most_deliveries = 1000;
const std::string account = "00000000-0000-4000-8000-000000000001";
const std::string einnsyn_queue = "nextbestqueue" + einnsyn + "data";

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void introduce_at_ks(place& where, const char* number) {
  where.control("POST", "/control/svarut/senders",
                {{"organisation", number},
                 {"password", "ord"},
                 {"accountId", account},
                 {"integrationId", std::string("integrasjon-") + number},
                 {"integrationPassword", "ord"}});
  where.control("POST", "/control/svarut/receivers",
                {{"organisations", json::array{number}},
                 {"name", std::string("inn-") + number},
                 {"password", "ord"},
                 {"level", 3}});
}

std::string text_in(const json::value& document, const char* pointer) {
  boost::system::error_code missing;
  const auto* found = document.find_pointer(pointer, missing);
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

json::array files_of(const letter& what) {
  json::array all;
  for (const auto& [name, bytes] : what.files)
    all.push_back({{"name", name}, {"base64", to_base64(bytes)}});
  return all;
}

}  // namespace

void introduce_counterparts(place& where) {
  for (auto i = over_dpo; i < organisations.size(); ++i) {
    introduce_at_ks(where, organisations[i].number);
    where.control("POST", "/control/dph/herids",
                  {{"herId", her_id_of(i)},
                   {"organisation", organisations[i].number},
                   {"name", organisations[i].name}});
  }
  where.control(
      "POST", "/control/dph/herids",
      {{"herId", practice_her_id}, {"organisation", practice}, {"name", "Elvestad legekontor"}});
  where.control("POST", "/control/dph/patients",
                {{"number", resident},
                 {"firstName", "Ola"},
                 {"lastName", "Nordmann"},
                 {"practitioner", practice_her_id}});
  where.control("POST", "/control/dph/rules",
                {{"transportStatus", "ACKNOWLEDGED"}, {"receipt", "OK"}});
  where.control("POST", "/control/citizens",
                {{"number", resident}, {"email", "ola@example.no"}, {"mobile", "+4799999999"}});
  where.control("POST", "/control/dpi/rules",
                {{"receipts", json::array{"leveringskvittering", "aapningskvittering"}}});
  where.control("POST", "/control/servicebus",
                {{"lockMs", bus_lock_milliseconds}, {"maxDeliveryCount", most_deliveries}});
}

std::string services_beside_dpo(const organisation& whose) {
  return fmt::format(
      "services:\n"
      "  dpv: {{enabled: true, follow_interval_seconds: 1}}\n"
      "  dpe: {{enabled: true, poll_interval_seconds: 1, quiet_poll_interval_seconds: 1}}\n"
      "  dpi: {{enabled: true, poll_interval_seconds: 1, quiet_poll_interval_seconds: 1}}\n"
      "  dph: {{enabled: true, poll_interval_seconds: 1}}\n"
      "  dpf:\n    enabled: true\n    poll_interval_seconds: 1\n"
      "    quiet_poll_interval_seconds: 1\n    status_interval_seconds: 1\n    accounts:\n"
      "      - {{account_id: {1}, integration_id: integrasjon-{0},\n"
      "         integration_password: {{clear: ord, allow_clear: true}}}}\n"
      "    receivers:\n"
      "      - {{name: alt, username: inn-{0}, password: {{clear: ord, allow_clear: true}}}}\n",
      whose.number, account);
}

std::string channel_beside_dpo(std::size_t organisation, const std::string& name,
                               const std::string& credential) {
  return fmt::format(
      "  - name: {0}\n    sends: [DPV, DPF, DPE, DPI, DPH]\n    receives: [DPF, DPE, DPH]\n"
      "    dpi: {{channel: {0}}}\n    dph: {{her_ids: [{1}]}}\n    credentials:\n      - {2}\n",
      name, her_id_of(organisation), credential);
}

counterparts::counterparts(place& where, model& all, findings& found)
    : place_(where), model_(all), findings_(found) {
  const auto store = where.folder() / "keystores" / einnsyn;
  keys_ = {{"base64", to_base64(bytes_of(store.string() + ".p12"))},
           {"password", bytes_of(store.string() + ".password")}};
  thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

void counterparts::send(place& where, model& all, const std::shared_ptr<letter>& what) {
  const auto owner = channels[what->plan.from].owner;
  const std::string number = organisations[owner].number;
  all.name(what, what->id);
  what->send_tried = true;
  if (what->plan.via == service::dph) {
    where.control("POST", "/control/dph/messages",
                  {{"sender", practice_her_id},
                   {"receiver", her_id_of(owner)},
                   {"messageId", what->id},
                   {"conversationId", what->conversation},
                   {"files", files_of(*what)}});
    return;
  }
  where.control("POST", "/control/servicebus/compose",
                {{"type", "innsynskrav"},
                 {"sender", einnsyn},
                 {"receiver", number},
                 {"body", {{"orgnr", number}, {"epost", what->mark + "@example.no"}}},
                 {"messageId", what->id},
                 {"conversationId", what->conversation},
                 {"files", files_of(*what)},
                 {"copies", what->plan.again ? 2 : 1}});
}

void counterparts::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    read_letters();
    empty_queue();
    std::this_thread::sleep_for(look_again);
  }
}

// Of the company: each as soon as it is published.
void counterparts::read_letters() {
  std::vector<std::shared_ptr<letter>> unread;
  {
    const std::scoped_lock lock(model_.mutex);
    for (const auto& [id, what] : model_.by_id)
      if (what->plan.via == service::dpv && !what->about && what->send_tried && what->taken == 0)
        unread.push_back(what);
  }
  for (const auto& what : unread) {
    const auto found =
        place_.control("GET", "/control/correspondence?sendersReference=" + what->id);
    if (!found.is_array() || found.get_array().empty()) continue;
    if (text_in(found.at(0), "/status") != "Published") continue;
    place_.control("POST", "/control/correspondence/act",
                   {{"sendersReference", what->id}, {"act", "read"}});
    what->taken = 1;
  }
}

void counterparts::empty_queue() {
  const auto path = "/control/servicebus/queues/" + einnsyn_queue;
  for (;;) {
    const auto queue = place_.control("GET", path);
    if (!queue.is_object() || queue.at("messages").as_array().empty()) return;
    const auto taken = place_.control("POST", "/control/servicebus/take",
                                      {{"queue", einnsyn_queue}, {"keystore", keys_}});
    if (!taken.is_object()) return findings_.add("eInnsyn", "a message that it can open", "none");
    const auto& document = taken.at("sbd");
    const auto id = test::id_of(document);
    if (document.as_object().contains("status"))
      take_answer(document, id);
    else
      take_publication(taken, id);
  }
}

// The letter of that id, if there is nothing wrong with its being here.
std::shared_ptr<letter> counterparts::judge(const std::string& step, const std::string& id,
                                            const std::string& text) {
  auto what = model_.find(id);
  if (!what) {
    findings_.add(step, "a message that somebody has written", id + " " + text);
    return nullptr;
  }
  if (!what->send_tried) findings_.add(step, "no message that has not been sent", what->name);
  if (const auto mark = foreign_mark(text, channels[what->plan.from].owner))
    findings_.add(step, "nothing of others", *mark + " in " + text);
  return what;
}

void counterparts::take_publication(const json::value& taken, const std::string& id) {
  const auto step = "eInnsyn takes " + id;
  const auto what = judge(step, id, json::serialize(taken.at("sbd")));
  if (!what) return;
  if (text_in(taken, "/signer") != organisations[channels[what->plan.from].owner].number)
    findings_.add(step, "the signature of its sender", text_in(taken, "/signer"));
  std::string bytes;
  if (const auto* files = taken.as_object().if_contains("files"))
    for (const auto& each : files->as_array())
      if (text_in(each, "/name") == "post.xml")
        bytes = from_base64(text_in(each, "/base64")).value_or("");
  if (bytes != what->files.at("post.xml"))
    findings_.add(
        step, fmt::format("the {} bytes that were acknowledged", what->files.at("post.xml").size()),
        fmt::format("{} others", bytes.size()));
  if (what->taken++ > 0) return;
  for (const auto* status : {"MOTTATT", "LEVERT"})
    place_.control("POST", "/control/servicebus/compose",
                   {{"type", "status"},
                    {"sender", einnsyn},
                    {"receiver", organisations[channels[what->plan.from].owner].number},
                    {"messageId", id},
                    {"body", {{"status", status}}}});
}

// What an organisation says of what it was sent.
void counterparts::take_answer(const json::value& document, const std::string& id) {
  const auto step = "eInnsyn is told of " + id;
  const auto what = judge(step, id, json::serialize(document));
  if (!what) return;
  const auto status = text_in(document, "/status/status");
  if (!what->plan.incoming) findings_.add(step, "nothing of what it did not send", status);
  const std::scoped_lock lock(model_.mutex);
  if (status == "LEVERT" && !what->answers.contains("MOTTATT"))
    findings_.add(step, "MOTTATT before LEVERT", "LEVERT alone");
  what->answers.insert(status);
}

}  // namespace kp::crash
