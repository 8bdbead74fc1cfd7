#include "protocol/rsocket/client.hpp"

#include "protocol/http/dial.hpp"
#include "protocol/http/single_flight.hpp"
#include "protocol/rsocket/session.hpp"

#include <boost/asio/ssl.hpp>

namespace kp::rsocket {

namespace asio = http::asio;

namespace {

constexpr std::chrono::milliseconds deadline_tick{100};

struct state {
  state(asio::io_context& on, client_options with)
      : network(on),
        options(std::move(with)),
        dial_with{on,
                  std::make_shared<http::watchdog>(on, deadline_tick),
                  asio::ssl::context(asio::ssl::context::tls_client),
                  std::nullopt,
                  {}} {}

  asio::io_context& network;
  const client_options options;
  http::dialer dial_with;
  std::shared_ptr<session> current;
  http::single_flight<int, std::shared_ptr<session>> connecting;
};

http::awaitable<result<std::shared_ptr<session>>> connect(std::shared_ptr<state> own) {
  http::url_parts to;
  to.tls = own->options.tls;
  to.host = own->options.host;
  to.port = own->options.port;
  const auto latest = std::chrono::steady_clock::now() + 3 * own->options.connect_deadline;
  KP_CO_TRY(auto on,
            co_await http::dial(own->dial_with, to, own->options.connect_deadline, latest));
  auto made = std::make_shared<session>(own->network, std::move(on), own->options);
  made->begin();
  own->current = made;
  co_return made;
}

http::awaitable<result<std::shared_ptr<session>>> open_session(std::shared_ptr<state> own) {
  if (own->current && own->current->open()) co_return own->current;
  std::function<http::awaitable<result<std::shared_ptr<session>>>()> make = [own] {
    return connect(own);
  };
  co_return co_await own->connecting.run(0, std::move(make));
}

http::awaitable<result<void>> ask(std::shared_ptr<state> own, std::string metadata,
                                  std::string data, bool waits) {
  KP_CO_TRY(const auto over, co_await open_session(own));
  if (waits) co_return co_await over->request(std::move(metadata), std::move(data));
  co_return co_await over->fire(std::move(metadata), std::move(data));
}

class tcp_client final : public client {
 public:
  explicit tcp_client(std::shared_ptr<state> own) : own_(std::move(own)) {}
  ~tcp_client() override {
    if (own_->current)
      own_->current->end(transient(rsocket_errc::closed, "the RSocket client has ended"));
  }
  http::awaitable<result<void>> request(std::string metadata, std::string data) override {
    return ask(own_, std::move(metadata), std::move(data), true);
  }
  http::awaitable<result<void>> fire(std::string metadata, std::string data) override {
    return ask(own_, std::move(metadata), std::move(data), false);
  }

 private:
  const std::shared_ptr<state> own_;
};

}  // namespace

result<std::unique_ptr<client>> client::make(asio::io_context& network, client_options options) {
  auto made = std::make_shared<state>(network, std::move(options));
  KP_CHECK(http::trust(made->dial_with.tls, made->options.ca_file));
  return std::unique_ptr<client>(std::make_unique<tcp_client>(std::move(made)));
}

}  // namespace kp::rsocket
