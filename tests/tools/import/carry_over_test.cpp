#include "tests/tools/import/importing.hpp"

// What of each service the file of an organisation gets.

namespace kp::importer::test {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(import_of_installations, says_what_the_hub_does_not_connect_and_keeps_what_will_be_needed) {
  installed("arkiv", bergvik,
            "difi.move.feature.enableDPO=true\ndifi.move.feature.enableDPH=true\n"
            "difi.move.dph.her-ids=8093,8094\ndifi.move.dph.uri=https://nhn.example/api\n");
  installed("lege", bergvik,
            "difi.move.feature.enableDPH=true\ndifi.move.dph.her-ids[0]=8093\n"
            "difi.move.dph.her-ids[1]=8095\n");
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr);
  EXPECT_EQ(channel(*owner, "arkiv").addresses.her_ids, (std::set<std::int64_t>{8093, 8094}));
  EXPECT_EQ(channel(*owner, "lege").addresses.her_ids, (std::set<std::int64_t>{8095}));
  EXPECT_THAT(report_, HasSubstr("[her-id-unique]"));
}

TEST_F(import_of_installations,
       carries_the_credentials_of_svarut_and_svarinn_for_each_organisation) {
  installed("arkiv", bergvik,
            "difi.move.feature.enableDPF=true\ndifi.move.fiks.ut.username=ut\n"
            "difi.move.fiks.ut.password=ord-ut\n"
            "difi.move.fiks.ut.paa-vegne-av.974760673.username=annen\n"
            "difi.move.fiks.ut.paa-vegne-av.974760673.password=ord-annen\n"
            "difi.move.fiks.ut.kun-digital-levering=true\n"
            "difi.move.fiks.ut.ekskluderesFraPrint=docx,txt\n"
            "difi.move.fiks.inn.username=inn\ndifi.move.fiks.inn.password=ord-inn\n"
            "difi.move.fiks.inn.process=urn:p\n");
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr);
  ASSERT_EQ(owner->dpf.accounts.size(), 2u);
  EXPECT_EQ(owner->dpf.accounts[0].organisation, bergvik);
  EXPECT_EQ(owner->dpf.accounts[0].form, tenants::svarut_form::soap);
  EXPECT_EQ(owner->dpf.accounts[0].username, "ut");
  EXPECT_EQ(owner->dpf.accounts[0].password.read(no_variables).value(), "ord-ut");
  EXPECT_EQ(owner->dpf.accounts[1].organisation, "974760673");
  EXPECT_EQ(owner->dpf.accounts[1].password.read(no_variables).value(), "ord-annen");
  EXPECT_TRUE(owner->dpf.digital_only);
  EXPECT_THAT(owner->dpf.not_printed, ElementsAre("docx", "txt"));
  ASSERT_EQ(owner->dpf.receivers.size(), 1u);
  EXPECT_EQ(owner->dpf.receivers[0].process, "urn:p");
  EXPECT_EQ(owner->dpf.receivers[0].password.read(no_variables).value(), "ord-inn");
}

TEST_F(import_of_installations, carries_the_account_of_svaruts_rest_form) {
  installed("arkiv", bergvik,
            "difi.move.feature.enableDPF=true\ndifi.move.fiks.ut.type=rest\n"
            "difi.move.fiks.ut.rest.kontoid=k\ndifi.move.fiks.ut.rest.integrasjon-id=i\n"
            "difi.move.fiks.ut.rest.integrasjon-passord=p\n");
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr);
  ASSERT_EQ(owner->dpf.accounts.size(), 1u);
  EXPECT_EQ(owner->dpf.accounts[0].account_id, "k");
  EXPECT_EQ(owner->dpf.accounts[0].integration_password.read(no_variables).value(), "p");
  EXPECT_EQ(owner->receiver(service::dpf), nullptr) << "there is nothing to receive by";
}

TEST_F(import_of_installations, keeps_values_that_the_hub_cannot_take_at_their_defaults) {
  installed("arkiv", bergvik,
            "difi.move.feature.enableDPO=true\ndifi.move.nextmove.default-ttl-hours=9000\n"
            "difi.move.dpo.upload-size-limit=lots\ndifi.move.nextmove.lockTimeoutMinutes=0\n"
            "difi.move.feature.statusQueueIncludes=DPO,DPX\n"
            "difi.move.dpo.reportees[0].orgId=123\ndifi.move.dpo.systemUser.orgId=991\n");
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr);
  EXPECT_EQ(owner->dpo.default_ttl, std::chrono::hours(24));
  EXPECT_THAT(report_, HasSubstr("6 problems"));
}

