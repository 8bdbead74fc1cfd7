#pragma once

#include "actors/context.hpp"
#include "actors/messages.hpp"
#include "actors/store_writer.hpp"
#include "protocol/sbd/document.hpp"
#include "simulated_system.hpp"
#include "storage/engine.hpp"
#include "storage/storage_error.hpp"

#include <gtest/gtest.h>
#include <boost/asio/post.hpp>
#include <boost/json.hpp>

#include <future>
#include <mutex>
#include <set>

namespace kp::test {

// Blobs that only remember what became of them.
class remembered_blobs final : public storage::blobs {
 public:
  result<std::unique_ptr<writer>> create(organisation_id, const storage::committer&) override {
    return permanent(storage::storage_errc::io, "not in this test");
  }
  result<std::shared_ptr<random_access_source>> open(organisation_id,
                                                     const storage::blob_ref&) override {
    return permanent(storage::storage_errc::not_found, "not in this test");
  }
  void remove(storage::batch& b, organisation_id, const storage::blob_ref& ref) override {
    b.erase("blob " + ref.id);
  }
  void release(organisation_id, const storage::blob_ref& ref) override {
    const std::scoped_lock lock(mutex_);
    released_.insert(ref.id);
  }
  result<std::size_t> collect(std::chrono::seconds) override { return std::size_t{0}; }
  bool was_released(const std::string& id) const {
    const std::scoped_lock lock(mutex_);
    return released_.contains(id);
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> released_;
};

// How a Standard Business Document of the tests looks.
struct letter {
  std::string type = "arkivmelding";
  std::string message = "ff88849c-e281-4809-8555-7cd54952b916";
  std::string conversation = "37efbd4c-413d-4e2c-bbc5-257ef4a65a56";
  std::string sender = "0192:910075918";
  std::string receiver = "0192:910077473";
  std::optional<std::string> channel_scope{};  // "-": a scope without identifier
  std::optional<time_point> expires = simulated_system::start() + std::chrono::hours(24);
  boost::json::object body{{"hoveddokument", "arkivmelding.xml"}, {"sikkerhetsnivaa", 3}};

  static letter status(std::string name) {
    letter l;
    l.type = "status";
    l.body = {{"status", std::move(name)}};
    return l;
  }
  static letter receipt(std::string about, std::string kind) {
    letter l;
    l.type = "arkivmelding_kvittering";
    l.message = "aa88849c-e281-4809-8555-7cd54952b000";
    l.body = {{"receiptType", std::move(kind)}, {"relatedToMessageId", std::move(about)}};
    return l;
  }

  std::string text() const {
    const auto partner = [](const std::string& value) {
      return boost::json::array{
          {{"identifier", {{"value", value}, {"authority", "iso6523-actorid-upis"}}}}};
    };
    boost::json::object conversation_scope{
        {"type", "ConversationId"},
        {"instanceIdentifier", conversation},
        {"identifier", "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0"}};
    if (expires)
      conversation_scope["scopeInformation"] =
          boost::json::array{{{"expectedResponseDateTime", format_timestamp(*expires)}}};
    boost::json::array scopes{conversation_scope};
    if (channel_scope) {
      boost::json::object scope{{"type", "MessageChannel"},
                                {"instanceIdentifier", "5b3f6a2e-0b0e-4c0e-9f5e-3d1f0a4f7c11"}};
      if (*channel_scope != "-") scope["identifier"] = *channel_scope;
      scopes.push_back(scope);
    }
    boost::json::object document{
        {"standardBusinessDocumentHeader",
         {{"headerVersion", "1.0"},
          {"sender", partner(sender)},
          {"receiver", partner(receiver)},
          {"documentIdentification",
           {{"standard", "urn:no:difi:" + type + ":xsd::" + type},
            {"typeVersion", "2.0"},
            {"instanceIdentifier", message},
            {"type", type},
            {"creationDateAndTime", format_timestamp(simulated_system::start())}}},
          {"businessScope", {{"scope", scopes}}}}},
        {type, body}};
    return boost::json::serialize(document);
  }
  std::shared_ptr<const sbd::document> parsed() const {
    auto document = sbd::parse(text(), simulated_system::start());
    EXPECT_TRUE(document) << (document ? "" : document.error().message);
    return document ? std::make_shared<sbd::document>(*std::move(document)) : nullptr;
  }
  message_id id() const { return *message_id::parse(message); }
};

// One organisation over a store in memory, with everything around the actor under test: channel 1
// "arkiv" receives DPO, channel 2 "fag" only sends and has message channel foo-42.
class dpo_house {
 public:
  dpo_house() {
    auto settings = std::make_shared<tenants::organisation>(tenants::organisation{
        *organisation_id::parse("910077473"), {}, {}, {}, {}, {}, {}, {}, {}});
    settings->dpo.enabled = true;
    settings->dpo.quiet_poll_interval = settings->dpo.poll_interval;
    settings->dpo.system_user_organisation = "0192:910077473";
    settings->dpo.system_user_name = "910077473_systembruker";
    add_channel(*settings, "arkiv", {}, true);
    add_channel(*settings, "fag", "foo-42", false);
    use(std::move(settings));
    writer = system.spawn(actors::store_writer, store.get(), hub->feed_bells);
    organisation = system.spawn_function([this](caf::event_based_actor*) -> caf::behavior {
      return {[this](const actors::outbox_changed&) { ++outbox_nudges; },
              [this](const actors::expiry_changed&) { ++expiry_nudges; }};
    });
  }

