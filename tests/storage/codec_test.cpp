#include "storage/codec.hpp"

#include "config/text.hpp"
#include "storage/record_io.hpp"
#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;
using namespace std::chrono_literals;

namespace {

const time_point early(1'700'000'000'123'456us);
const time_point late(1'700'000'001'000'000us);
const auto message = *message_id::parse("ff88849c-e281-4809-8555-7cd54952b916");
const auto ref = *conversation_id::parse("37efbd4c-413d-4e2c-bbc5-257ef4a65a45");

blob_ref sample_blob() {
  return {"0123456789abcdef0123456789abcdef", 300, std::string(32, '\7')};
}

outgoing_message sample_outgoing() {
  return {.id = 5,
          .message = message,
          .conversation = ref,
          .channel = channel_number{2},
          .via = service::dpo,
          .type = "arkivmelding",
          .process = "p",
          .sender_identifier = "910077473",
          .receiver_identifier = "991825827",
          .sbd = "{}",
          .last_updated = early,
          .expires = late,
          .queued = true,
          .files = {{"a.pdf", "Tittel", "application/pdf", 1, true, sample_blob()}}};
}

inbound_message sample_inbound() {
  return {.id = 6,
          .message = message,
          .conversation = ref,
          .channel = channel_number{2},
          .via = service::dpo,
          .type = "arkivmelding",
          .process = "p",
          .sender_identifier = "991825827",
          .receiver_identifier = "910077473",
          .sbd = "{}",
          .last_updated = early,
          .expires = late,
          .state = content_state::readable,
          .content = sample_blob(),
          .order = 300};
}

conversation sample_conversation() {
  conversation c;
  c.id = 7;
  c.message = message;
  c.conversation_ref = ref;
  c.channel = channel_number{2};
  c.way = direction::incoming;
  c.via = service::dpo;
  c.sender = "0192:991825827";
  c.sender_identifier = "991825827";
  c.receiver = "0192:910077473";
  c.process = "p";
  c.document_type = "d";
  c.message_reference = ref.to_string();
  c.external_system_reference = "x";
  c.last_update = time_point(-1us);
  c.finished = true;
  c.statuses = 0x301;
  return c;
}

status sample_status() {
  return {.id = 8,
          .conversation_row = 7,
          .channel = channel_number{2},
          .message = message,
          .conversation_ref = ref,
          .name = status_name::levert,
          .description = "levert",
          .raw_receipt = std::nullopt,
          .last_update = early};
}

outbox_item sample_item() {
  return {.id = 9,
          .via = service::dpo,
          .channel = channel_number{2},
          .message = message,
          .kind = outbox_kind::status,
          .sbd = "{}",
          .attempts = 3,
          .queued = early,
          .due = late,
          .expires = std::nullopt,
          .last_error = "503"};
}

transfer sample_transfer() {
  return {"t-1", transfer_state::confirmed, early, 2, "", "0192:910077473"};
}

// The bytes must be these for ever, and must be read back to the same record.
template <class Record>
void expect_pinned(const Record& record, const std::string& hex) {
  const auto bytes = encode(record);
  EXPECT_EQ(to_hex(bytes), hex);
  const auto read = decode<Record>(*from_hex(hex));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(encode(*read), bytes);
}

template <class Record>
void expect_refusals(const Record& record) {
  const auto bytes = encode(record);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    ASSERT_EQ(outcome(decode<Record>(bytes.substr(0, n))), "corrupt") << n;
  EXPECT_EQ(outcome(decode<Record>(bytes + std::string(1, '\0'))), "corrupt");
  auto other = bytes;
  ++other[0];
  EXPECT_EQ(outcome(decode<Record>(other)), "unknown format");
  other[0] = 0;
  EXPECT_EQ(outcome(decode<Record>(other)), "corrupt");
}

}  // namespace

TEST(codec, writes_an_outgoing_message_as_ever) {
  expect_pinned(
      sample_outgoing(),
      "02052466663838383439632d653238312d343830392d383535352d376364353439353262393136243337"
      "6566626434632d343133642d346532632d626263352d32353765663461363561343502010c61726b6976"
      "6d656c64696e670170093931303037373437330939393138323538323780898182838985068089ec8283"
      "898506010105612e706466010654697474656c0f6170706c69636174696f6e2f70646601012030313233"
      "34353637383961626364656630313233343536373839616263646566ac02200707070707070707070707"
      "070707070707070707070707070707070707070707");
}
TEST(codec, reads_and_writes_an_outgoing_message_from_before_its_document_was_kept_apart) {
  const auto bytes = *from_hex(
      "01052466663838383439632d653238312d343830392d383535352d376364353439353262393136243337"
      "6566626434632d343133642d346532632d626263352d32353765663461363561343502010c61726b6976"
      "6d656c64696e6701700939313030373734373309393931383235383237027b7d80898182838985068089"
      "ec8283898506010105612e706466010654697474656c0f6170706c69636174696f6e2f70646601012030"
      "31323334353637383961626364656630313233343536373839616263646566ac02200707070707070707"
      "070707070707070707070707070707070707070707070707");
  const auto read = decode<outgoing_message>(bytes);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->document_inside);
  EXPECT_EQ(read->sbd, "{}");
  EXPECT_EQ(read->last_updated, early);
  EXPECT_EQ(encode(*read), bytes) << "or it could never be changed";
}
TEST(codec, writes_an_inbound_message_as_ever) {
  expect_pinned(
      sample_inbound(),
      "01062466663838383439632d653238312d343830392d383535352d376364353439353262393136243337"
      "6566626434632d343133642d346532632d626263352d32353765663461363561343502010c61726b6976"
      "6d656c64696e6701700939393138323538323709393130303737343733027b7d80898182838985060180"
      "89ec82838985060101203031323334353637383961626364656630313233343536373839616263646566"
      "ac02200707070707070707070707070707070707070707070707070707070707070707ac02");
}
TEST(codec, writes_a_conversation_as_ever) {
  expect_pinned(
      sample_conversation(),
      "01072466663838383439632d653238312d343830392d383535352d376364353439353262393136243337"
      "6566626434632d343133642d346532632d626263352d3235376566346136356134350202010e30313932"
      "3a39393138323538323709393931383235383237010e303139323a393130303737343733000170016424"
      "33376566626434632d343133642d346532632d626263352d323537656634613635613435000101780100"
      "01008106");
}
TEST(codec, writes_a_status_as_ever) {
  expect_pinned(
      sample_status(),
      "010807022466663838383439632d653238312d343830392d383535352d37636435343935326239313624"
      "33376566626434632d343133642d346532632d626263352d3235376566346136356134350301066c6576"
      "657274008089818283898506");
}
TEST(codec, writes_an_outbox_item_as_ever) {
  expect_pinned(
      sample_item(),
      "010901022466663838383439632d653238312d343830392d383535352d37636435343935326239313602"
      "027b7d0380898182838985068089ec82838985060003353033");
}
TEST(codec, writes_a_transfer_as_ever) {
  expect_pinned(sample_transfer(),
                "0203742d3103808981828389850602000e303139323a393130303737343733");
}

TEST(codec, reads_a_transfer_from_before_it_had_a_recipient) {
  const auto read = decode<transfer>(*from_hex("0103742d310380898182838985060200"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->id, "t-1");
  EXPECT_EQ(read->attempts, 2u);
  EXPECT_EQ(read->recipient, "");
}

TEST(codec, reads_every_field_back) {
  const auto out = *decode<outgoing_message>(encode(sample_outgoing()));
  EXPECT_EQ(out.id, 5u);
  EXPECT_EQ(out.message, message);
  EXPECT_EQ(out.conversation, ref);
  EXPECT_EQ(out.channel, channel_number{2});
  EXPECT_EQ(out.via, service::dpo);
  EXPECT_EQ(out.last_updated, early);
  EXPECT_EQ(out.expires, late);
  EXPECT_TRUE(out.queued);
  ASSERT_EQ(out.files.size(), 1u);
  EXPECT_EQ(out.files[0].title, "Tittel");
  EXPECT_EQ(out.files[0].content.sha256, sample_blob().sha256);
  const auto c = *decode<conversation>(encode(sample_conversation()));
  EXPECT_EQ(c.way, direction::incoming);
  EXPECT_EQ(c.receiver, "0192:910077473");
  EXPECT_EQ(c.receiver_identifier, std::nullopt);
  EXPECT_EQ(c.last_update, time_point(-1us));
  EXPECT_EQ(c.expires, std::nullopt);
  EXPECT_TRUE(c.finished);
  EXPECT_FALSE(c.pollable);
  EXPECT_EQ(c.statuses, 0x301u);
  const auto in = *decode<inbound_message>(encode(sample_inbound()));
  EXPECT_EQ(in.state, content_state::readable);
  EXPECT_EQ(in.content->size, 300u);
  EXPECT_EQ(in.order, 300u);
  const auto item = *decode<outbox_item>(encode(sample_item()));
  EXPECT_EQ(item.kind, outbox_kind::status);
  EXPECT_EQ(item.attempts, 3u);
  EXPECT_EQ(item.last_error, "503");
}

TEST(codec, refuses_what_is_newer_cut_or_longer) {
  expect_refusals(sample_outgoing());
  expect_refusals(sample_inbound());
  expect_refusals(sample_conversation());
  expect_refusals(sample_status());
  expect_refusals(sample_item());
  expect_refusals(sample_transfer());
}

TEST(codec, refuses_values_that_cannot_be) {
  auto bytes = encode(sample_transfer());
  ASSERT_EQ(bytes[5], 3);  // version, length, "t-1", then the state
  for (const char state : {'\0', '\5', '\x7f'}) {
    bytes[5] = state;
    EXPECT_EQ(outcome(decode<transfer>(bytes)), "corrupt");
  }
  auto item = sample_item();
  item.message = {};  // the id of nothing is allowed
  EXPECT_EQ(outcome(decode<outbox_item>(encode(item))), "");
}

TEST(codec, survives_lengths_and_counts_beyond_all_memory) {
  // version, id 2^64-1, then a text of 2^64-1 bytes
  const auto huge = *from_hex("01ffffffffffffffffff01ffffffffffffffffff01");
  EXPECT_EQ(outcome(decode<outgoing_message>(huge)), "corrupt");
  // an integer of more than 64 bits
  EXPECT_EQ(outcome(decode<status>(*from_hex("01ffffffffffffffffff02"))), "corrupt");
  EXPECT_EQ(outcome(decode<status>(*from_hex("01ffffffffffffffffffff01"))), "corrupt");
}

TEST(codec, carries_the_largest_integers) {
  auto s = sample_status();
  s.id = UINT64_MAX;
  s.last_update = time_point::min();
  const auto read = decode<status>(encode(s));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->id, UINT64_MAX);
  EXPECT_EQ(read->last_update, time_point::min());
}

TEST(codec, has_numbers_that_never_change) {
  EXPECT_EQ(static_cast<int>(service::unknown), 0);
  EXPECT_EQ(static_cast<int>(service::dpo), 1);
  EXPECT_EQ(static_cast<int>(service::dpv), 2);
  EXPECT_EQ(static_cast<int>(service::dpi), 3);
  EXPECT_EQ(static_cast<int>(service::dpf), 4);
  EXPECT_EQ(static_cast<int>(service::dpe), 5);
  EXPECT_EQ(static_cast<int>(service::dpfio), 6);
  EXPECT_EQ(static_cast<int>(service::dph), 7);
  EXPECT_EQ(static_cast<int>(direction::outgoing), 1);
  EXPECT_EQ(static_cast<int>(direction::incoming), 2);
  EXPECT_EQ(static_cast<int>(content_state::none), 0);
  EXPECT_EQ(static_cast<int>(content_state::readable), 1);
  EXPECT_EQ(static_cast<int>(content_state::unreadable), 2);
  EXPECT_EQ(static_cast<int>(outbox_kind::message), 1);
  EXPECT_EQ(static_cast<int>(outbox_kind::status), 2);
  EXPECT_EQ(static_cast<int>(transfer_state::downloading), 1);
  EXPECT_EQ(static_cast<int>(transfer_state::stored), 2);
  EXPECT_EQ(static_cast<int>(transfer_state::confirmed), 3);
  EXPECT_EQ(static_cast<int>(transfer_state::left_alone), 4);
}

TEST(status_names, have_their_numbers_and_spelling) {
  const std::vector<std::pair<status_name, std::string>> pinned{
      {status_name{0}, "OPPRETTET"},
      {status_name{1}, "SENDT"},
      {status_name{2}, "MOTTATT"},
      {status_name{3}, "LEVERT"},
      {status_name{4}, "LEST"},
      {status_name{5}, "FEIL"},
      {status_name{6}, "LEVETID_UTLOPT"},
      {status_name{7}, "ANNET"},
      {status_name{8}, "INNKOMMENDE_MOTTATT"},
      {status_name{9}, "INNKOMMENDE_LEVERT"}};
  for (const auto& [name, text] : pinned) {
    EXPECT_EQ(to_string(name), text);
    EXPECT_EQ(parse_status_name(text), name);
  }
  EXPECT_EQ(status_name::opprettet, status_name{0});
  EXPECT_EQ(status_name::levert, status_name{3});
  EXPECT_EQ(status_name::levetid_utlopt, status_name{6});
  EXPECT_EQ(status_name::innkommende_levert, status_name{9});
  EXPECT_EQ(parse_status_name("levert"), std::nullopt);
  EXPECT_EQ(parse_status_name(""), std::nullopt);
}
