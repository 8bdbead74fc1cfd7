#include "admin/health.hpp"

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace {

using namespace kp;
using namespace kp::admin;
using actors::vital_signs;
using std::chrono::days;
using std::chrono::minutes;

constexpr time_point now{std::chrono::sys_days{std::chrono::year{2026} / 3 / 2}};

class judging : public testing::Test {
 protected:
  judging() { signs.become(vital_signs::phase::ready); }

  static std::shared_ptr<const tenants::organisation> organisation(std::uint32_t number) {
    auto made = std::make_shared<tenants::organisation>(
        tenants::organisation{.id = organisation_id::from_number(number),
                              .name = "Bergvik",
                              .keystore = {},
                              .previous_keystores = {},
                              .maskinporten_client_id = {},
                              .dpo = {},
                              .channels = {},
                              .file = {},
                              .fingerprint = {}});
    return made;
  }
  static tenants::organisation with_her_ids(std::set<std::int64_t> her_ids) {
    auto made = *organisation(910077473);
    tenants::channel_settings ward{
        *channel_name::parse("legevakt"), {service::dph}, {}, {}, {}, {}, {}};
    ward.addresses.her_ids = std::move(her_ids);
    made.channels.push_back(std::move(ward));
    return made;
  }
  hub_health judge_all() const {
    return judge({signs, &directory, settings, disk, levels, tenants_seen.now(), now});
  }
  static std::string status(const hub_health& of, std::string_view part) {
    return std::string(of.body.at("components").at(part).at("status").as_string());
  }

  const organisation_id bergvik = organisation_id::from_number(910077473);
  vital_signs signs;
  tenants::directory directory{{organisation(910077473), organisation(910075918)}};
  hub_settings settings;
  std::optional<std::filesystem::space_info> disk =
      std::filesystem::space_info{1u << 30, 1u << 30, 1u << 30};
  std::map<organisation_id, queue_levels> levels;
  tenants::tenants_state tenants_seen;
};

}  // namespace

TEST_F(judging, a_hub_of_which_nothing_bad_is_known_is_up) {
  const auto all = judge_all();
  EXPECT_EQ(all.status, health::up);
  EXPECT_EQ(all.body.at("status"), "UP");
  for (const auto& [name, part] : all.body.at("components").as_object())
    EXPECT_EQ(part.at("status"), "UP") << name;
  EXPECT_EQ(all.body.at("groups"), (boost::json::array{"liveness", "readiness"}));
}

TEST_F(judging, a_key_store_that_does_not_open_is_its_organisations_trouble_alone) {
  signs.keystore_failed(bergvik, "key store /k.p12: wrong password");
  const auto all = judge_all();
  EXPECT_EQ(all.status, health::up);
  EXPECT_EQ(all.organisations_in_trouble, 1u);
  EXPECT_EQ(status(all, "organisations"), "DEGRADED");
  const auto& its = all.body.at("components").at("organisations").at("details").at("organisations");
  EXPECT_EQ(its.at("910077473").at("status"), "DOWN");
  EXPECT_EQ(its.at("910077473").at("details").at("keystore").at("problem"),
            "key store /k.p12: wrong password");
  EXPECT_EQ(its.at("910075918").at("status"), "UP");
}

TEST_F(judging, a_certificate_is_good_then_a_warning_then_none) {
  const auto with = [&](time_point end) {
    signs.keystore_opened(bergvik, end);
    const auto seen = signs.organisations();
    return judge(*organisation(910077473), &seen.at(bergvik), now).status;
  };
  EXPECT_EQ(with(now + days(31)), health::up);
  EXPECT_EQ(with(now + days(29)), health::degraded);
  EXPECT_EQ(with(now), health::down);
}

TEST_F(judging, polls_that_fail_are_trouble_when_it_lasts) {
  signs.polled(bergvik, service::dpo, now - minutes(2));
  signs.poll_failed(bergvik, service::dpo, now, "HTTP 503");
  EXPECT_EQ(judge_all().organisations_in_trouble, 0u);
  signs.polled(bergvik, service::dpo, now - minutes(11));
  EXPECT_EQ(judge_all().organisations_in_trouble, 1u);
  signs.polled(bergvik, service::dpo, now);
  EXPECT_EQ(judge_all().organisations_in_trouble, 0u);
}

TEST_F(judging, a_her_id_that_cannot_be_asked_is_trouble_while_it_is_a_channels) {
  const auto owner = with_her_ids({8093, 8094});
  const auto judged = [&] {
    const auto seen = signs.organisations();
    return judge(owner, &seen.at(bergvik), now);
  };
  signs.her_id_asked(bergvik, "her-id:8093", now);
  signs.her_id_asked(bergvik, "her-id:8094", now);
  EXPECT_EQ(judged().status, health::up);
  signs.her_id_failed(bergvik, "her-id:7777", now, "nobody knows it");
  EXPECT_EQ(judged().status, health::up) << "it is no channel's any more";
  signs.her_id_failed(bergvik, "her-id:8094", now, "not delegated");
  EXPECT_EQ(judged().status, health::up) << "it may pass";
  signs.her_id_asked(bergvik, "her-id:8094", now - minutes(11));
  const auto troubled = judged();
  EXPECT_EQ(troubled.status, health::degraded);
  const auto& her_ids = troubled.details.at("herIds").as_object();
  EXPECT_EQ(her_ids.size(), 2u);
  EXPECT_EQ(her_ids.at("her-id:8093").at("status"), "UP");
  EXPECT_EQ(her_ids.at("her-id:8094").at("failure"), "not delegated");
}