  static void add_channel(tenants::organisation& to, const std::string& name,
                          std::optional<std::string> message_channel, bool receives) {
    tenants::channel_settings channel{*channel_name::parse(name), {}, {}, {}, {}, {}, {}};
    channel.sends = {service::dpo};
    if (receives) channel.receives = {service::dpo};
    channel.message_channel = std::move(message_channel);
    to.channels.push_back(std::move(channel));
  }
  void use(std::shared_ptr<const tenants::organisation> settings) {
    std::map<channel_name, channel_number> numbers;
    std::uint32_t number = 0;
    for (const auto& channel : settings->channels)
      numbers.emplace(channel.name, channel_number{++number});
    if (!ids) ids = std::make_shared<storage::row_ids>(*store, settings->id);
    context = std::make_shared<actors::organisation_context>(hub, std::move(settings),
                                                             std::move(numbers), ids);
  }

  void commit(const storage::batch& changes) {
    const auto outcome = store->commit({&changes, 1});
    ASSERT_TRUE(outcome.front()) << outcome.front().error().message;
  }
  // An outgoing conversation as a channel has started it.
  storage::conversation started(channel_number channel, const message_id& message,
                                std::chrono::seconds life = std::chrono::hours(24),
                                service via = service::dpo) {
    storage::conversation c;
    storage::batch changes;
    c.id = *ids->next(changes);
    c.message = message;
    c.conversation_ref = *conversation_id::parse("37efbd4c-413d-4e2c-bbc5-257ef4a65a56");
    c.channel = channel;
    c.way = direction::outgoing;
    c.via = via;
    c.last_update = system.time().now();
    c.expires = system.time().now() + life;
    EXPECT_TRUE(storage::start_conversation(
        changes, context->conversations, context->statuses, *ids, c,
        {{storage::status_name::opprettet, {}, {}, system.time().now()}}));
    commit(changes);
    return c;
  }
  // Names of the statuses of a message, in order, separated by spaces.
  std::string statuses(direction way, const message_id& message) const {
    const auto c = context->conversations.find(way, message);
    if (!c || !*c) return "no conversation";
    const auto rows = context->statuses.of_conversation(**c);
    std::string names;
    for (const auto& row : *rows) {
      if (!names.empty()) names += ' ';
      names += storage::to_string(row.name);
    }
    return names;
  }
  storage::status last_status(direction way, const message_id& message) const {
    const auto c = context->conversations.find(way, message);
    if (!c || !*c) return {};
    const auto rows = context->statuses.of_conversation(**c);
    return rows && !rows->empty() ? rows->back() : storage::status{};
  }
  std::vector<storage::outbox_item> outbox_of(const message_id& message) const {
    std::vector<storage::outbox_item> items;
    const auto outbox = context->outbox(service::dpo);
    const auto rows = outbox.of_message(message);
    for (const auto row : *rows) items.push_back(**outbox.find(row));
    return items;
  }
  void finish_workers() {
    std::promise<void> reached;
    boost::asio::post(workers, [&] { reached.set_value(); });
    reached.get_future().wait();
  }

  int outbox_nudges = 0;
  int expiry_nudges = 0;
  std::unique_ptr<storage::engine> store = storage::make_memory_engine();
  remembered_blobs blobs;
  std::shared_ptr<random_source> random = make_seeded_random(7);
  std::shared_ptr<spool_factory> spools = make_memory_spools(1 << 20);
  boost::asio::io_context network;
  boost::asio::thread_pool workers{1};
  simulated_system system;
  std::shared_ptr<actors::hub_context> hub = std::make_shared<
      actors::hub_context>(actors::hub_context{
      {}, network, workers, system.time(), *random, *store, blobs, *spools, nullptr, nullptr, {}});
  std::shared_ptr<storage::row_ids> ids;
  std::shared_ptr<actors::organisation_context> context;
  caf::actor writer, organisation;
};

inline constexpr channel_number arkiv{1};
inline constexpr channel_number fag{2};

}  // namespace kp::test
