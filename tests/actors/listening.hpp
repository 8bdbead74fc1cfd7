#pragma once

#include "actors/gateway_listeners.hpp"
#include "tests/actors/support_channel.hpp"

#include <fmt/format.h>
#include <boost/asio/detached.hpp>

#include <future>

namespace kp::test {

// A channel's feed with those who listen to it, without the channel: the test makes things happen.
class listening_test : public ::testing::Test {
 protected:
  static constexpr channel_number arkiv{1};
  static constexpr channel_number fag{2};
  const organisation_id somdalen = organisation_id::from_number(own_number);
  const time_point moment{std::chrono::seconds(1'772'000'000)};

  // The connection of a client that may hang up.
  class client final : public http::request_body {
   public:
    http::awaitable<result<std::string_view>> next() override { co_return std::string_view(); }
    bool peer_gone() override { return gone; }
    bool gone = false;
  };

  listening_test() {
    storage::batch names;
    const storage::channel_registry registry(*store, somdalen);
    registry.add(names, *channel_name::parse("arkiv"), {});
    registry.add(names, *channel_name::parse("fag"), {{*channel_name::parse("arkiv"), arkiv}});
    commit(names);
  }
  ~listening_test() override { workers.join(); }

  // As a file would have it: two channels, each with a password and an API key.
  tenants::organisation settings() const {
    const auto channel = [](const std::string& name) {
      tenants::channel_settings made{*channel_name::parse(name), {}, {}, {}, {}, {}, {}};
      tenants::credential password, key;
      password.user = name;
      password.password_hash = "hash of " + name;
      key.api_key = "kp_" + name;
      key.api_key_hash = "hash of the key of " + name;
      made.credentials = {password, key};
      return made;
    };
    tenants::organisation made{somdalen, "Somdalen", {}, {}, {}, {}, {}, {}, {}};
    made.channels = {channel("arkiv"), channel("fag")};
    return made;
  }
  static std::shared_ptr<const tenants::directory> directory_of(
      std::vector<tenants::organisation> all) {
    std::vector<std::shared_ptr<const tenants::organisation>> owners;
    for (auto& one : all)
      owners.push_back(std::make_shared<const tenants::organisation>(std::move(one)));
    return std::make_shared<const tenants::directory>(std::move(owners));
  }
  // Who has signed in to a channel, with the first of its credentials or the second one.
  tenants::directory::seat who(std::string_view channel, std::size_t credential = 0) const {
    const auto owner = known->find(somdalen);
    const auto* its = owner->find(*channel_name::parse(channel));
    return {owner, its, &its->credentials[credential]};
  }
  std::shared_ptr<const tenants::directory> known = directory_of({settings()});

  void commit(const storage::batch& b) { ASSERT_TRUE(store->commit(std::span(&b, 1)).front()); }
  storage::channel_event event() const {
    storage::channel_event e;
    e.at = moment;
    e.message = *message_id::parse("00000000-0000-4000-8000-000000000001");
    e.conversation = *conversation_id::parse("00000000-0000-4000-8000-000000000002");
    e.via = service::dpo;
    return e;
  }
  void tell(const storage::channel_event& e, channel_number channel) {
    storage::batch b;
    storage::append_event(b, somdalen, channel, e);
    commit(b);
    hub->feed_bells->ring({somdalen, channel});
  }
  void happens(const std::string& description, channel_number channel = arkiv) {
    auto e = event();
    e.kind = storage::event_kind::status;
    e.name = storage::status_name::sendt;
    e.description = description;
    e.status_row = 7;
    e.conversation_row = 5;
    tell(e, channel);
  }
  void arrives() {
    auto e = event();
    e.kind = storage::event_kind::arrival;
    e.way = direction::incoming;
    e.sender = "910075918";
    e.receiver = "910077473";
    e.process = "urn:process";
    e.type = "arkivmelding";
    tell(e, arkiv);
  }
  // All that has happened becomes too old to be kept.
  void forget_everything() {
    const storage::feed events(*store, somdalen);
    storage::batch note, remove;
    ASSERT_TRUE(events.trim(note, arkiv, moment, std::chrono::hours(1), 1000));
    commit(note);
    ASSERT_TRUE(
        events.trim(remove, arkiv, moment + std::chrono::hours(2), std::chrono::hours(1), 1000));
    commit(remove);
  }

  template <class T>
  void later(http::awaitable<T> work, std::function<void(const T&)> then) {
    auto run = [](http::awaitable<T> what,
                  std::function<void(const T&)> tell_it) -> http::awaitable<void> {
      const T value = co_await std::move(what);
      tell_it(value);
    };
    http::asio::co_spawn(network, run(std::move(work), std::move(then)), http::asio::detached);
  }
  // Runs the network until it holds.
  void run_until(const std::function<bool()>& holds) {
    network.restart();
    const auto stay = http::asio::make_work_guard(network);
    const auto latest = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!holds() && std::chrono::steady_clock::now() < latest)
      network.run_one_for(std::chrono::milliseconds(10));
    EXPECT_TRUE(holds());
  }
  template <class T>
  T ask(http::awaitable<T> work) {
    auto slot = std::make_shared<std::optional<T>>();
    later<T>(std::move(work), [slot](const T& value) { slot->emplace(value); });
    run_until([slot] { return slot->has_value(); });
    return **slot;
  }
  // Lets everything that can go on do so: what is unfinished then waits for something.
  void settle() {
    for (int i = 0; i < 3; ++i) {
      network.restart();
      network.poll();
      std::promise<void> idle;
      http::asio::post(workers, [&] { idle.set_value(); });
      idle.get_future().wait();
    }
    network.restart();
    network.poll();
  }

  std::unique_ptr<storage::engine> store = storage::make_memory_engine();
  manual_clock time{moment};
  memory_blobs blobs;
  std::shared_ptr<random_source> random = make_seeded_random(7);
  std::shared_ptr<spool_factory> spools = make_memory_spools(1024);
  http::asio::io_context network;
  http::asio::thread_pool workers{1};
  std::shared_ptr<hub_context> hub = std::make_shared<hub_context>(hub_context{
      {}, network, workers, time, *random, *store, blobs, *spools, nullptr, nullptr, {}});
  gateway_listeners listeners{hub};
  http::request_head head;
  client connection;
};

}  // namespace kp::test
