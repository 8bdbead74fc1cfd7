#include "tools/sandbox/sandbox.hpp"

#include "tools/sandbox/http_listener.hpp"
#include "tools/sandbox/router.hpp"
#include "tools/sandbox/service_bus_amqp.hpp"
#include "tools/sandbox/status_rsocket.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <future>

namespace kp::sandbox {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds control_deadline{30};
constexpr std::chrono::hours certificate_slack{24}, certificate_life{24 * 3650};
constexpr std::string_view directory_file = "directory.json";

result<rsa_key> kept_key(const std::string& folder, std::string_view name) {
  if (folder.empty()) return rsa_key::generate();
  const auto path = fmt::format("{}/{}.key", folder, name);
  if (fs::exists(path)) {
    KP_TRY(const auto pem, read_file(path));
    return rsa_key::from_private_pem(pem);
  }
  KP_TRY(auto made, rsa_key::generate());
  KP_CHECK(write_file(path, made.private_pem(), true));
  return made;
}

result<certificate_authority> kept_authority(const std::string& folder, time_point now) {
  if (folder.empty()) return certificate_authority::make(now);
  const auto root = folder + "/ca.pem", key = folder + "/ca.key";
  if (fs::exists(root)) {
    KP_TRY(const auto root_pem, read_file(root));
    KP_TRY(const auto key_pem, read_file(key));
    return certificate_authority::load(root_pem, key_pem);
  }
  KP_TRY(auto made, certificate_authority::make(now));
  KP_CHECK(write_file(key, made.key_pem(), true));
  KP_CHECK(write_file(root, made.root().pem() + "\n", false));
  return made;
}

result<void> load_directory(const std::string& path, directory& into) {
  if (!fs::exists(path)) return {};
  KP_TRY(const auto text, read_file(path));
  boost::system::error_code ec;
  const auto value = json::parse(text, ec);
  if (ec || !value.is_object())
    return permanent(sandbox_errc::file, path + ": this is no JSON object");
  auto loaded = into.load(value.get_object());
  if (!loaded) return with_context(std::move(loaded).error(), path);
  return {};
}

// An empty folder for the files of transfers, removed with its owner.
class transfer_folder {
 public:
  transfer_folder() = default;
  ~transfer_folder() {
    std::error_code ignored;
    if (!path.empty()) fs::remove_all(path, ignored);
  }
  transfer_folder(const transfer_folder&) = delete;
  transfer_folder& operator=(const transfer_folder&) = delete;

  result<void> make(const std::string& state_folder) {
    std::error_code ec;
    if (!state_folder.empty()) {
      auto wanted = state_folder + "/transfers";
      fs::remove_all(wanted, ec);
      fs::create_directories(wanted, ec);
      if (!ec) path = std::move(wanted);
    } else {
      auto pattern = (fs::temp_directory_path(ec) / "kp-sandbox-XXXXXX").string();
      if (::mkdtemp(pattern.data())) path = std::move(pattern);
    }
    if (path.empty())
      return permanent(sandbox_errc::file, "cannot make a folder for the files of transfers");
    return {};
  }

  std::string path;
};

}  // namespace

// In the order of their lives: the listener ends first, the folder last.
struct sandbox::parts {
  transfer_folder files;
  std::string state_folder;
  std::string url;
  std::unique_ptr<services> all;
  std::unique_ptr<control_api> control;
  std::unique_ptr<router> app;
  std::unique_ptr<status_rsocket> by_rsocket;
  std::vector<std::unique_ptr<rsocket_listener>> rsocket;
  std::unique_ptr<service_bus_amqp> by_amqp;
  std::vector<std::unique_ptr<amqp_listener>> amqp;
  std::unique_ptr<http_listener> listener;
  std::atomic<bool> held{false};  // nothing is saved now

