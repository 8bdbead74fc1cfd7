#pragma once

#include "config/error.hpp"
#include "config/webhook_settings.hpp"
#include "protocol/http/async.hpp"
#include "protocol/http/headers.hpp"
#include "storage/secret_box.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace kp::http {
class client;
}

namespace kp::actors {

struct webhook_push {
  std::string url;
  http::headers headers;
  std::string body;
};

struct webhook_outcome {
  unsigned status = 0;  // 0: no answer, `problem` says why
  std::string problem;
  std::optional<std::chrono::seconds> retry_after;

  bool taken() const { return status / 100 == 2; }
  std::string why() const { return status == 0 ? problem : "HTTP " + std::to_string(status); }
};

// What the webhook dispatcher asks of the network.
class webhook_transport {
 public:
  virtual ~webhook_transport() = default;
  // Posts it and calls `done` exactly once, on any thread, within the deadlines of the settings.
  // Follows no redirects. Safe to call from any thread.
  virtual void post(webhook_push, std::function<void(webhook_outcome)> done) = 0;
};

// Over a client of its own (webhook_client()), which must outlive it and lives on `network`.
std::shared_ptr<webhook_transport> make_webhook_transport(http::asio::io_context& network,
                                                          http::client& over, webhook_settings);

// A client that connects where the settings allow. Errors: those of http::client::make.
result<std::unique_ptr<http::client>> webhook_client(http::asio::io_context& network,
                                                     http::asio::thread_pool& workers,
                                                     const webhook_settings&, std::string ca_file,
                                                     std::string proxy);

// Why nothing may be posted to `url`, for a person; nullopt: it may, as far as its text tells.
std::optional<std::string> refused_target(const webhook_settings&, std::string_view url);

// What webhooks need beside the store.
struct webhook_means {
  std::shared_ptr<webhook_transport> transport;
  std::shared_ptr<const storage::secret_box> secrets;
};

}  // namespace kp::actors
