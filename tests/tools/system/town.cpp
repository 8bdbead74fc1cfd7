#include "tests/tools/system/town.hpp"

#include "tests/tools/system/hub_files.hpp"

#include <fmt/format.h>

namespace kp::test {

namespace {

struct town_holder : testing::Environment {
  void TearDown() override { made.reset(); }
  std::unique_ptr<town> made;
};
town_holder* const holder = [] {
  auto* const one = new town_holder;  // owned by the test framework
  testing::AddGlobalTestEnvironment(one);
  return one;
}();

}  // namespace

town* town::shared() {
  if (holder->made) return holder->made.get();
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "knutepunkt";
  if (!std::filesystem::exists(program)) return nullptr;
  holder->made = std::make_unique<town>(program);
  return holder->made.get();
}

town::town(const std::filesystem::path& program) {
  sandbox::options options;
  options.port = 0;
  options.amqp_tls_port = 0;
  auto started = sandbox::sandbox::start(std::move(options));
  if (!started) {
    problem_ = started.error().message;
    return;
  }
  box_ = *std::move(started);
  port_ = free_port();
  admin_port_ = free_port();
  amqp_port_ = free_port();
  register_organisations();
  write_configuration();
  hub_ = std::make_unique<hub_process>(program, path("hub.yaml"), path("hub.log"));
  if (!problem_.empty()) return;
  control("POST", "/control/broker", {{"rateLimits", "off"}});
  if (!start_hub()) problem_ = "the hub did not start:\n" + hub_->log();
}

bool town::start_hub() {
  if (!hub_->start()) return false;
  for (const auto& who : {arkiv, barnevern, sak, post})
    if (!until([&] { return api(who, "GET", "/api/messages/in").status == 200; })) return false;
  return true;
}

void town::register_organisations() {
  json::array all;
  for (const auto& number : {bergvik, fjordnes, skogvik, newcomer})
    all.push_back(
        {{"number", number}, {"name", "Kommune " + number}, {"services", json::array{"DPO"}}});
  for (auto& each : all)
    if (each.at("number") == json::value(skogvik))
      each.as_object()["services"] = json::array{"DPO", "DPV"};
  all.push_back({{"number", elvestad}, {"name", "Elvestad AS"}, {"services", json::array{"DPV"}}});
  folder_.write("organisations.json", json::serialize(json::object{{"organisations", all}}));
  const auto done =
      sandbox::register_from_file(*box_, path("organisations.json"), path("keystores"));
  if (!done) problem_ = done.error().message;
}

void town::write_configuration() {
  // Who signs receipts in the sandbox; its control API answers this one with a text.
  const auto authority = box_->control("GET", "/control/ca.pem");
  folder_.write("ca.pem", authority && authority->is_string() ? authority->get_string() : "");
  const auto bus = box_->control("GET", "/control/servicebus");
  const std::string amqp(bus ? bus->at("amqps").as_string() : "");
  folder_.write(
      "hub.yaml",
      hub_yaml(box_->url(), port_, amqp_port_, amqp) +
          "  dpi_authorities: ca.pem\n  ca_file: ca.pem\n" +
          fmt::format("admin:\n  port: {}\n  credentials:\n    - {}\n    - {}\n", admin_port_,
                      credential(operator_user), credential(watch_user, "role: operate, ")));
  std::filesystem::create_directory(path("tenants.d"));
  const std::string receives = "    receives: [DPO]\n";
  folder_.write("tenants.d/bergvik.yaml",
                organisation_yaml(
                    bergvik, "Bergvik",
                    channel_yaml("arkiv", arkiv, receives) +
                        channel_yaml("barnevern", barnevern, "    message_channel: barnevern\n")));
  folder_.write("tenants.d/fjordnes.yaml",
                organisation_yaml(fjordnes, "Fjordnes", channel_yaml("sak", sak, receives)));
  folder_.write(
      "tenants.d/skogvik.yaml",
      organisation_yaml(skogvik, "Skogvik",
                        channel_yaml("post", post, receives + "    status_queue: [DPO]\n") +
                            channel_yaml("small", small,
                                         "    message_channel: small\n"
                                         "    quotas: {messages_queued: 1, bytes_stored: 1000}\n") +
                            channel_yaml("brev", brev, {}, "DPV"),
                        "  dpv: {enabled: true, follow_interval_seconds: 1, "
                        "generate_receipts: true}\n"));
}

rest_answer town::api(const std::string& who, const std::string& method, const std::string& path,
                      header_fields headers, const std::string& body) const {
  headers.merge(basic(who));
  return call(port_, method, path, headers, body);
}

rest_answer town::create(const std::string& who, const json::object& document) const {
  return api(who, "POST", "/api/messages/out", {{"Content-Type", "application/json"}},
             json::serialize(document));
}

rest_answer town::upload(const std::string& who, const std::string& id, const std::string& file,
                         const std::string& type, const std::string& bytes) const {
  const auto disposition = fmt::format("attachment; name=\"{0}\"; filename=\"{0}\"", file);
  return api(who, "PUT", "/api/messages/out/" + id,
             {{"Content-Type", type}, {"Content-Disposition", disposition}}, bytes);
}

rest_answer town::send(const std::string& who, const std::string& id) const {
  return api(who, "POST", "/api/messages/out/" + id);
}

json::value town::control(const std::string& method, const std::string& path,
                          json::value body) const {
  auto answer = box_->control(method, path, std::move(body));
  if (answer) return *std::move(answer);
  ADD_FAILURE() << method << ' ' << path << ": " << answer.error().message;
  return nullptr;
}

rest_answer town::transfer_content(const std::string& id) const {
  return call(box_->port(), "GET", "/control/transfers/" + id + "/content");
}

}  // namespace kp::test
