#include "actors/dph_message.hpp"

#include "config/text.hpp"
#include "dpo_house.hpp"
#include "protocol/dph/envelope.hpp"
#include "protocol/dph/package.hpp"
#include "storage/health_references.hpp"
#include "storage/tracking.hpp"
#include "tests/protocol/crypto/test_keys.hpp"

#include <gmock/gmock.h>

// Between an outbox item or a download and the formats of DPH.

namespace kp::actors {
namespace {

using storage::status_name;
using testing::HasSubstr;

const std::string own = "her-id:8093", practice = "her-id:9001";
const std::string some_id = "8baf0255-2687-49e3-9398-bbdf32bfccfc";
const std::string nhn_id = "3ef83023-3532-4f9c-9b9a-0ebfba6de4c5";
const dph::signer_check anybody = [](const crypto::certificate&) { return result<void>{}; };
const std::string note =
    "<Dialogmelding xmlns=\"http://www.kith.no/xmlstds/dialog/2013-01-23\"><Notat>"
    "<TemaKodet V=\"6\" S=\"2.16.578.1.12.4.1.1.7322\" DN=\"x\"/></Notat></Dialogmelding>";

// Blobs that can be written and read.
class kept_blobs final : public storage::blobs {
 public:
  result<std::unique_ptr<writer>> create(organisation_id, const storage::committer&) override {
    struct one final : writer {
      explicit one(kept_blobs& to_) : to(to_) {}
      result<void> write(std::string_view bytes) override {
        content += bytes;
        return {};
      }
      result<storage::blob_ref> complete(storage::batch&) override {
        storage::blob_ref ref{"blob", content.size(), ""};
        to.all[ref.id] = content;
        return ref;
      }
      std::uint64_t written() const override { return content.size(); }
      kept_blobs& to;
      std::string content;
    };
    return std::make_unique<one>(*this);
  }
  result<std::shared_ptr<random_access_source>> open(organisation_id,
                                                     const storage::blob_ref& ref) override {
    return std::make_shared<string_random_access>(all[ref.id]);
  }
  void remove(storage::batch&, organisation_id, const storage::blob_ref&) override {}
  void release(organisation_id, const storage::blob_ref&) override {}
  result<std::size_t> collect(std::chrono::seconds) override { return std::size_t{0}; }
  std::map<std::string, std::string> all;
};

class dph_messages_of_hub : public ::testing::Test {
 protected:
  dph_messages_of_hub() {
    hub = std::make_shared<hub_context>(hub_context{{},
                                                    house.network,
                                                    house.workers,
                                                    house.system.time(),
                                                    *house.random,
                                                    *house.store,
                                                    blobs,
                                                    *house.spools,
                                                    nullptr,
                                                    nullptr,
                                                    {}});
    in = std::make_shared<organisation_context>(hub, house.context->settings,
                                                house.context->numbers, house.ids);
  }
  time_point now() { return house.system.time().now(); }

  static std::string document(const std::string& sender, const std::string& receiver,
                              const std::string& type = "dialogmelding") {
    const auto party = [](const std::string& who) {
      return boost::json::array{{{"identifier", {{"value", who}, {"authority", "nhn-actorid"}}}}};
    };
    return boost::json::serialize(boost::json::object{
        {"standardBusinessDocumentHeader",
         {{"sender", party(sender)},
          {"receiver", party(receiver)},
          {"documentIdentification", {{"instanceIdentifier", some_id}, {"type", type}}}}},
        {type, {{"hoveddokument", "dialogmelding.xml"}, {"status", "OK"}}}});
  }
  sending sends(const std::string& sbd, const std::string& main) {
    blobs.all["main"] = main;
    blobs.all["more"] = "%PDF";
    sending what;
    what.context = in;
    what.message.emplace();
    what.message->sbd = sbd;
    storage::stored_file second, first;
    second.filename = "a.pdf";
    second.number = 1;
    second.content = {"more", 4, ""};
    first.filename = "dialogmelding.xml";
    first.number = 2;
    first.primary = true;
    first.content = {"main", main.size(), ""};
    what.message->files = {second, first};
    return what;
  }
  result<dph_sealed> seals(const sending& what) {
    KP_TRY(const auto parcel, make_dph_parcel(what, now()));
    return seal_dph_parcel(*in, parcel, test::sender(), test::recipient().leaf);
  }