TEST_F(judging, a_her_id_that_has_never_been_asked_with_success_is_trouble_at_once) {
  const auto owner = with_her_ids({8093});
  signs.her_id_failed(bergvik, "her-id:8093", now, "not delegated");
  const auto seen = signs.organisations();
  EXPECT_EQ(judge(owner, &seen.at(bergvik), now).status, health::degraded);
}

TEST_F(judging, credentials_that_are_refused_are_their_organisations_trouble) {
  signs.credential_works(bergvik, service::dpf, "SvarUt account of 910077473", now);
  EXPECT_EQ(judge_all().organisations_in_trouble, 0u);
  signs.credential_fails(bergvik, service::dpf, "SvarInn receiver inn", now, "HTTP 401");
  const auto all = judge_all();
  EXPECT_EQ(all.status, health::up);
  EXPECT_EQ(all.organisations_in_trouble, 1u);
  const auto& its = all.body.at("components")
                        .at("organisations")
                        .at("details")
                        .at("organisations")
                        .at("910077473")
                        .at("details")
                        .at("credentials")
                        .at("DPF");
  EXPECT_EQ(its.at("SvarUt account of 910077473").at("status"), "UP");
  EXPECT_EQ(its.at("SvarInn receiver inn").at("status"), "DEGRADED");
  EXPECT_EQ(its.at("SvarInn receiver inn").at("failure"), "HTTP 401");
  signs.forget_credentials(bergvik, service::dpf);
  EXPECT_EQ(judge_all().organisations_in_trouble, 0u);
}

TEST_F(judging, national_services_in_trouble_do_not_take_the_hub_down) {
  signs.call_failed({"DPO", "search"}, now, "connect failed");
  signs.called({"maskinporten", "token"}, now);
  const auto all = judge_all();
  EXPECT_EQ(all.status, health::up);
  EXPECT_EQ(status(all, "upstream"), "DEGRADED");
  const auto& calls = all.body.at("components").at("upstream").at("details");
  EXPECT_EQ(calls.at("DPO").at("search").at("failure"), "connect failed");
  EXPECT_EQ(calls.at("maskinporten").at("token").at("status"), "UP");
}

TEST_F(judging, a_store_that_refuses_and_a_full_disk_take_it_down) {
  signs.store_failed("the store is read only");
  EXPECT_EQ(judge_all().status, health::down);
  EXPECT_EQ(status(judge_all(), "db"), "DOWN");
  signs.store_failed(std::nullopt);
  EXPECT_EQ(judge_all().status, health::up);
  disk->available = least_disk_space - 1;
  EXPECT_EQ(judge_all().status, health::down);
  EXPECT_EQ(status(judge_all(), "diskSpace"), "DOWN");
}

TEST_F(judging, is_ready_only_between_start_and_stop) {
  signs.become(vital_signs::phase::stopping);
  EXPECT_EQ(status(judge_all(), "readinessState"), "DOWN");
  EXPECT_EQ(status(judge_all(), "livenessState"), "UP");
  signs.become(vital_signs::phase::ready);
  EXPECT_EQ(status(judge_all(), "readinessState"), "DOWN")
      << "who stops does not become ready again";
}

TEST_F(judging, a_broken_file_is_told_until_it_is_mended) {
  tenants_seen.broken("bergvik.yaml", {{{"bergvik.yaml", 3, 1}, "no such key", "Remove it."}}, now,
                      bergvik);
  const auto all = judge_all();
  EXPECT_EQ(all.status, health::up);
  EXPECT_EQ(all.configuration_problems, 1u);
  EXPECT_EQ(status(all, "configuration"), "DEGRADED");
  EXPECT_EQ(all.body.at("components").at("configuration").at("details").at("problems").at(0),
            "bergvik.yaml:3:1: no such key. Remove it. Until then 910077473 runs as the file was "
            "before.");
  tenants_seen.mended("bergvik.yaml");
  EXPECT_EQ(status(judge_all(), "configuration"), "UP");
}

TEST_F(judging, counts_what_waits_in_both_directions) {
  levels[bergvik].outboxes[service::dpo].items = 3;
  levels[bergvik].waiting = 2;
  levels[organisation_id::from_number(910075918)].locked = 1;
  const auto all = judge_all();
  const auto& queue = all.body.at("components").at("nextMoveQueue").at("details");
  EXPECT_EQ(queue.at("outgoing").to_number<int>(), 3);
  EXPECT_EQ(queue.at("incoming").to_number<int>(), 3);
}

TEST_F(judging, a_long_list_of_organisations_is_cut_behind_those_in_trouble) {
  std::vector<std::shared_ptr<const tenants::organisation>> many;
  for (std::uint32_t i = 0; i < 500; ++i) many.push_back(organisation(900'000'000 + i));
  directory = tenants::directory(many);
  signs.keystore_failed(organisation_id::from_number(900'000'499), "wrong password");
  const auto all = judge_all();
  const auto& details = all.body.at("components").at("organisations").at("details");
  EXPECT_EQ(details.at("total").to_number<int>(), 500);
  EXPECT_EQ(details.at("inTrouble").to_number<int>(), 1);
  EXPECT_EQ(details.at("organisations").as_object().size(), 100u);
  EXPECT_TRUE(details.at("organisations").as_object().contains("900000499"));
}
