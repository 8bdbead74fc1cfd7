#include "protocol/arkivmelding/record.hpp"

#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>

using namespace kp;
using namespace kp::arkivmelding;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

std::string with_entry(std::string_view inside, std::string_view of_folder = "") {
  return R"(<?xml version="1.0" encoding="utf-8"?>
<n:arkivmelding xmlns:n="http://www.arkivverket.no/standarder/noark5/arkivmelding" xmlns:x="urn:x"
                xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <n:mappe xsi:type="n:saksmappe"><n:basisregistrering xsi:type="n:journalpost">)" +
         std::string(inside) + "</n:basisregistrering>" + std::string(of_folder) +
         "</n:mappe></n:arkivmelding>";
}

TEST(registry_entry, is_read_whole_from_a_real_arkivmelding) {
  KP_FIXTURE(xml, "rest/e2e-arkivmelding.xml");
  const auto entry = read_registry_entry(xml);
  ASSERT_TRUE(entry) << entry.error().message;
  EXPECT_EQ(entry->public_title, "Nye lysrør");
  EXPECT_EQ(entry->type, 'U');
  EXPECT_EQ(entry->status, 'J');
  EXPECT_EQ(entry->entered, (date{"2017-05-23", ""}));
  EXPECT_FALSE(entry->dated);
  EXPECT_FALSE(entry->year);
  ASSERT_EQ(entry->parties.size(), 1U);
  EXPECT_EQ(entry->parties[0].type, "Mottaker");
  EXPECT_THAT(entry->extra,
              ElementsAre(extra_metadata{"forvaltningsnummer", "20050"},
                          extra_metadata{"objektnavn", "Hauketo Skole"},
                          extra_metadata{"eiendom", "200501"}, extra_metadata{"bygning", "2005001"},
                          extra_metadata{"bestillingtype", "Materiell, elektro"},
                          extra_metadata{"rammeavtale", "K-123123-elektriker"}));
  ASSERT_EQ(entry->documents.size(), 1U);
  EXPECT_TRUE(entry->documents[0].main);
  EXPECT_THAT(entry->documents[0].files, ElementsAre("test.txt"));
}

TEST(registry_entry, keeps_simple_extra_metadata_in_order_and_counts_what_it_drops) {
  const auto entry = read_registry_entry(with_entry(
      "<n:virksomhetsspesifikkeMetadata><x:b>2</x:b><c><d>1</d></c><e/><a><![CDATA[1]]></a>"
      "</n:virksomhetsspesifikkeMetadata>"));
  ASSERT_TRUE(entry) << entry.error().message;
  EXPECT_THAT(entry->extra, ElementsAre(extra_metadata{"x:b", "2"}, extra_metadata{"a", "1"}));
  EXPECT_EQ(entry->dropped_extra, 2U);
}

TEST(registry_entry, has_numbers_dates_with_their_zone_and_the_parties) {
  const auto entry = read_registry_entry(with_entry(
      "<n:journalaar>2026</n:journalaar><n:journalsekvensnummer>007</n:journalsekvensnummer>"
      "<n:journalpostnummer>x</n:journalpostnummer><n:journaldato>2026-02-30</n:journaldato>"
      "<n:dokumentetsDato>2026-01-02+02:00</n:dokumentetsDato>"
      "<n:journalposttype>ukjent</n:journalposttype>"
      "<n:korrespondansepart><n:korrespondanseparttype>Avsender</n:korrespondanseparttype>"
      "<n:korrespondansepartNavn>Kari</n:korrespondansepartNavn><n:postadresse>A</n:postadresse>"
      "<n:postadresse>B</n:postadresse><n:poststed>Vik</n:poststed>"
      "<n:saksbehandler>S</n:saksbehandler></n:korrespondansepart>"
      "<n:korrespondansepart><n:korrespondanseparttype>Tante</n:korrespondanseparttype>"
      "</n:korrespondansepart>",
      "<n:saksaar>2025</n:saksaar><n:sakssekvensnummer>12</n:sakssekvensnummer>"));
  ASSERT_TRUE(entry) << entry.error().message;
  EXPECT_EQ(entry->year, 2026);
  EXPECT_EQ(entry->sequence_number, 7);
  EXPECT_FALSE(entry->entry_number);
  EXPECT_EQ(entry->case_year, 2025);
  EXPECT_EQ(entry->case_number, 12);
  EXPECT_FALSE(entry->entered) << "there is no 30 February";
  EXPECT_EQ(entry->dated, (date{"2026-01-02", "+02:00"}));
  EXPECT_EQ(entry->type, 'I');
  ASSERT_EQ(entry->parties.size(), 2U);
  EXPECT_THAT(entry->parties[0].address_lines, ElementsAre("A", "B"));
  EXPECT_EQ(entry->parties[0].case_worker, "S");
  EXPECT_FALSE(entry->parties[0].postal_code);
  EXPECT_FALSE(entry->parties[1].type);
}

TEST(registry_entry, is_refused_without_a_case_file_and_with_a_number_beyond_all_registries) {
  const auto none = read_registry_entry(
      "<arkivmelding xmlns='http://www.arkivverket.no/standarder/noark5/arkivmelding'/>");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("saksmappe"));
  const auto large =
      read_registry_entry(with_entry("<n:journalaar>99999999999999999999999</n:journalaar>"));
  ASSERT_FALSE(large);
  EXPECT_THAT(large.error().message, HasSubstr("journalaar"));
}

TEST(registry_entry, maps_letters_and_texts_with_a_default_both_ways) {
  EXPECT_EQ(entry_type_letter("Saksframlegg"), 'S');
  EXPECT_EQ(entry_type_text("X"), "Organinternt dokument uten oppfølging");
  EXPECT_EQ(entry_type_text(""), "Inngående dokument");
  EXPECT_EQ(entry_status_letter("Utgår"), 'U');
  EXPECT_EQ(entry_status_letter("?"), 'R');
  EXPECT_EQ(entry_status_text("F"), "Godkjent av leder");
}

}  // namespace
