#pragma once

#include "actors/channel.hpp"
#include "actors/channel_decision.hpp"
#include "actors/store_writer.hpp"
#include "protocol/http/http_error.hpp"
#include "storage/keys.hpp"
#include "storage/storage_error.hpp"
#include "tests/actors/simulated_system.hpp"
#include "tests/support/fixtures.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <mutex>
#include <thread>

// A channel with everything around it in the hand of the test.

namespace kp::test {

namespace json = boost::json;
using namespace kp::actors;

inline constexpr std::uint32_t own_number = 910077473;
inline constexpr std::string_view peer = "910075918";
inline const std::string administrasjon = "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0";

// Passes on to an engine in memory, and lets a test fail commits or act between reading and them.
class scripted_engine final : public storage::engine {
 public:
  result<std::optional<std::string>> get(std::string_view key) const override {
    return below_->get(key);
  }
  result<void> scan(std::string_view begin, std::string_view end, storage::scan_order order,
                    const visitor& visit) const override {
    return below_->scan(begin, end, order, visit);
  }
  std::vector<result<void>> commit(std::span<const storage::batch> group) override {
    if (before_commit) {
      if (before_commit()) before_commit = {};
    }
    if (!fail_with) {
      commits += group.size();
      return below_->commit(group);
    }
    std::vector<result<void>> all;
    for (std::size_t i = 0; i < group.size(); ++i) all.emplace_back(*fail_with);
    return all;
  }
  result<void> erase_range(std::string_view begin, std::string_view end) override {
    return below_->erase_range(begin, end);
  }
  std::unique_ptr<storage::engine> below_ = storage::make_memory_engine();
  std::function<bool()> before_commit;  // until it returns true
  std::optional<error> fail_with;
  std::size_t commits = 0;
};

// Content in memory. Everything else of a blob is the store's business.
class memory_blobs final : public storage::blobs {
 public:
  std::string record_key(organisation_id owner, const storage::blob_ref& ref) const {
    return storage::key_builder(owner, storage::record_kind::blob).text(ref.id).str();
  }
  storage::blob_ref add(storage::batch& b, organisation_id owner, std::string content) {
    const std::scoped_lock lock(mutex_);
    const storage::blob_ref ref{fmt::format("{:032x}", contents_.size() + 1), content.size(), ""};
    b.put(record_key(owner, ref), "blob");
    contents_.emplace(ref.id, std::move(content));
    return ref;
  }
  result<std::unique_ptr<writer>> create(organisation_id, const storage::committer&) override {
    return permanent(storage::storage_errc::io, "channels write no content");
  }
  result<std::shared_ptr<random_access_source>> open(organisation_id,
                                                     const storage::blob_ref& ref) override {
    const std::scoped_lock lock(mutex_);
    const auto found = contents_.find(ref.id);
    if (found == contents_.end()) return permanent(storage::storage_errc::not_found, "no content");
    return std::shared_ptr<random_access_source>(
        std::make_shared<string_random_access>(found->second));
  }
  void remove(storage::batch& b, organisation_id owner, const storage::blob_ref& ref) override {
    b.erase(record_key(owner, ref));
  }
  void release(organisation_id, const storage::blob_ref& ref) override {
    const std::scoped_lock lock(mutex_);
    released_.push_back(ref.id);
  }
  result<std::size_t> collect(std::chrono::seconds) override { return std::size_t{0}; }
  std::vector<std::string> released() const {
    const std::scoped_lock lock(mutex_);
    return released_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> contents_;
  std::vector<std::string> released_;
};

// What the registry desk is asked and says.
struct registry_script {
  std::vector<registry::lookup> asked;
  std::optional<error> failure;
  service via = service::dpo;
  std::vector<std::string> document_types{"urn:no:difi:arkivmelding:xsd::arkivmelding",
                                          "urn:no:difi:avtalt:xsd::avtalt",
                                          "urn:no:difi:arkivmelding:xsd::arkivmelding_kvittering"};
  std::optional<std::string> certificate_refused;
  std::size_t certificates_checked = 0;
  std::function<void()> when_asked;
};

inline caf::behavior scripted_registry(caf::event_based_actor*, registry_script* script) {
  return {
      [=](const find_receiver& request) {
        script->asked.push_back(request.what);
        if (script->when_asked) script->when_asked();
        receiver_answer answer;
        answer.failure = script->failure;
        if (script->failure) return answer;
        registry::service_record other;
        other.via = service::dpv;
        other.document_types = {"urn:no:difi:digitalpost:xsd::digital_dpv"};
        registry::service_record record;
        record.via = script->via;
        record.process = request.what.process.value_or(administrasjon);
        record.document_types = script->document_types;
        answer.found.emplace();
        answer.found->records = {other, record};
        return answer;
      },
      [=](const check_own_certificate&) {
        ++script->certificates_checked;
        return certificate_verdict{script->certificate_refused};
      },
  };
}

struct nudges {
  std::vector<service> outbox;
  std::size_t expiry = 0;
};

inline caf::behavior listening_organisation(caf::event_based_actor*, nudges* heard) {
  return {
      [=](const outbox_changed& nudge) { heard->outbox.push_back(nudge.via); },
      [=](const expiry_changed&) { ++heard->expiry; },
  };
}

// The text of an outgoing document; what is empty is left out.
struct document_text {
  std::string type = "arkivmelding";
  std::string standard = {};  // default: the one that fits
  std::string sender = {};
  std::string receiver = "0192:910075918";
  std::string message = {};
  std::string conversation = {};
  std::string process = administrasjon;
  std::string deadline = {};
  std::string scopes = {};  // further ones, JSON
  std::string business = R"({"hoveddokument":"brev.pdf","sikkerhetsnivaa":3})";