  ~parts() { stop_others(); }
  // Their threads post to the listener's.
  void stop_others() const {
    for (const auto& each : rsocket) each->stop();
    for (const auto& each : amqp) each->stop();
  }

  result<void> save() const {
    if (state_folder.empty() || held) return {};
    return write_file(fmt::format("{}/{}", state_folder, directory_file),
                      json::serialize(all->known.save()), false);
  }

  // What `ask` gives on the thread that everything of the sandbox runs on.
  template <class F>
  auto there(F ask) -> std::future<decltype(ask())> {
    auto task = std::make_shared<std::packaged_task<decltype(ask())()>>(std::move(ask));
    auto answer = task->get_future();
    listener->post([task] { (*task)(); });
    return answer;
  }

  // Certificate and key, PEM, for the address.
  result<std::pair<std::string, std::string>> server_identity(const options& wanted) const {
    KP_TRY(const auto key, rsa_key::generate());
    const auto now = wanted.time->now();
    KP_TRY(const auto own, all->ca.issue_server(key, wanted.address, now - certificate_slack,
                                                now + certificate_life));
    return std::pair(own.pem() + "\n", key.private_pem());
  }

  // As for RSocket; proton reads certificate and key from files.
  result<void> listen_for_amqp(const options& wanted) {
    by_amqp = std::make_unique<service_bus_amqp>(*all);
    const auto open = [&](std::uint16_t port, bool tls) -> result<std::string> {
      amqp_listener::options place;
      place.address = wanted.address;
      place.port = port;
      if (tls) {
        KP_TRY(const auto identity, server_identity(wanted));
        place.certificate_file = files.path + "/amqp.pem";
        place.key_file = files.path + "/amqp.key";
        KP_CHECK(write_file(place.certificate_file, identity.first, false));
        KP_CHECK(write_file(place.key_file, identity.second, true));
      }
      KP_TRY(auto made, amqp_listener::open(place, *by_amqp, [this](auto work) {
               listener->post(std::move(work));
             }));
      amqp.push_back(std::move(made));
      return fmt::format("{}://{}:{}", tls ? "amqps" : "amqp", wanted.address, amqp.back()->port());
    };
    if (wanted.amqp_port) {
      KP_TRY(all->bus.amqp_url, open(*wanted.amqp_port, false));
    }
    if (wanted.amqp_tls_port) {
      KP_TRY(all->bus.amqp_tls_url, open(*wanted.amqp_tls_port, true));
    }
    return {};
  }

  // Its own thread asks the services on theirs.
  result<void> listen_for_rsocket(const options& wanted) {
    by_rsocket = std::make_unique<status_rsocket>(*all);
    const auto open = [&](std::uint16_t port, bool tls) -> result<std::string> {
      rsocket_listener::options place;
      place.address = wanted.address;
      place.port = port;
      if (tls) {
        KP_TRY(std::tie(place.certificate, place.key), server_identity(wanted));
      }
      KP_TRY(auto made, rsocket_listener::open(place, *by_rsocket, [this](auto work) {
               listener->post(std::move(work));
             }));
      rsocket.push_back(std::move(made));
      return fmt::format("{}://{}:{}", tls ? "rsockets" : "rsocket", wanted.address,
                         rsocket.back()->port());
    };
    if (wanted.rsocket_port) {
      KP_TRY(all->statuses.rsocket_url, open(*wanted.rsocket_port, false));
    }
    if (wanted.rsocket_tls_port) {
      KP_TRY(all->statuses.rsocket_tls_url, open(*wanted.rsocket_tls_port, true));
    }
    return {};
  }
};

namespace {

error no_answer() {
  return transient(sandbox_errc::timeout, "the sandbox did not answer; has it been stopped?");
}

}  // namespace

