#pragma once

#include "config/clock.hpp"
#include "config/error.hpp"
#include "config/random.hpp"
#include "tools/sandbox/sandbox_error.hpp"

#include <boost/json/value.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

// The local stand-in for the national services that DPO needs: Maskinporten, Altinn's token
// exchange, Altinn 3 Broker and the Service Registry, behind one plain HTTP listener (README).

namespace kp::sandbox {

struct options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8090;  // 0: a free one
  // Where the CA, the signing keys and the organisations stay between runs; empty: nowhere.
  // Transfers never outlive a run.
  std::string state_folder;
  std::string audience;  // Maskinporten's name; empty: http://<address>:<port>/
  std::string resource = "eformidling-dpo-meldingsutveksling";
  // The status service over RSocket, plain and with TLS (of the CA); 0: a free port.
  std::optional<std::uint16_t> rsocket_port = {}, rsocket_tls_port = {};
  std::string amqp_url;                   // of the broker of FIKS IO; empty: none
  // The Service Bus over AMQP 1.0, in the same way.
  std::optional<std::uint16_t> amqp_port = {}, amqp_tls_port = {};
  std::size_t shared_keys = 0;            // see certificate_authority::share_keys
  std::shared_ptr<const clock> time;      // empty: the machine's
  std::shared_ptr<random_source> random;  // empty: the operating system's
};

class sandbox {
 public:
  // Listens when it returns. Errors: sandbox_errc::listen, file, crypto.
  static result<std::unique_ptr<sandbox>> start(options);
  ~sandbox();
  sandbox(const sandbox&) = delete;
  sandbox& operator=(const sandbox&) = delete;

  std::uint16_t port() const;
  std::string url() const;  // "http://127.0.0.1:8090"

  // The control API without HTTP: control("POST", "/control/organisations", {…}). Safe to call from
  // any thread but the sandbox's own. Errors: sandbox_errc::invalid_request with the answer's
  // sentence (not_found for 404), timeout after 30 s.
  result<boost::json::value> control(std::string method, std::string path,
                                     boost::json::value body = nullptr);

  // Between the two calls changes are not written to the state folder, however many are made;
  // write_state() writes them in one go. Safe as control() is. Errors: sandbox_errc::file, timeout.
  void hold_state();
  result<void> write_state();

  // Closes every connection and joins the thread. Safe to call twice.
  void stop();

 private:
  struct parts;
  explicit sandbox(std::unique_ptr<parts>);
  std::unique_ptr<parts> parts_;
};

// Registers what a file lists, as the start option of the program does: {"organisations": [body of
// POST /control/organisations, …], "systemUsers": […], "delegations": […]}, or only the first
// array. Writes <number>.p12 and <number>.password for each into `keystores` unless that is empty;
// an organisation whose keystore is there already and that `box` still knows is left as it is.
// Asks `stop` between two organisations, and leaves the rest out once it says so.
// Returns how many were registered. Errors: sandbox_errc::file, and what control() answers.
result<std::size_t> register_from_file(sandbox& box, const std::string& file,
                                       const std::string& keystores,
                                       const std::function<bool()>& stop = {});

}  // namespace kp::sandbox