TEST_F(import_of_installations, carries_over_what_the_hub_has_settings_for_of_dpv_dpi_and_dpe) {
  const std::string more =
      "difi.move.feature.enableDPO=true\n"
      "difi.move.feature.enableDPV=true\n"
      "difi.move.feature.enableDPI=true\n"
      "difi.move.dpv.notifyEmail=false\n"
      "difi.move.dpv.notify-sms=true\n"
      "difi.move.dpv.email-subject=Brev fra Bergvik\n"
      "difi.move.dpv.notification-text=true\n"
      "difi.move.dpv.sensitiveNotificationText=Hemmelig fra $reporterName$\n"
      "difi.move.dpv.enableDueDate=no\n"
      "difi.move.dpv.daysToReply=21\n"
      "difi.move.dpv.sensitiveResource=egen-ressurs\n"
      "difi.move.dpv.upload-size-limit=100MB\n"
      "difi.move.nextmove.default-ttl-hours=72\n"
      "difi.move.dpo.default-ttl-hours=24\n"
      "difi.move.dpv.oidc.clientId=bergvik-dpv\n"
      "difi.move.dpi.language=NN\n"
      "difi.move.dpi.mpcConcurrency=3\n"
      "difi.move.dpi.oidc.clientId=bergvik-dpi\n"
      "difi.move.dpi.priority=PRIORITERT\n"
      "difi.move.dpi.printSettings.inkType=COLOR\n"
      "difi.move.nextmove.serviceBus.mode=DATA\n"
      "difi.move.nextmove.serviceBus.receiptQueue=meeting\n"
      "difi.move.nextmove.serviceBus.batchRead=true\n";
  auto text = basics(bergvik, "arkiv", more);
  const std::string off = "difi.move.feature.enableDPE=false\n";
  text.replace(text.find(off), off.size(), "difi.move.feature.enableDPE=true\n");
  install("arkiv", text);
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr) << report_;
  EXPECT_FALSE(has_problems_) << report_;
  EXPECT_FALSE(owner->dpv.notify_email);
  EXPECT_TRUE(owner->dpv.notify_sms);
  EXPECT_EQ(owner->dpv.email_subject, "Brev fra Bergvik");
  EXPECT_EQ(owner->dpv.notification_text, "true") << "a text, whatever it says";
  EXPECT_EQ(owner->dpv.sensitive_notification_text, "Hemmelig fra $reporterName$");
  EXPECT_FALSE(owner->dpv.due_date);
  EXPECT_EQ(owner->dpv.days_to_reply, 21u);
  EXPECT_EQ(owner->dpv.sensitive_resource, "egen-ressurs");
  EXPECT_EQ(owner->dpv.upload_size_limit, 100u << 20);
  EXPECT_EQ(owner->dpv.default_ttl, std::chrono::hours(72));
  EXPECT_EQ(owner->dpv.maskinporten_client_id, "bergvik-dpv");
  EXPECT_EQ(owner->dpi.language, "NN");
  EXPECT_EQ(owner->dpi.maskinporten_client_id, "bergvik-dpi");
  EXPECT_EQ(owner->channels[0].addresses.dpi_concurrency, 3u);
  EXPECT_EQ(owner->dpe.mode, tenants::dpe_mode::data);
  EXPECT_EQ(owner->dpe.receipt_queue, "meeting");
  EXPECT_EQ(owner->dpe.transport, tenants::dpe_transport::amqp);
  EXPECT_THAT(report_, HasSubstr("difi.move.dpi.priority"));
  EXPECT_THAT(report_, HasSubstr("A leftover of earlier versions"));
}

TEST_F(import_of_installations, says_why_the_rest_of_dpv_and_dpi_is_not_carried_over) {
  installed("arkiv", bergvik,
            "difi.move.feature.enableDPV=true\n"
            "difi.move.feature.enableDPI=true\n"
            "difi.move.dpv.daysToReply=never\n"
            "difi.move.dpv.something=1\n"
            "difi.move.dpi.language=norsk\n"
            "difi.move.dpi.mpcConcurrency=40\n"
            "difi.move.dpi.upload-size-limit=80MB\n"
            "difi.move.dpi.uri=https://corner2.example.no\n"
            "difi.move.dpi.avsenderidentifikatorListe=avdeling\n"
            "difi.move.dpi.c2-type=file\n");
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr) << report_;
  EXPECT_TRUE(has_problems_);
  EXPECT_EQ(owner->dpv.days_to_reply, 7u);
  EXPECT_EQ(owner->dpi.language, "NO");
  EXPECT_THAT(report_, HasSubstr("services.dpv.days_to_reply of the hub cannot be \"never\""));
  EXPECT_THAT(report_, HasSubstr("services.dpi.language of the hub cannot be \"norsk\""));
  EXPECT_EQ(owner->channels[0].addresses.dpi_concurrency, 1u);
  EXPECT_THAT(report_, HasSubstr("the hub takes 1 to 16"));
  EXPECT_THAT(report_, HasSubstr("50 MB together"));
  EXPECT_THAT(report_, HasSubstr("national.dpi_url in hub.yaml"));
  EXPECT_THAT(report_, HasSubstr("whoever the sender is"));
  EXPECT_THAT(report_, HasSubstr("writes no files for others to send"));
  EXPECT_THAT(report_, HasSubstr("difi.move.dpv.something"));
}

