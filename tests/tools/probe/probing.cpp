#include "tests/tools/probe/probing.hpp"

#include "config/national_addresses.hpp"
#include "config/text.hpp"
#include "tenants/loader.hpp"
#include "tenants/password.hpp"

#include <fmt/format.h>

namespace kp::probes::test {

namespace {

std::string line_of(const finding& one) {
  const std::string state = one.now == finding::state::good      ? "good"
                            : one.now == finding::state::missing ? "missing"
                                                                 : "not asked";
  return state + ": " + one.text + (one.remedy.empty() ? "" : " -> " + one.remedy);
}

}  // namespace

void probing::SetUp() {
  sandbox::options wanted;
  wanted.port = 0;
  wanted.amqp_port = 0;
  auto started = sandbox::sandbox::start(std::move(wanted));
  ASSERT_TRUE(started) << started.error().message;
  box = *std::move(started);
  hub.national = addresses_of(environment_preset::sandbox);
  auto& national = hub.national;
  const std::string usual = "http://127.0.0.1:8090";
  for (auto* url :
       {&national.maskinporten_token_url, &national.maskinporten_audience,
        &national.altinn_exchange_url, &national.broker_url, &national.service_registry_url,
        &national.service_registry_key_url, &national.service_bus_url, &national.dpi_url,
        &national.print_certificate_url, &national.svarut_url, &national.correspondence_url,
        &national.fiks_io_url, &national.dph_url}) {
    ASSERT_TRUE(url->starts_with(usual)) << *url;
    url->replace(0, usual.size(), box->url());
  }
  national.service_bus_amqp_url = control("GET", "/control/servicebus").at("amqp").as_string();
  folder.write("ca.pem", std::string(control("GET", "/control/ca.pem").as_string()));
  hub.dpi_authorities_file = folder.path("ca.pem");
}

json::value probing::control(const std::string& method, const std::string& path, json::value body) {
  auto answer = box->control(method, path, std::move(body));
  if (answer) return *std::move(answer);
  ADD_FAILURE() << path << ": " << answer.error().message;
  return nullptr;
}

void probing::join(json::array services, json::object more) {
  more["number"] = own;
  more["name"] = "Bergvik";
  more["services"] = std::move(services);
  const auto made = control("POST", "/control/organisations", std::move(more));
  const auto& store = made.at("keystore");
  folder.write("own.p12", from_base64(store.at("base64").as_string()).value_or(""));
  folder.write("own.password", std::string(store.at("password").as_string()));
}

void probing::refuse(const std::string& endpoint, unsigned status, const std::string& body) {
  control("POST", "/control/faults",
          {{"endpoint", endpoint},
           {"every", 1},
           {"kind", "status"},
           {"status", status},
           {"body", body}});
}

std::int64_t probing::calls(const std::string& endpoint) {
  std::int64_t all = 0;
  const auto counted = control("GET", "/control/counters");
  for (const auto& each : counted.as_array())
    if (each.at("endpoint") == json::value(endpoint))
      all += each.at("calls").to_number<std::int64_t>();
  return all;
}

void probing::probe(const std::string& services, const std::string& channel) {
  const auto hash = tenants::hash_password("ord", *make_secure_random());
  folder.write("own.yaml",
               fmt::format("number: \"{}\"\nname: Bergvik\nkeystore:\n  path: own.p12\n"
                           "  password: {{file: own.password}}\nservices:\n{}channels:\n"
                           "  - name: arkiv\n{}    credentials:\n"
                           "      - {{user: arkiv, password_hash: \"{}\"}}\n",
                           own, services, channel, hash));
  const auto loaded = tenants::load_file(folder.path("own.yaml"), process_environment());
  for (const auto& problem : loaded.problems) ADD_FAILURE() << to_string(problem);
  ASSERT_EQ(loaded.organisations.size(), 1U);
  last = ask(hub, *loaded.organisations.front(), process_environment());
}

std::string probing::said(const std::string& part) const {
  std::string out;
  for (const auto& one : last.findings)
    if (one.part == part) out += (out.empty() ? "" : "\n") + line_of(one);
  return out;
}

std::string probing::everything() const {
  std::string out;
  for (const auto& one : last.findings) out += one.part + ": " + line_of(one) + "\n";
  return out;
}

}  // namespace kp::probes::test
