#include "actors/webhook_transport.hpp"

#include "protocol/http/client.hpp"
#include "protocol/http/public_address.hpp"
#include "protocol/http/url.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace kp::actors {

namespace {

// Of an answer only the status counts.
constexpr std::size_t max_answer = 16 * 1024;
// Receivers often close an idle connection after five seconds; what is sent into that is lost.
constexpr std::chrono::seconds keep_idle{4};
constexpr std::size_t max_connections_per_host = 64;

http::awaitable<void> post_and_tell(http::client& over, http::request asked,
                                    std::function<void(webhook_outcome)> done) {
  webhook_outcome outcome;
  try {
    const auto answer = co_await over.send(std::move(asked));
    if (answer) {
      outcome.status = answer->status;
      outcome.retry_after = answer->retry_after();
    } else {
      outcome.problem = answer.error().message;
    }
  } catch (const std::exception& e) {
    outcome.problem = e.what();
  }
  done(std::move(outcome));
}

class http_transport final : public webhook_transport {
 public:
  http_transport(http::asio::io_context& network, http::client& over, webhook_settings settings)
      : network_(network), over_(over), settings_(settings) {}

  void post(webhook_push push, std::function<void(webhook_outcome)> done) override {
    if (auto refused = refused_target(settings_, push.url)) {
      webhook_outcome outcome;
      outcome.problem = *std::move(refused);
      return done(std::move(outcome));
    }
    http::request asked;
    asked.method = "POST";
    asked.url = std::move(push.url);
    asked.headers = std::move(push.headers);
    asked.body = std::move(push.body);
    asked.deadlines.connect = settings_.connect_timeout;
    asked.deadlines.read = settings_.read_timeout;
    asked.deadlines.write = settings_.read_timeout;
    asked.deadlines.total = settings_.connect_timeout + 2 * settings_.read_timeout;
    asked.max_response_bytes = max_answer;
    asked.may_cut_response = true;
    http::asio::co_spawn(network_, post_and_tell(over_, std::move(asked), std::move(done)),
                         http::asio::detached);
  }

 private:
  http::asio::io_context& network_;
  http::client& over_;
  webhook_settings settings_;
};

}  // namespace

std::shared_ptr<webhook_transport> make_webhook_transport(http::asio::io_context& network,
                                                          http::client& over,
                                                          webhook_settings settings) {
  return std::make_shared<http_transport>(network, over, settings);
}

result<std::unique_ptr<http::client>> webhook_client(http::asio::io_context& network,
                                                     http::asio::thread_pool& workers,
                                                     const webhook_settings& settings,
                                                     std::string ca_file, std::string proxy) {
  http::client_options options;
  options.ca_file = std::move(ca_file);
  options.proxy = std::move(proxy);
  options.user_agent = "Knutepunkt/" KP_VERSION;
  options.max_connections_per_host = max_connections_per_host;
  options.idle = keep_idle;
  if (!settings.allows_private()) options.may_connect = http::is_public;
  return http::client::make(network, workers, std::move(options));
}

std::optional<std::string> refused_target(const webhook_settings& settings, std::string_view url) {
  const auto parts = http::parse_url(url);
  if (!parts) return parts.error().message;
  if (settings.https_only && !parts->tls) return "this hub delivers to https:// only";
  boost::system::error_code is_name;
  const auto address = http::asio::ip::make_address(parts->host, is_name);
  if (!is_name && !settings.allows_private() && !http::is_public(address))
    return "this hub does not deliver to private addresses";
  return std::nullopt;
}

}  // namespace kp::actors