TEST_F(import_of_installations, carries_over_what_the_hub_has_settings_for_of_dpfio_and_dph) {
  installed("innsyn", bergvik,
            "difi.move.feature.enableDPFIO=true\n"
            "difi.move.fiks.io.konto-id=47b0c75b-ddb5-447b-88d2-c4030d183fb3\n"
            "difi.move.fiks.io.integrasjons-id=8e4f0a5e-1111-4222-8333-444455556666\n"
            "difi.move.fiks.io.integrasjonsPassord=ord-fiks\n"
            "difi.move.fiks.io.senderOrgnr=974760673\n"
            "difi.move.fiks.io.upload-size-limit=512MB\n"
            "difi.move.fiks.io.default-ttl-hours=72\n"
            "difi.move.feature.enableDPH=true\ndifi.move.dph.her-ids=8093\n"
            "difi.move.dph.oidc.clientId=bergvik-dph\n"
            "difi.move.feature.enableReceipts=false\n");
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr) << report_;
  EXPECT_FALSE(has_problems_) << report_;
  EXPECT_EQ(owner->dpfio.integration_id, "8e4f0a5e-1111-4222-8333-444455556666");
  EXPECT_EQ(owner->dpfio.integration_password.read(no_variables).value(), "ord-fiks");
  EXPECT_EQ(owner->dpfio.fallback_sender, "974760673");
  EXPECT_EQ(owner->dpfio.upload_size_limit, 512u << 20);
  EXPECT_EQ(owner->dpfio.default_ttl, std::chrono::hours(72));
  EXPECT_EQ(owner->dph.maskinporten_client_id, "bergvik-dph");
  EXPECT_TRUE(owner->dph.automatic_receipts);
  EXPECT_EQ(mode_of(below("secrets/910077473-dpfio-integration.password")), 0600u);
  const auto yaml = read_file(below("tenants.d/910077473.yaml"), 100000).value();
  EXPECT_THAT(yaml + report_, Not(HasSubstr("ord-fiks")));
}

TEST_F(import_of_installations,
       leaves_dpfio_and_dph_as_the_hub_has_them_when_nothing_else_is_said) {
  installed("innsyn", bergvik,
            "difi.move.feature.enableDPFIO=true\n"
            "difi.move.fiks.io.konto-id=47b0c75b-ddb5-447b-88d2-c4030d183fb3\n"
            "difi.move.fiks.io.integrasjons-id=8e4f0a5e-1111-4222-8333-444455556666\n"
            "difi.move.fiks.io.integrasjons-passord=ord-fiks\n"
            "difi.move.fiks.io.sender-orgnr=999999999\n"
            "difi.move.fiks.io.upload-size-limit=2GB\n"
            "difi.move.feature.enableDPH=true\ndifi.move.dph.her-ids=8093\n"
            "difi.move.feature.enableReceipts=true\n");
  const auto made = make();
  EXPECT_FALSE(made.report.has_problems()) << made.report.to_text();
  const auto& yaml = made.files.at(0).yaml;
  for (const auto* key : {"fallback_sender", "upload_size_limit", "default_ttl", "automatic"})
    EXPECT_THAT(yaml, Not(HasSubstr(key)));
}

TEST_F(import_of_installations, says_what_of_dpfio_cannot_be_carried_over) {
  request_.secrets_folder.reset();
  const std::string on =
      "difi.move.feature.enableDPFIO=true\n"
      "difi.move.fiks.io.integrasjons-id=8e4f0a5e-1111-4222-8333-444455556666\n";
  installed("innsyn", bergvik,
            on + "difi.move.fiks.io.konto-id=47b0c75b-ddb5-447b-88d2-c4030d183fb3\n"
                 "difi.move.fiks.io.integrasjons-passord=ord-1\n"
                 "difi.move.fiks.io.sender-orgnr=97476\n"
                 "difi.move.fiks.io.upload-size-limit=9GB\n");
  installed("bygg", bergvik,
            on + "difi.move.fiks.io.konto-id=5be0c75b-ddb5-447b-88d2-c4030d183fb4\n"
                 "difi.move.fiks.io.integrasjons-passord=ord-2\n"
                 "difi.move.fiks.io.sender-orgnr=97476\n"
                 "difi.move.fiks.io.upload-size-limit=9GB\n");
  const auto text = make().report.to_text();
  EXPECT_THAT(text, AllOf(HasSubstr("services.dpfio.fallback_sender of the hub cannot be"),
                          HasSubstr("services.dpfio.upload_size_limit of the hub cannot be"),
                          HasSubstr("channels \"innsyn\" and \"bygg\" differ"),
                          HasSubstr("Write it into " +
                                    below("secrets/910077473-dpfio-integration.password"))));
  EXPECT_THAT(text, Not(HasSubstr("ord-")));
}

}  // namespace kp::importer::test