  std::string text() const {
    const auto member = [](std::string_view name, std::string_view value) {
      return value.empty() ? std::string() : fmt::format(R"("{}":"{}",)", name, value);
    };
    const auto partner = [](std::string_view name, std::string_view value) {
      if (value.empty()) return std::string();
      return fmt::format(
          R"("{}":[{{"identifier":{{"authority":"iso6523-actorid-upis","value":"{}"}}}}],)", name,
          value);
    };
    const auto family = type.substr(0, type.find('_'));
    const auto fits =
        standard.empty() ? fmt::format("urn:no:difi:{}:xsd::{}", family, type) : standard;
    const auto information =
        deadline.empty()
            ? std::string()
            : fmt::format(R"("scopeInformation":[{{"expectedResponseDateTime":"{}"}}],)", deadline);
    return fmt::format(
        R"({{"standardBusinessDocumentHeader":{{"headerVersion":"1.0",{}{}"documentIdentification":{{)"
        R"({}{}"typeVersion":"2.0","type":"{}"}},"businessScope":{{"scope":[{{{}{}{}"type":)"
        R"("ConversationId"}}{}]}}}},"{}":{}}})",
        partner("sender", sender), partner("receiver", receiver), member("standard", fits),
        member("instanceIdentifier", message), type, member("instanceIdentifier", conversation),
        member("identifier", process), information, scopes.empty() ? "" : "," + scopes, type,
        business);
  }
};

inline std::string channel_scope_text(std::string_view channel) {
  return fmt::format(R"({{"type":"MessageChannel","identifier":"{}"}})", channel);
}

inline const std::string arkivmelding_xml = R"(<?xml version="1.0" encoding="utf-8"?>
<arkivmelding xmlns="http://www.arkivverket.no/standarder/noark5/arkivmelding" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <mappe xsi:type="saksmappe"><systemID>43fbe161-7aac-4c9f-a888-d8167aab4144</systemID>
    <basisregistrering xsi:type="journalpost">
      <dokumentbeskrivelse><dokumentobjekt>
        <referanseDokumentfil>brev.pdf</referanseDokumentfil>
      </dokumentobjekt></dokumentbeskrivelse>
      <offentligTittel>Nye lysrør</offentligTittel>
      <journalpostnummer>7</journalpostnummer>
    </basisregistrering>
  </mappe>
</arkivmelding>)";

// An arrival as the channel router stores it. The id of the message is in the document.
struct inbound {
  document_text document{.sender = "0192:910075918",
                         .receiver = "0192:910077473",
                         .conversation = "37efbd4c-413d-4e2c-bbc5-257ef4a65a45",
                         .deadline = "2026-03-10T00:31:52+01:00"};
  storage::content_state state = storage::content_state::readable;
  std::string channel = "sak";
};

class channel_test : public testing::Test {
 protected:
  channel_test() {
    hub = std::make_shared<hub_context>(hub_context{
        {}, network, workers, system.time(), *random, store, blobs, *spools, nullptr, nullptr, {}});
    settings = std::make_shared<tenants::organisation>(
        tenants::organisation{.id = organisation_id::from_number(own_number),
                              .name = "Somdalen kommune",
                              .keystore = {},
                              .previous_keystores = {},
                              .maskinporten_client_id = {},
                              .dpo = {},
                              .channels = {},
                              .file = {},
                              .fingerprint = {}});
    settings->dpo.enabled = true;
    settings->dpo.upload_size_limit = 100'000'000;
    add_channel("sak", {service::dpo}, std::nullopt);
    add_channel("fag", {}, "foo-42");
    context = std::make_shared<organisation_context>(
        hub, settings, numbers, std::make_shared<storage::row_ids>(store, settings->id));
    writer = system.spawn(store_writer, &store, hub->feed_bells);
    registry_desk = system.spawn(scripted_registry, &registry);
    organisation = system.spawn(listening_organisation, &heard);
    sak = open("sak");
    fag = open("fag");
    system.run();
  }
  ~channel_test() override { workers.join(); }

