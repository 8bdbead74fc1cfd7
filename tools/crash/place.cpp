#include "tools/crash/place.hpp"

#include "tests/tools/system/documents.hpp"
#include "tests/tools/system/hub_files.hpp"
#include "tools/crash/contents.hpp"
#include "tools/crash/counterparts.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

namespace kp::crash {

namespace json = boost::json;

namespace {
constexpr std::chrono::seconds longest_insistence{90};
constexpr std::chrono::milliseconds between_attempts{40};
}  // namespace

place::place(const std::filesystem::path& program, std::filesystem::path folder)
    : program_(program), folder_(std::move(folder)) {
  std::filesystem::create_directories(folder_ / "tenants.d");
  sandbox::options options;
  options.port = 0;
  auto started = sandbox::sandbox::start(std::move(options));
  if (!started) {
    problem_ = started.error().message;
    return;
  }
  box_ = *std::move(started);
  port_ = test::free_port();
  admin_port_ = test::free_port();
  register_organisations();
  write_configuration();
  control("POST", "/control/broker", {{"rateLimits", "off"}});
  hub_ = std::make_unique<test::hub_process>(program, folder_ / "hub.yaml", folder_ / "hub.log");
}

void place::write(const std::string& name, const std::string& text) const {
  std::ofstream(folder_ / name, std::ios::binary) << text;
}

void place::register_organisations() {
  json::array all;
  const auto add = [&](const std::string& number, const char* name, json::array services) {
    all.push_back({{"number", number},
                   {"name", name},
                   {"services", std::move(services)},
                   {"address",
                    {{"adresse", "Storgata 1"},
                     {"postnummer", "0192"},
                     {"poststed", "Oslo"},
                     {"land", "Norge"}}}});
  };
  for (std::size_t i = 0; i < organisations.size(); ++i)
    add(organisations[i].number, organisations[i].name,
        i < over_dpo ? json::array{"DPO"} : json::array{"DPV", "DPF", "DPE", "DPI", "DPH"});
  add(newcomer, "Utmark", json::array{"DPO"});
  add(company, "Elvestad AS", json::array{"DPV"});
  add(einnsyn, "eInnsyn", json::array{"DPE"});
  write("organisations.json", json::serialize(json::object{{"organisations", all}}));
  const auto done = sandbox::register_from_file(*box_, (folder_ / "organisations.json").string(),
                                                (folder_ / "keystores").string());
  if (!done) problem_ = done.error().message;
  introduce_counterparts(*this);
}

void place::write_configuration() {
  const auto authority = control("GET", "/control/ca.pem");
  write("ca.pem", authority.is_string() ? std::string(authority.get_string()) : std::string());
  write("hub.yaml", test::hub_yaml(box_->url(), port_) + "  dpi_authorities: ca.pem\n" +
                        fmt::format("admin:\n  port: {}\n  credentials:\n    - {}\n", admin_port_,
                                    test::credential(operator_user, "role: operate, ")));
  for (std::size_t i = 0; i < over_dpo; ++i) {
    std::string its_channels;
    for (const auto& one : channels) {
      if (one.owner != i) continue;
      auto more = one.receives ? std::string("    receives: [DPO]\n")
                               : fmt::format("    message_channel: {}\n", one.name);
      if (one.queues_statuses) more += "    status_queue: [DPO]\n";
      its_channels += test::channel_yaml(one.name, one.user, more);
    }
    write(fmt::format("tenants.d/{}.yaml", organisations[i].number),
          test::organisation_yaml(organisations[i].number, organisations[i].name, its_channels));
  }
  for (auto i = over_dpo; i < organisations.size(); ++i) write_organisation_beside_dpo(i);
}

void place::write_organisation_beside_dpo(std::size_t number) const {
  const auto& one = organisations[number];
  auto text = fmt::format(
      "number: \"{0}\"\nname: {1}\nkeystore:\n  path: ../keystores/{0}.p12\n"
      "  password: {{file: ../keystores/{0}.password}}\n",
      one.number, one.name);
  text += services_beside_dpo(one) + "channels:\n";
  for (const auto& each : channels)
    if (each.owner == number)
      text += channel_beside_dpo(number, each.name, test::credential(each.user));
  write(fmt::format("tenants.d/{}.yaml", one.number), text);
}

void place::put_newcomer(bool there) const {
  const auto name = fmt::format("tenants.d/{}.yaml", newcomer);
  std::error_code ignored;
  if (!there) {
    std::filesystem::remove(folder_ / name, ignored);
    return;
  }
  // Complete at once, as an operator moves a file in.
  write("newcomer.yaml", test::organisation_yaml(
                             newcomer, "Utmark",
                             test::channel_yaml("post", newcomer_user, "    receives: [DPO]\n")));
  std::filesystem::rename(folder_ / "newcomer.yaml", folder_ / name, ignored);
}

int place::erase(const std::string& environment, const std::filesystem::path& output) const {
  const auto command =
      fmt::format("{} '{}' erase --config '{}' --organisation {} >'{}' 2>&1", environment,
                  program_.string(), (folder_ / "hub.yaml").string(), newcomer, output.string());
  return std::system(command.c_str());
}

std::string place::erase_newcomer() const {
  constexpr int places_to_die = 4;
  const auto output = folder_ / "erase.log";
  for (int nth = 1; nth <= places_to_die; ++nth)
    if (erase(fmt::format("KP_CRASH_POINT=erasing:{}", nth), output) == 0)
      return fmt::format("it did not come to its {}. place to die", nth);
  if (erase({}, output) == 0) return {};
  std::ifstream in(output);
  return {std::istreambuf_iterator<char>(in), {}};
}

json::value place::control(const std::string& method, const std::string& path, json::value body) {
  auto answer = box_->control(method, path, std::move(body));
  if (answer) return *std::move(answer);
  const std::scoped_lock lock(problem_lock_);
  problem_ = fmt::format("sandbox, {} {}: {}", method, path, answer.error().message);
  return nullptr;
}

test::rest_answer place::transfer_content(const std::string& id) const {
  return test::call(box_->port(), "GET", "/control/transfers/" + id + "/content");
}

test::rest_answer client::ask(const std::string& step, const std::string& method,
                              const std::string& path, test::header_fields headers,
                              const std::string& body) {
  headers.merge(test::basic(who().user));
  ++calls_;
  auto answer = test::call(place_.port(), method, path, headers, body);
  const auto look = [&](const std::string& bytes) {
    if (const auto mark = foreign_mark(bytes, who().owner))
      findings_.add(
          step, fmt::format("nothing of others for {}", organisations[who().owner].name),
          fmt::format("the mark {} in the answer to {} {}: {}", *mark, method, path, answer.body));
  };
  look(answer.body);
  for (const auto& [name, value] : answer.headers) look(value);
  return answer;
}

client::outcome client::insist(const std::string& step, const std::string& method,
                               const std::string& path, const test::header_fields& headers,
                               const std::string& body) {
  outcome out;
  for (const auto end = std::chrono::steady_clock::now() + longest_insistence;;) {
    out.answer = ask(step, method, path, headers, body);
    const auto status = out.answer.status;
    if (status != 0 && status != 503 && status != 429 && status != 409) return out;
    // A refused connection is unclear as well: that it was refused does not show here.
    if (status == 0) out.unclear = true;
    if (std::chrono::steady_clock::now() >= end) {
      findings_.add(step, fmt::format("an answer to {} {}", method, path),
                    fmt::format("status {} after {} seconds", status, longest_insistence.count()));
      return out;
    }
    std::this_thread::sleep_for(between_attempts);
  }
}

}  // namespace kp::crash
