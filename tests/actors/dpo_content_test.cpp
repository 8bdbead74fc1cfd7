#include "actors/dpo_content.hpp"

#include "dpo_house.hpp"
#include "protocol/zip/zip.hpp"
#include "tests/protocol/crypto/test_keys.hpp"

#include <cstdlib>
#include <filesystem>

namespace kp::actors {
namespace {

using test::letter;
using opened = result<std::unique_ptr<byte_source>>;

// A house whose blobs are real ones, in a folder of its own.
class dpo_content_test : public ::testing::Test {
 protected:
  dpo_content_test() {
    std::string pattern = (std::filesystem::temp_directory_path() / "knutepunkt-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    keys = std::make_unique<storage::data_keys>(*house.store, std::string(32, 'k'), house.random);
    blobs = *storage::blobs::open(*house.store, folder + "/blobs", *keys, house.random);
    hub = std::make_shared<hub_context>(hub_context{{},
                                                    house.network,
                                                    house.workers,
                                                    house.system.time(),
                                                    *house.random,
                                                    *house.store,
                                                    *blobs,
                                                    *house.spools,
                                                    nullptr,
                                                    nullptr,
                                                    [this](storage::batch b) -> result<void> {
                                                      return std::move(
                                                          house.store->commit({&b, 1}).front());
                                                    }});
    context = std::make_shared<organisation_context>(hub, house.context->settings,
                                                     house.context->numbers, house.ids);
  }
  ~dpo_content_test() override {
    blobs.reset();
    std::filesystem::remove_all(folder);
  }

  storage::blob_ref stored(std::string_view bytes) {
    auto writer = *blobs->create(context->id(), hub->commit_from_worker);
    storage::batch record;
    EXPECT_TRUE(writer->write(bytes));
    const auto ref = writer->complete(record);
    EXPECT_TRUE(ref);
    house.commit(record);
    return *ref;
  }
  dpo_parcel parcel() {
    dpo_parcel p;
    p.sender = "0192:910075918";
    p.receiver = "0192:910077473";
    p.sbd = letter{}.text();
    p.files = {{"arkivmelding.xml", {}, "text/xml", 1, true, stored("<arkivmelding/>")},
               {"vedlegg.pdf", {}, "application/pdf", 2, false, stored("%PDF")}};
    return p;
  }
  std::shared_ptr<spool> zip_of(std::vector<std::pair<std::string, std::string>> entries) {
    std::vector<zip::entry> list;
    for (auto& [name, bytes] : entries)
      list.push_back({name, false, [copy = bytes]() -> opened {
                        return std::make_unique<string_source>(copy);
                      }});
    const auto to = *hub->spools.make();
    EXPECT_TRUE(zip::write(to, std::move(list)));
    return to;
  }
  fetch_verdict verdict_of(std::string sbd) {
    return open_arrival(*context, "t", zip_of({{"sbd.json", std::move(sbd)}}), keys_of_receiver())
        ->verdict;
  }
  static std::span<const crypto::keystore> keys_of_receiver() { return {&test::recipient(), 1}; }
  std::string content_of(const arrival& a) {
    house.commit(*a.blob_record);
    sequential_source bytes(*blobs->open(context->id(), *a.content));
    return *read_all(bytes, 1 << 20);
  }

  test::dpo_house house;
  std::string folder;
  std::unique_ptr<storage::data_keys> keys;
  std::unique_ptr<storage::blobs> blobs;
  std::shared_ptr<hub_context> hub;
  std::shared_ptr<organisation_context> context;
};

TEST_F(dpo_content_test, what_one_hub_packs_another_opens_and_keeps_as_a_plain_container) {
  const auto packed = pack_parcel(*context, parcel(), test::sender(), test::recipient().leaf);
  ASSERT_TRUE(packed) << packed.error().message;
  const auto came = open_arrival(*context, "t", packed->zip, keys_of_receiver());
  ASSERT_EQ(came->verdict, fetch_verdict::arrived) << came->failure.message;
  EXPECT_EQ(came->what.sbd, letter{}.text());
  EXPECT_EQ(came->what.document->message(), letter{}.id());
  EXPECT_EQ(came->what.state, storage::content_state::readable);

  const auto verified =
      asic::verify(std::make_shared<string_random_access>(content_of(came->what)));
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->files,
            (std::vector<std::string>{"manifest.xml", "arkivmelding.xml", "vedlegg.pdf"}));
}

TEST_F(dpo_content_test, the_manifest_names_sender_and_receiver_of_the_parcel) {
  auto p = parcel();
  p.sender = "0192:974760673";  // represented
  const auto packed = pack_parcel(*context, p, test::sender(), test::recipient().leaf);
  ASSERT_TRUE(packed) << packed.error().message;
  const auto came = open_arrival(*context, "t", packed->zip, keys_of_receiver());
  const auto container =
      zip::reader::open(std::make_shared<string_random_access>(content_of(came->what)));
  ASSERT_TRUE(container) << container.error().message;
  const auto manifest =
      *read_all(**(*container)->read(*(*container)->find("manifest.xml")), 1 << 16);
  EXPECT_NE(manifest.find("0192:974760673"), std::string::npos) << manifest;
  EXPECT_NE(manifest.find("0192:910077473"), std::string::npos) << manifest;
  EXPECT_EQ(manifest.find("0192:910075918"), std::string::npos) << manifest;
}

TEST_F(dpo_content_test, long_files_have_the_short_local_headers_that_old_readers_know) {
  auto p = parcel();
  p.files[1].content = stored(std::string(2 * zip::peek_bytes + 1, 'x'));
  const auto packed = pack_parcel(*context, p, test::sender(), test::recipient().leaf);
  ASSERT_TRUE(packed) << packed.error().message;
  const auto container =
      content_of(open_arrival(*context, "t", packed->zip, keys_of_receiver())->what);
  const auto name = container.find("vedlegg.pdf");
  ASSERT_NE(name, std::string::npos);
  const auto header = std::string_view(container).substr(name - 30, 30);
  ASSERT_EQ(header.substr(0, 4), "PK\x03\x04");
  EXPECT_EQ(header[4], 20);                                      // not 45: zip64
  EXPECT_EQ(header.substr(28, 2), std::string_view("\0\0", 2));  // no extra field
}

TEST_F(dpo_content_test, content_for_somebody_else_is_kept_as_it_came) {
  const auto packed = pack_parcel(*context, parcel(), test::sender(), test::recipient().leaf);
  ASSERT_TRUE(packed);
  const auto came = open_arrival(*context, "t", packed->zip, {&test::sender(), 1});
  ASSERT_EQ(came->verdict, fetch_verdict::arrived) << came->failure.message;
  EXPECT_EQ(came->what.state, storage::content_state::unreadable);
  EXPECT_FALSE(came->what.content_problem.empty());
  const auto package = dpo::package::open(packed->zip);
  EXPECT_EQ(content_of(came->what), *read_all(**package->encrypted_content(), 1 << 20));
}

TEST_F(dpo_content_test, a_container_that_is_no_zip_is_kept_as_it_came) {
  string_source plain("not a container");
  const auto cms =
      *read_all(**crypto::envelop(plain, test::recipient().leaf, crypto::key_transport::oaep_sha256,
                                  crypto::content_cipher::aes_256_cbc),
                1 << 20);
  const auto came =
      open_arrival(*context, "t", zip_of({{"sbd.json", letter{}.text()}, {"asic.zip", cms}}),
                   keys_of_receiver());
  ASSERT_EQ(came->verdict, fetch_verdict::arrived);
  EXPECT_EQ(came->what.state, storage::content_state::unreadable);
  EXPECT_EQ(content_of(came->what), cms);
}

TEST_F(dpo_content_test, an_unsigned_container_is_accepted) {
  const auto container = zip_of({{"arkivmelding.xml", "<arkivmelding/>"}});
  sequential_source plain(container);
  const auto cms =
      *read_all(**crypto::envelop(plain, test::recipient().leaf, crypto::key_transport::oaep_sha256,
                                  crypto::content_cipher::aes_256_cbc),
                1 << 20);
  const auto came =
      open_arrival(*context, "t", zip_of({{"sbd.json", letter{}.text()}, {"asic.zip", cms}}),
                   keys_of_receiver());
  EXPECT_EQ(came->what.state, storage::content_state::readable);
}

TEST_F(dpo_content_test, a_status_is_packed_and_opened_without_content) {
  auto p = parcel();
  p.files.clear();
  const auto packed = pack_parcel(*context, p, test::sender(), {});
  ASSERT_TRUE(packed);
  const auto came = open_arrival(*context, "t", packed->zip, keys_of_receiver());
  EXPECT_EQ(came->verdict, fetch_verdict::arrived);
  EXPECT_EQ(came->what.state, storage::content_state::none);
  EXPECT_FALSE(came->what.content);
}

TEST_F(dpo_content_test, the_outcome_follows_the_matrix) {
  EXPECT_EQ(verdict_of(letter{}.text()), fetch_verdict::arrived);
  // Well-formed but wrong: discarded.
  letter two;
  auto extra = boost::json::parse(two.text()).as_object();
  extra["avtalt"] = boost::json::object{};
  EXPECT_EQ(verdict_of(boost::json::serialize(extra)), fetch_verdict::discard);
  letter named;
  named.message = "not-a-uuid";
  EXPECT_EQ(verdict_of(named.text()), fetch_verdict::discard);
  letter conversation;
  conversation.conversation = "not-a-uuid";
  EXPECT_EQ(verdict_of(conversation.text()), fetch_verdict::discard);
  // Broken: not confirmed.
  EXPECT_EQ(verdict_of("{"), fetch_verdict::unusable);
  auto nameless = boost::json::parse(letter{}.text()).as_object();
  nameless["standardBusinessDocumentHeader"]
      .as_object()["documentIdentification"]
      .as_object()
      .erase("instanceIdentifier");
  EXPECT_EQ(verdict_of(boost::json::serialize(nameless)), fetch_verdict::unusable);
  EXPECT_EQ(open_arrival(*context, "t", zip_of({{"asic.zip", "x"}}), keys_of_receiver())->verdict,
            fetch_verdict::unusable);
  EXPECT_EQ(
      open_arrival(*context, "t", zip_of({{"content.xml", "<x/>"}}), keys_of_receiver())->verdict,
      fetch_verdict::unusable);
  EXPECT_EQ(open_arrival(*context, "t", std::make_shared<string_random_access>("no zip"),
                         keys_of_receiver())
                ->verdict,
            fetch_verdict::unusable);
}

}  // namespace
}  // namespace kp::actors