  // A download as the adapter gives it out.
  dph::message_parts download(const std::string& sbd, bool with_package = true) {
    dph::message_parts parts;
    parts.message = *dph::seal(sbd, test::sender(), test::recipient().leaf);
    if (with_package)
      parts.package = *dph::pack({{"dialogmelding.xml", "application/xml",
                                   []() -> result<std::unique_ptr<byte_source>> {
                                     return std::make_unique<string_source>(note);
                                   },
                                   note.size()}},
                                 test::sender(), test::recipient().leaf, *house.spools, "id");
    return parts;
  }
  std::shared_ptr<fetched> opens(const dph::message_parts& parts,
                                 const dph::signer_check& trusts = anybody) {
    const std::vector<crypto::keystore> keys{test::recipient()};
    return open_dph_message(*in, {nhn_id, own, practice, {}}, parts, keys, trusts);
  }

  test::dpo_house house;
  kept_blobs blobs;
  std::shared_ptr<hub_context> hub;
  std::shared_ptr<organisation_context> in;
};

TEST_F(dph_messages_of_hub, the_main_document_comes_first_and_the_document_is_sealed) {
  const auto what = sends(document(own, practice), note);
  const auto parcel = make_dph_parcel(what, now());
  ASSERT_TRUE(parcel) << parcel.error().message;
  EXPECT_EQ(parcel->sender, 8093);
  EXPECT_EQ(parcel->receiver, practice);
  ASSERT_EQ(parcel->files.size(), 2u);
  EXPECT_EQ(parcel->files[0].filename, "dialogmelding.xml");
  const auto sealed = seals(what);
  ASSERT_TRUE(sealed) << sealed.error().message;
  ASSERT_TRUE(sealed->package);
  const auto opened = dph::open(sealed->message, test::recipient(), anybody);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(boost::json::parse(*opened).as_object().contains("standardBusinessDocumentHeader"))
      << "no wrapper";
}

TEST_F(dph_messages_of_hub, what_is_no_dialogmelding_is_not_sent) {
  const auto sealed = seals(sends(document(own, practice), "<Brev/>"));
  ASSERT_FALSE(sealed);
  EXPECT_FALSE(sealed.error().retryable);
  EXPECT_THAT(sealed.error().message, HasSubstr("no Dialogmelding 1.1"));
}

TEST_F(dph_messages_of_hub, who_is_no_her_id_does_not_send) {
  const auto parcel = make_dph_parcel(sends(document(practice + "x", practice), note), now());
  EXPECT_FALSE(parcel);
}

// dph.md 12 D8.
TEST_F(dph_messages_of_hub, a_receipt_is_given_for_what_came_to_its_sender_alone) {
  storage::batch changes;
  storage::health_references(*house.store, in->id())
      .put(changes, {nhn_id, *message_id::parse(some_id), own, practice, now()});
  house.commit(changes);
  const auto verdict = [&](const std::string& sender, const std::string& about) {
    auto what = sends(document(sender, practice, "dialogmelding_kvittering"), note);
    auto parcel = *make_dph_parcel(what, now());
    EXPECT_TRUE(parcel.is_receipt);
    EXPECT_TRUE(parcel.files.empty()) << "attachments of a receipt are not carried";
    parcel.document.business_message["relatedToMessageId"] = about;
    return check_dph_receipt(*in, parcel);
  };
  EXPECT_TRUE(verdict(own, nhn_id));
  for (const auto& [sender, about] :
       {std::pair{own, some_id}, std::pair{std::string("her-id:8094"), nhn_id},
        std::pair{own, std::string()}}) {
    const auto refused = verdict(sender, about);
    ASSERT_FALSE(refused) << sender << " " << about;
    EXPECT_EQ(refused.error().code, dph::dph_errc::foreign_reference);
    EXPECT_FALSE(refused.error().retryable);
  }
}

TEST_F(dph_messages_of_hub, a_download_becomes_a_whole_message) {
  const auto got = opens(download(document(practice, own)));
  ASSERT_EQ(got->verdict, fetch_verdict::arrived) << got->failure.message;
  EXPECT_EQ(got->what.document->conversation()->to_string(), some_id) << "dph.md 12 D1";
  EXPECT_EQ(got->what.state, storage::content_state::readable);
  ASSERT_TRUE(got->what.content);
  EXPECT_TRUE(blobs.all["blob"].starts_with("PK"));
  EXPECT_EQ(got->what.sender, practice);
}

TEST_F(dph_messages_of_hub, a_receipt_needs_no_package) {
  const auto got = opens(download(document(practice, own, "dialogmelding_kvittering"), false));
  ASSERT_EQ(got->verdict, fetch_verdict::arrived) << got->failure.message;
  EXPECT_FALSE(got->what.content);
}

TEST_F(dph_messages_of_hub, what_cannot_be_read_is_kept_from_the_client) {
  const auto reason = [&](const dph::message_parts& parts) {
    const auto got = opens(parts);
    EXPECT_EQ(got->verdict, fetch_verdict::unusable) << got->failure.message;
    EXPECT_FALSE(got->failure.retryable);
    EXPECT_FALSE(got->what.content);
    return got->failure.message;
  };
  auto tampered = download(document(practice, own));
  EXPECT_TRUE(tampered.package->write_at(tampered.package->size() - 30, "x"));
  EXPECT_NE(reason(tampered), "");
  EXPECT_THAT(reason(download(document(practice, own), false)), HasSubstr("document package"));
  EXPECT_THAT(reason(download(document(practice, "her-id:8094"))), HasSubstr("another HER-id"));
  EXPECT_NE(reason(download("{")), "");
  auto other = download(document(practice, own));
  other.message = *dph::seal(document(practice, own), test::sender(), test::sender().leaf);
  EXPECT_THAT(reason(other), HasSubstr("S02"));
}

TEST_F(dph_messages_of_hub, who_is_not_believed_is_not_heard) {
  const auto got = opens(download(document(practice, own)), [](const auto&) -> result<void> {
    return permanent(dph::dph_errc::bad_signature, "nobody knows it");
  });
  EXPECT_EQ(got->verdict, fetch_verdict::unusable);
  EXPECT_THAT(got->failure.message, HasSubstr("S01"));
}

TEST_F(dph_messages_of_hub, another_type_is_refused) {
  const auto got = opens(download(document(practice, own, "avtalt")));
  EXPECT_EQ(got->verdict, fetch_verdict::discard);
  EXPECT_EQ(got->failure.code, dph::dph_errc::refused_content);
}

struct fares : ::testing::Test {
  static storage::tracked of(const std::string& type = "dialogmelding") {
    storage::tracked it;
    it.message = *message_id::parse(some_id);
    it.memo = "her-id:8093 " + type;
    it.sent = test::simulated_system::start();
    return it;
  }
  static std::string names(const progress& all) {
    std::string text;
    for (const auto& each : all.statuses) text += std::string(storage::to_string(each.name)) + " ";
    return text + (all.ended ? "." : "");
  }
  static progress asked(dph::transport_state state, std::optional<dph::receipt_state> receipt = {},
                        std::chrono::minutes later = std::chrono::minutes(1),
                        const std::string& type = "dialogmelding") {
    return dph_progress(of(type), {{state, receipt}}, test::simulated_system::start() + later);
  }
};

TEST_F(fares, transport_says_how_a_message_fares_and_the_receipt_alone_that_it_arrived) {
  using enum dph::transport_state;
  EXPECT_EQ(names(asked(unconfirmed)), "");
  EXPECT_EQ(names(asked(acknowledged)), "MOTTATT ");
  EXPECT_EQ(names(asked(acknowledged, dph::receipt_state::ok, std::chrono::hours(30))), "MOTTATT ");
  EXPECT_EQ(names(asked(rejected)), "FEIL .");
  EXPECT_EQ(asked(rejected).statuses[0].description, "Message rejected in transport");
  EXPECT_EQ(names(dph_progress(of(), {}, {})), "");
}

TEST_F(fares, nobody_answers_a_receipt) {
  EXPECT_EQ(names(asked(dph::transport_state::acknowledged, {}, std::chrono::minutes(1),
                        "dialogmelding_kvittering")),
            "MOTTATT .");
}

// Its own words are better, but the adapter cannot always read them (dph.md 12 D2).
TEST_F(fares, a_rejection_whose_receipt_never_comes_is_told_after_an_hour) {
  using enum dph::transport_state;
  EXPECT_EQ(names(asked(acknowledged, dph::receipt_state::rejected, std::chrono::minutes(59))),
            "MOTTATT ");
  EXPECT_EQ(names(asked(acknowledged, dph::receipt_state::rejected, std::chrono::minutes(60))),
            "MOTTATT FEIL .");
}

}  // namespace
}  // namespace kp::actors
