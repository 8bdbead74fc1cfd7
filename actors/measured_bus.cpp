#include "actors/measured_bus.hpp"

#include "actors/vital_signs.hpp"
#include "metrics/hub_meters.hpp"
#include "protocol/amqp/amqp_error.hpp"
#include "protocol/http/http_error.hpp"

#include <chrono>
#include <utility>

namespace kp::actors {

namespace {

using steady = std::chrono::steady_clock;
using amqp::amqp_errc;

// The words of measured_client.
std::string outcome_of(const error& why) {
  if (why.code.category() == make_error_code(http::http_errc::cut).category())
    return http::to_text(static_cast<http::http_errc>(why.code.value()));
  if (why.code == amqp_errc::unauthorized) return "unauthorized";
  if (why.code == amqp_errc::timeout) return "timeout";
  if (why.code == amqp_errc::closed || why.code == amqp_errc::no_link) return "connection cut";
  if (why.code == amqp_errc::busy) return "unavailable";
  if (why.code.category() == make_error_code(amqp_errc::busy).category()) return "refused";
  return "failed";
}

// A refusal of one message is an answer; the rest is trouble with the service.
bool is_trouble(const error& why) {
  return why.code != amqp_errc::refused && why.code != amqp_errc::too_large &&
         why.code != amqp_errc::lock_lost && why.code != amqp_errc::not_found &&
         why.code != http::http_errc::too_large;
}

class measured_bus final : public dpe::bus {
 public:
  measured_bus(std::unique_ptr<dpe::bus> inner, hub_context& hub)
      : bus_(std::move(inner)), hub_(hub) {}

  http::awaitable<result<void>> send(std::string queue,
                                     std::shared_ptr<const random_access_source> body) override {
    return timed("send", bus_->send(std::move(queue), std::move(body)));
  }
  http::awaitable<result<std::optional<dpe::locked_message>>> receive(
      std::string queue, std::chrono::seconds wait, std::shared_ptr<byte_sink> to,
      std::uint64_t max_bytes) override {
    return timed("receive", bus_->receive(std::move(queue), wait, std::move(to), max_bytes));
  }
  http::awaitable<result<void>> complete(dpe::locked_message which) override {
    return timed("complete", bus_->complete(std::move(which)));
  }
  http::awaitable<result<void>> unlock(dpe::locked_message which) override {
    return timed("unlock", bus_->unlock(std::move(which)));
  }
  http::awaitable<result<void>> renew(dpe::locked_message which) override {
    return timed("renew", bus_->renew(std::move(which)));
  }
  http::awaitable<result<void>> set_aside(dpe::locked_message which, std::string reason) override {
    return timed("set_aside", bus_->set_aside(std::move(which), std::move(reason)));
  }
  bool can_set_aside() const override { return bus_->can_set_aside(); }

 private:
  template <class T>
  http::awaitable<result<T>> timed(std::string what, http::awaitable<result<T>> call) {
    const auto begun = steady::now();
    auto answer = co_await std::move(call);
    const auto outcome = answer ? std::string("success") : outcome_of(answer.error());
    hub_.meters->upstream_calls.with({{"service", "DPE"}, {"endpoint", what}, {"outcome", outcome}})
        .add();
    hub_.meters->upstream_time.with({{"service", "DPE"}, {"endpoint", what}})
        .observe(steady::now() - begun);
    const vital_signs::call name{"DPE", what};
    if (!answer && is_trouble(answer.error()))
      hub_.signs->call_failed(name, hub_.time.now(), answer.error().message);
    else
      hub_.signs->called(name, hub_.time.now());
    co_return answer;
  }

  const std::unique_ptr<dpe::bus> bus_;
  hub_context& hub_;
};

}  // namespace

std::unique_ptr<dpe::bus> measure(std::unique_ptr<dpe::bus> bus, hub_context& hub) {
  return std::make_unique<measured_bus>(std::move(bus), hub);
}

}  // namespace kp::actors