  void add_channel(const std::string& name, std::set<service> receives,
                   std::optional<std::string> message_channel) {
    settings->channels.push_back({.name = *channel_name::parse(name),
                                  .sends = {service::dpo},
                                  .receives = std::move(receives),
                                  .message_channel = std::move(message_channel),
                                  .credentials = {},
                                  .where = {}});
    numbers.emplace(settings->channels.back().name,
                    channel_number{static_cast<std::uint32_t>(settings->channels.size())});
  }
  channel_number number_of(const std::string& name) const {
    return numbers.at(*channel_name::parse(name));
  }
  caf::actor open(const std::string& name) {
    return system.spawn(
        channel, channel_args{context, number_of(name), organisation, registry_desk, writer});
  }
  channel_place place(const std::string& name) const { return {context, number_of(name)}; }

  // Asks and waits, also for work on worker threads.
  template <class Answer = api_answer, class Message>
  Answer ask(const caf::actor& whom, Message message) {
    auto slot = std::make_shared<std::optional<Answer>>();
    system.later<Answer>(whom, std::move(message), [slot](const Answer& a) { *slot = a; });
    wait_for([&] { return slot->has_value(); });
    if (*slot) return **slot;
    ADD_FAILURE() << "no answer";
    return {};
  }
  void wait_for(const std::function<bool()>& happened) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (;;) {
      system.run();
      if (happened() || std::chrono::steady_clock::now() > until) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  static api_call call_of(endpoint what, std::string argument = {}, std::string query = {}) {
    return {what, "/api/x", std::move(argument), std::move(query), {}, {}};
  }
  api_answer call(const caf::actor& seat, endpoint what, std::string argument = {},
                  std::string query = {}) {
    return ask(seat, call_of(what, std::move(argument), std::move(query)));
  }
  api_answer create(const caf::actor& seat, const std::string& body) {
    return ask(
        seat,
        api_call{
            endpoint::create, "/api/messages/out", {}, {}, body, "application/json;charset=UTF-8"});
  }
  // Creates and returns the id of the message.
  std::string created(const caf::actor& seat, const document_text& document) {
    const auto answer = create(seat, document.text());
    EXPECT_EQ(answer.status, 200u) << answer.body;
    return answer.status == 200 ? message_id_in(answer.body) : "";
  }
  static std::string message_id_in(const std::string& body) {
    return text_at(body,
                   "/standardBusinessDocumentHeader/documentIdentification/instanceIdentifier");
  }
  static json::value parsed(const std::string& body) {
    boost::system::error_code failed;
    auto value = json::parse(body, failed);
    EXPECT_FALSE(failed) << body;
    return value;
  }
  static std::string text_at(const std::string& body, std::string_view pointer) {
    const auto value = parsed(body);
    boost::system::error_code failed;
    const auto* found = value.find_pointer(pointer, failed);
    return found && found->is_string() ? std::string(found->get_string()) : "";
  }
  static std::string exception_of(const api_answer& answer) {
    const auto name = text_at(answer.body, "/exception");
    return name.substr(name.rfind('.') + 1);
  }
  static std::string said(const api_answer& answer) { return text_at(answer.body, "/message"); }
  static std::int64_t total(const api_answer& answer) {
    EXPECT_EQ(answer.status, 200u) << answer.body;
    return parsed(answer.body).at("totalElements").as_int64();
  }
  static const json::array content(const json::value& page) {
    return page.at("content").as_array();
  }

  upload_begin begin_of(const std::string& message, const std::string& filename,
                        std::uint64_t length) const {
    return {"/api/messages/out/" + message,
            message,
            "application/pdf",
            fmt::format("attachment; name=\"{0}\"; filename=\"{0}\"", filename),
            {},
            length};
  }
  // What the gateway does with a body.
  upload_end end_of(const upload_ticket& ticket, const std::string& bytes) {
    upload_end end{"/api/messages/out/" + ticket.message.to_string(),
                   ticket,
                   {},
                   std::make_shared<storage::batch>(),
                   {}};
    end.content = blobs.add(*end.blob_record, settings->id, bytes);
    if (ticket.filename == "arkivmelding.xml") end.arkivmelding = bytes;
    return end;
  }
  api_answer upload(const caf::actor& seat, const std::string& message, const std::string& filename,
                    const std::string& bytes) {
    const auto admission = ask<upload_admission>(seat, begin_of(message, filename, bytes.size()));
    if (!admission.ticket) return *admission.refusal;
    return ask(seat, end_of(*admission.ticket, bytes));
  }
  storage::outgoing_message stored(const std::string& name, const std::string& message) const {
    const auto found = context->messages.find(number_of(name), *message_id::parse(message));
    EXPECT_TRUE(found && *found);
    return found && *found ? **found : storage::outgoing_message{};
  }
  bool is_stored(const std::string& name, const std::string& message) const {
    const auto found = context->messages.find(number_of(name), *message_id::parse(message));
    return found && *found;
  }
  std::vector<storage::outbox_item> outbox_of(const std::string& message) const {
    std::vector<storage::outbox_item> items;
    const auto outbox = context->outbox(service::dpo);
    const auto rows = outbox.of_message(*message_id::parse(message)).value();
    for (const auto row : rows) items.push_back(outbox.find(row).value().value());
    return items;
  }
  std::vector<std::string> statuses_of(const caf::actor& seat, const std::string& message) {
    std::vector<std::string> names;
    const auto page = parsed(call(seat, endpoint::statuses_of_message, message).body);
    for (const auto& status : content(page)) names.emplace_back(status.at("status").as_string());
    return names;
  }
  bool blob_is_recorded(const storage::blob_ref& ref) const {
    return store.get(blobs.record_key(settings->id, ref)).value().has_value();
  }
  void commit(const storage::batch& changes) {
    ASSERT_TRUE(store.below_->commit(std::span(&changes, 1)).front());
  }
  static time_point later_than(time_point at, std::chrono::minutes by) { return at + by; }

  // As the channel router stores an arrival.
  std::string arrives(std::string id, inbound in = {}) {
    in.document.message = id;
    storage::batch b;
    storage::inbound_message m;
    m.id = context->ids->next(b).value();
    m.order = context->ids->next(b).value();
    m.message = *message_id::parse(id);
    m.conversation = *conversation_id::parse(in.document.conversation);
    m.channel = number_of(in.channel);
    m.via = service::dpo;
    m.type = in.document.type;
    m.process = in.document.process;
    m.sender_identifier = peer;
    m.receiver_identifier = settings->id.to_string();
    m.sbd = in.document.text();
    m.last_updated = system.time().now();
    m.state = in.state;
    if (in.state != storage::content_state::none) m.content = blobs.add(b, settings->id, "asic");
    context->inbox.insert(b, m);
    storage::conversation c;
    c.message = m.message;
    c.conversation_ref = m.conversation;
    c.channel = m.channel;
    c.way = direction::incoming;
    c.via = m.via;
    c.sender = "0192:910075918";
    c.sender_identifier = peer;
    c.process = m.process;
    c.message_reference = m.conversation.to_string();
    c.last_update = m.last_updated;
    const auto at = m.last_updated;
    EXPECT_TRUE(
        storage::start_conversation(b, context->conversations, context->statuses, *context->ids, c,
                                    {{storage::status_name::opprettet, {}, {}, at},
                                     {storage::status_name::innkommende_mottatt, {}, {}, at}}));
    commit(b);
    return id;
  }

  simulated_system system;
  scripted_engine store;
  memory_blobs blobs;
  std::shared_ptr<random_source> random = make_seeded_random(7);
  std::shared_ptr<spool_factory> spools = make_memory_spools(1024);
  http::asio::io_context network;
  http::asio::thread_pool workers{1};
  std::shared_ptr<hub_context> hub;
  std::shared_ptr<tenants::organisation> settings;
  std::map<channel_name, channel_number> numbers;
  std::shared_ptr<organisation_context> context;
  registry_script registry;
  nudges heard;
  caf::actor writer, registry_desk, organisation;
  caf::actor sak;  // without message channel, receives
  caf::actor fag;  // message channel foo-42
};

}  // namespace kp::test
