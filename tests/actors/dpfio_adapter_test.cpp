#include "actors/dpfio_adapter.hpp"

#include "actors/arrivals.hpp"
#include "actors/dpfio_content.hpp"
#include "fake_port.hpp"
#include "storage/fiks_notes.hpp"

// What DPFIO does otherwise than every adapter: it looks when something has come, receives only
// while it may, and hears of messages that it has sent.

namespace kp::actors {
namespace {

using test::letter;
using testing::Contains;

const std::string account = "47b0c75b-ddb5-447b-88d2-c4030d183fb3";
const std::string peer = "e0a0fba9-b7cf-44f8-99a6-a7f04b9e0347";
const std::string at_fiks_io = "5b0f7c0e-0000-4000-8000-000000000001";

class fake_dpfio final : public dpfio_port {
 public:
  std::vector<waiting> all;
  std::vector<std::string> confirmed;
  std::size_t lists = 0;
  bool receiving = false;
  bool hold_list = false;
  std::function<void()> ring;
  done<result<std::vector<waiting>>> held;

  port_rules rules() const override {
    port_rules out;
    out.receives = true;
    return out;
  }
  void send(sending, done<result<sent_item>> then) override { then(sent_item{"x"}); }
  void list(done<result<std::vector<waiting>>> then) override {
    ++lists;
    if (hold_list) {
      held = std::move(then);
      return;
    }
    then(all);
  }
  void fetch(waiting which, done<std::shared_ptr<fetched>> then) override {
    letter l;
    l.message = which.id;
    auto what = std::make_shared<fetched>();
    what->verdict = fetch_verdict::arrived;
    what->what.document = l.parsed();
    what->what.sbd = l.text();
    then(std::move(what));
  }
  void confirm(waiting which, taken, done<result<void>> then) override {
    confirmed.push_back(which.id);
    std::erase_if(all, [&](const waiting& each) { return each.id == which.id; });
    then({});
  }
  void receive(bool on) override { receiving = on; }
  void when_arrived(std::function<void()> bell) override { ring = std::move(bell); }
};

class dpfio_adapter_test : public ::testing::Test {
 protected:
  dpfio_adapter_test() {
    auto settings = std::make_shared<tenants::organisation>(*house.context->settings);
    settings->dpfio.enabled = true;
    auto& channel = settings->channels.front();
    channel.receives.insert(service::dpfio);
    channel.addresses.dpfio_accounts.insert(account);
    house.use(std::move(settings));
  }
  void begin(working_mode mode = working_mode::normal) {
    router = house.system.spawn(
        channel_router, channel_router_args{house.context, house.organisation, house.writer});
    adapter = house.system.spawn(
        dpfio_adapter, service_adapter_args{house.context, port, router, house.writer,
                                            caf::actor_cast<caf::actor_addr>(house.organisation),
                                            std::chrono::milliseconds(0), mode});
    house.system.run();
  }
  void arrive(const std::string& id) {
    port->all.push_back({id, account});
    port->ring();
    house.system.run();
  }