result<std::unique_ptr<sandbox>> sandbox::start(options wanted) {
  auto made = std::make_unique<parts>();
  if (!wanted.time) wanted.time = std::make_shared<wall_clock>();
  if (!wanted.random) wanted.random = make_secure_random();
  if (!wanted.state_folder.empty()) {
    std::error_code ec;
    fs::create_directories(wanted.state_folder, ec);
    if (ec)
      return permanent(sandbox_errc::file,
                       fmt::format("cannot make {}: {}", wanted.state_folder, ec.message()));
  }
  made->state_folder = wanted.state_folder;
  KP_TRY(auto listener, http_listener::open(wanted.address, wanted.port));
  made->url = fmt::format("http://{}:{}", wanted.address, listener->port());
  KP_CHECK(made->files.make(wanted.state_folder));
  KP_TRY(auto ca, kept_authority(wanted.state_folder, wanted.time->now()));
  ca.share_keys(wanted.shared_keys);
  KP_TRY(auto maskinporten_key, kept_key(wanted.state_folder, "maskinporten"));
  KP_TRY(auto altinn_key, kept_key(wanted.state_folder, "altinn"));
  KP_TRY(made->all, services::make({std::move(ca), std::move(maskinporten_key),
                                    std::move(altinn_key), wanted.time, wanted.random, made->url,
                                    wanted.audience.empty() ? made->url + "/" : wanted.audience,
                                    wanted.resource, made->files.path}));
  made->all->fiks_accounts.broker.use(wanted.amqp_url);
  if (!wanted.state_folder.empty())
    KP_CHECK(load_directory(fmt::format("{}/{}", wanted.state_folder, directory_file),
                            made->all->known));
  made->control =
      std::make_unique<control_api>(*made->all, [inner = made.get()] { return inner->save(); });
  made->app = std::make_unique<router>(*made->all, *made->control);
  made->listener = std::move(listener);
  KP_CHECK(made->listen_for_rsocket(wanted));
  KP_CHECK(made->listen_for_amqp(wanted));
  made->listener->run(*made->app);
  return std::unique_ptr<sandbox>(new sandbox(std::move(made)));
}

sandbox::sandbox(std::unique_ptr<parts> made) : parts_(std::move(made)) {}
sandbox::~sandbox() {
  stop();
}

std::uint16_t sandbox::port() const {
  return parts_->listener->port();
}
std::string sandbox::url() const {
  return parts_->url;
}
void sandbox::stop() {
  parts_->stop_others();
  parts_->listener->stop();
}

void sandbox::hold_state() {
  parts_->held = true;
}

result<void> sandbox::write_state() {
  parts_->held = false;
  auto written = parts_->there([inner = parts_.get()] { return inner->save(); });
  if (written.wait_for(control_deadline) != std::future_status::ready) return no_answer();
  return written.get();
}

result<json::value> sandbox::control(std::string method, std::string path, json::value body) {
  request call;
  call.method = std::move(method);
  const auto question = path.find('?');
  call.path = path.substr(0, question);
  if (question != std::string::npos) call.query = path.substr(question + 1);
  if (!call.path.starts_with("/control"))
    return permanent(sandbox_errc::invalid_request, "a control path begins with /control");
  if (!body.is_null()) call.body = json::serialize(body);
  const auto inner = parts_.get();
  auto answered =
      parts_->there([inner, asked = std::move(call)] { return inner->control->handle(asked); });
  if (answered.wait_for(control_deadline) != std::future_status::ready) return no_answer();
  try {
    const auto answer = answered.get();
    boost::system::error_code ec;
    auto value = json::parse(answer.body, ec);
    if (ec) value = answer.body;
    if (answer.status < 300) return value;
    const auto* told = value.is_object() ? value.get_object().if_contains("error") : nullptr;
    return permanent(answer.status == 404 ? sandbox_errc::not_found : sandbox_errc::invalid_request,
                     told && told->is_string() ? std::string(told->get_string()) : answer.body);
  } catch (const std::exception& problem) {
    return permanent(sandbox_errc::invalid_request, problem.what());
  }
}

}  // namespace kp::sandbox
