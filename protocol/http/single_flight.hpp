#pragma once

#include "config/error.hpp"
#include "protocol/http/async.hpp"
#include "protocol/http/http_error.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace kp::http {

// Lets simultaneous callers who want the same thing share one request. For one network thread; the
// caller keeps this object alive while it waits.
template <class Key, class Value>
class single_flight {
 public:
  // What `make` returns; it runs for the first caller, who brings its deadline. Who joins waits no
  // longer than `patience` after the first caller came: http_errc::timeout.
  awaitable<result<Value>> run(Key key, std::function<awaitable<result<Value>>()> make,
                               std::chrono::seconds patience = std::chrono::seconds(150)) {
    if (const auto found = flying_.find(key); found != flying_.end())
      co_return co_await join(found->second);
    auto executor = co_await asio::this_coro::executor;
    const auto own = std::make_shared<flight>(executor, patience);
    flying_.emplace(key, own);
    const landing at_end{*this, key, *own};
    own->landed = co_await make();
    co_return *own->landed;
  }

 private:
  struct flight {
    flight(const asio::any_io_executor& on, std::chrono::seconds patience) : done(on, patience) {}
    asio::steady_timer done;
    std::optional<result<Value>> landed;
  };
  // Also when the first caller is destroyed before it had a result.
  struct landing {
    single_flight& of;
    const Key& key;
    flight& what;
    ~landing() {
      of.flying_.erase(key);
      what.done.cancel();
    }
  };

  // The timer is set once, by the first caller: setting it anew would wake who waits already.
  static awaitable<result<Value>> join(std::shared_ptr<flight> other) {
    co_await other->done.async_wait(asio::as_tuple(asio::use_awaitable));
    if (other->landed) co_return *other->landed;
    co_return transient(http_errc::timeout, "another caller's request took too long");
  }

  std::map<Key, std::shared_ptr<flight>> flying_;
};

}  // namespace kp::http