  test::dpo_house house;
  std::shared_ptr<fake_dpfio> port = std::make_shared<fake_dpfio>();
  caf::actor router, adapter;
};

TEST_F(dpfio_adapter_test, looks_at_once_when_something_has_come) {
  begin();
  EXPECT_TRUE(port->receiving);
  const auto before = port->lists;
  arrive(letter{}.message);
  EXPECT_GT(port->lists, before) << "without any time passing";
  EXPECT_THAT(port->confirmed, Contains(letter{}.message));
  EXPECT_TRUE(house.context->inbox.find(letter{}.id())->has_value());
}

TEST_F(dpfio_adapter_test, what_comes_during_a_round_is_looked_for_after_it) {
  begin();
  port->hold_list = true;
  port->ring();
  house.system.run();
  port->all.push_back({letter{}.message, account});
  port->ring();
  house.system.run();
  port->hold_list = false;
  port->held(std::vector<waiting>{});
  house.system.run();
  EXPECT_THAT(port->confirmed, Contains(letter{}.message));
}

TEST_F(dpfio_adapter_test, receives_only_while_it_may_and_ends_what_it_is_at_first) {
  begin(working_mode::sending_only);
  EXPECT_FALSE(port->receiving);
  caf::anon_send(adapter, work_as{working_mode::normal});
  house.system.run();
  EXPECT_TRUE(port->receiving);
  port->hold_list = true;
  port->ring();
  house.system.run();
  caf::anon_send(adapter, work_as{working_mode::sending_only});
  house.system.run();
  EXPECT_TRUE(port->receiving) << "a round is under way";
  port->held(std::vector<waiting>{});
  house.system.run();
  EXPECT_FALSE(port->receiving);
}

TEST_F(dpfio_adapter_test, a_new_port_receives_before_the_old_one_ceases_to) {
  begin();
  const auto next = std::make_shared<fake_dpfio>();
  caf::anon_send(adapter, settings_changed{house.context, {}, {{service::dpfio, next}}});
  house.system.run();
  EXPECT_TRUE(next->receiving);
  port = next;
  arrive(letter{}.message);
  EXPECT_THAT(next->confirmed, Contains(letter{}.message));
}

// ---- notices

class dpfio_notices : public dpfio_adapter_test {
 protected:
  dpfio::received notice(const std::string& type) const {
    dpfio::received out;
    out.id = "21efbd4c-413d-4e2c-bbc5-257ef4a65a96";
    out.account = account;
    out.type = type;
    out.sender = account;
    out.reply_to = at_fiks_io;
    return out;
  }
  void note() {
    storage::fiks_note known;
    known.id = at_fiks_io;
    known.message = letter{}.id();
    known.account = account;
    known.other = peer;
    known.at = house.system.time().now();
    storage::batch changes;
    storage::fiks_notes(*house.store, house.context->id()).put(changes, known);
    house.commit(changes);
  }
  void reach(std::vector<storage::status_name> names) {
    auto c = *house.context->conversations.find(direction::outgoing, letter{}.id());
    ASSERT_TRUE(c);
    std::vector<storage::status_change> all;
    for (const auto name : names) all.push_back({name, {}, {}, house.system.time().now()});
    storage::batch changes;
    ASSERT_TRUE(storage::register_statuses(changes, house.context->conversations,
                                           house.context->statuses, *house.ids, *c, all));
    house.commit(changes);
  }
  void register_what(const std::shared_ptr<fetched>& what) {
    what->what.via = service::dpfio;
    auto decided = decide_arrival(*house.context, what->what);
    ASSERT_TRUE(decided) << decided.error().message;
    EXPECT_EQ(decided->fate, arrival_fate::status_registered);
    house.commit(decided->changes);
  }
};

TEST_F(dpfio_notices, one_about_a_sent_message_is_appended_to_its_statuses_with_its_reason) {
  house.started(test::arkiv, letter{}.id(), std::chrono::hours(24), service::dpfio);
  note();
  const auto early = open_dpfio_notice(*house.context, notice("no.ks.fiks.kvittering.tidsavbrudd"));
  ASSERT_NE(early, nullptr);
  EXPECT_EQ(early->verdict, fetch_verdict::failed) << "SENDT is not on record yet";
  EXPECT_TRUE(early->failure.retryable);
  reach({storage::status_name::sendt, storage::status_name::mottatt, storage::status_name::levert});
  const auto expired =
      open_dpfio_notice(*house.context, notice("no.ks.fiks.kvittering.tidsavbrudd"));
  ASSERT_NE(expired, nullptr);
  ASSERT_EQ(expired->verdict, fetch_verdict::arrived);
  register_what(expired);
  EXPECT_EQ(house.statuses(direction::outgoing, letter{}.id()),
            "OPPRETTET SENDT MOTTATT LEVERT LEVETID_UTLOPT");
  EXPECT_EQ(house.last_status(direction::outgoing, letter{}.id()).description,
            "KS FIKS IO: no.ks.fiks.kvittering.tidsavbrudd");
}

TEST_F(dpfio_notices, one_about_nothing_known_is_a_message_like_others) {
  EXPECT_EQ(open_dpfio_notice(*house.context, notice("no.ks.fiks.kvittering.serverfeil.v1")),
            nullptr);
  note();
  EXPECT_EQ(open_dpfio_notice(*house.context, notice("no.ks.fiks.kvittering.serverfeil.v1")),
            nullptr)
      << "its conversation has been deleted";
  EXPECT_EQ(open_dpfio_notice(*house.context, notice("no.digdir.einnsyn.v1")), nullptr);
}

TEST_F(dpfio_notices, arrivals_are_the_channels_whose_account_they_came_to) {
  const auto to = destination_of(*house.context, service::dpfio, account, {});
  EXPECT_EQ(to.whose, destination::kind::own_reference);
  EXPECT_EQ(to.channel, house.context->numbers.at(house.context->settings->channels[0].name));
  EXPECT_EQ(destination_of(*house.context, service::dpfio, peer, test::arkiv).whose,
            destination::kind::unknown);
}

}  // namespace
}  // namespace kp::actors
