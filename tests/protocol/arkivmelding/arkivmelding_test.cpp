#include "protocol/arkivmelding/arkivmelding.hpp"

#include "config/config_error.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>

using namespace kp;
using namespace kp::arkivmelding;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

std::string document(std::string_view inside) {
  return R"(<?xml version="1.0" encoding="utf-8"?>
<arkivmelding xmlns="http://www.arkivverket.no/standarder/noark5/arkivmelding"
              xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <system>x</system>)" +
         std::string(inside) + "</arkivmelding>";
}

std::string described(std::string_view file) {
  return "<dokumentbeskrivelse><dokumentobjekt><referanseDokumentfil>" + std::string(file) +
         "</referanseDokumentfil></dokumentobjekt></dokumentbeskrivelse>";
}

std::string with_entry(std::string_view inside) {
  return document(
      "<mappe xsi:type='saksmappe'><systemID>43fbe161</systemID>"
      "<basisregistrering xsi:type='journalpost'>" +
      std::string(inside) + "</basisregistrering></mappe>");
}

summary read(std::string_view xml) {
  auto found = summarise(xml);
  EXPECT_TRUE(found) << found.error().message;
  return found ? std::move(*found) : summary();
}

std::string refusal(std::string_view xml) {
  const auto found = summarise(xml);
  if (found) return "";
  EXPECT_EQ(found.error().code, config_errc::invalid_document);
  return found.error().message;
}

}  // namespace

TEST(arkivmelding, gives_title_reference_and_files_in_document_order) {
  const auto s = read(with_entry(described("b.pdf") + described(" a.pdf\n") +
                                 "<tittel>t</tittel><offentligTittel>Nye lysr&#248;r &amp; "
                                 "<![CDATA[<mer>]]></offentligTittel>"
                                 "<journalpostnummer>0042</journalpostnummer>"));
  EXPECT_TRUE(s.has_case_file);
  EXPECT_TRUE(s.has_registry_entry);
  EXPECT_EQ(s.title, "Nye lysrør & <mer>");
  EXPECT_EQ(s.reference, "43fbe161-42");
  EXPECT_THAT(s.referenced_files, ElementsAre("b.pdf", "a.pdf"));
}

TEST(arkivmelding, has_no_reference_without_a_number) {
  EXPECT_EQ(read(with_entry("")).reference, std::nullopt);
  EXPECT_EQ(read(with_entry("<journalpostnummer>x</journalpostnummer>")).reference, std::nullopt);
  EXPECT_EQ(read(with_entry("")).title, "");
}

TEST(arkivmelding, looks_only_at_the_first_entry_of_the_first_case_file) {
  const auto s = read(
      document("<mappe><systemID>plain</systemID></mappe>"
               "<mappe xsi:type='saksmappe'><mappe xsi:type='saksmappe'/>"
               "<basisregistrering/><basisregistrering xsi:type='journalpost'>" +
               described("first") +
               "<dokumentobjekt><referanseDokumentfil>direct</referanseDokumentfil>"
               "</dokumentobjekt></basisregistrering><basisregistrering xsi:type='journalpost'>" +
               described("second") +
               "</basisregistrering></mappe>"
               "<mappe xsi:type='saksmappe'/>"));
  EXPECT_THAT(s.referenced_files, ElementsAre("first"));
}

TEST(arkivmelding, finds_names_by_namespace_not_by_prefix) {
  const auto s = read(
      R"(<a:arkivmelding xmlns:a="http://www.arkivverket.no/standarder/noark5/arkivmelding">
      <a:mappe xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="a:saksmappe">
      <a:basisregistrering i:type=" a:journalpost "><offentligTittel>no</offentligTittel>
      <a:offentligTittel>yes</a:offentligTittel></a:basisregistrering></a:mappe>
      </a:arkivmelding>)");
  EXPECT_TRUE(s.has_registry_entry);
  EXPECT_EQ(s.title, "yes");
}

TEST(arkivmelding, finds_nothing_without_the_namespace_or_the_type) {
  EXPECT_FALSE(read("<arkivmelding xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>"
                    "<mappe xsi:type='saksmappe'/></arkivmelding>")
                   .has_case_file);
  EXPECT_FALSE(read(document("<mappe/>")).has_case_file);
  EXPECT_FALSE(read(document("<mappe type='saksmappe'/>")).has_case_file);
  const auto no_entry = read(document("<mappe xsi:type='saksmappe'><basisregistrering/></mappe>"));
  EXPECT_TRUE(no_entry.has_case_file);
  EXPECT_FALSE(no_entry.has_registry_entry);
}

TEST(arkivmelding, names_the_line_of_what_is_no_xml) {
  EXPECT_THAT(refusal("<a>\n<b>\n</a>"), HasSubstr("arkivmelding.xml:3: "));
  EXPECT_NE(refusal(""), "");
  EXPECT_NE(refusal("not xml"), "");
}

TEST(arkivmelding, refuses_document_types_and_entities) {
  EXPECT_THAT(refusal("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>"),
              HasSubstr("document type"));
}

TEST(arkivmelding, refuses_what_is_too_deep_too_many_or_too_large) {
  std::string open, close;
  for (int i = 0; i < 300'000; ++i) {
    open += "<a>";
    close += "</a>";
  }
  EXPECT_THAT(refusal(open + close), HasSubstr("nested too deeply"));
  std::string attributes;
  for (int i = 0; i < 33; ++i) attributes += " a" + std::to_string(i) + "=''";
  EXPECT_THAT(refusal("<a" + attributes + "/>"), HasSubstr("too many attributes"));
  std::string many = "<a>";
  for (int i = 0; i < 1'000'001; ++i) many += "<b/>";
  EXPECT_THAT(refusal(many + "</a>"), HasSubstr("too many"));
  EXPECT_THAT(refusal(std::string(max_bytes + 1, ' ')), HasSubstr("larger than"));
}

TEST(arkivmelding, reads_the_collection) {
  KP_FIXTURE(ordinary, "messages/arkivmelding/arkivmelding-dpo.xml");
  const auto s = read(ordinary);
  EXPECT_TRUE(s.has_registry_entry);
  EXPECT_EQ(s.title, "Nye lysrør");
  EXPECT_EQ(s.reference, std::nullopt);
  EXPECT_THAT(s.referenced_files, ElementsAre("test.txt"));
  KP_FIXTURE(invalid, "messages/arkivmelding/arkivmelding-missing-mappe-tittel.xml");
  EXPECT_TRUE(read(invalid).has_registry_entry);
  KP_FIXTURE(converted, "messages/svarinn/converted-arkivmelding.xml");
  EXPECT_THAT(read(converted).referenced_files, ElementsAre("primary.html", "before_the_law.txt"));
  KP_FIXTURE(documented, "messages/arkivmelding/arkivmelding-docs-example.xml");
  EXPECT_FALSE(read(documented).referenced_files.empty());
}
