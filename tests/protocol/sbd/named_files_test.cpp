#include "protocol/sbd/named_files.hpp"

#include "protocol/sbd/sbd_error.hpp"
#include "tests/protocol/sbd/sample.hpp"

#include <gtest/gtest.h>

using namespace kp;
using namespace kp::sbd;

namespace {

named_files read(const std::string& business_message) {
  const auto files = read_named_files(
      R"({"standardBusinessDocumentHeader": {"metadataFiler": {"no": "no"}, "hoveddokument": "no"},)" +
      business_message + "}");
  EXPECT_TRUE(files);
  return files.value_or(named_files{});
}

}  // namespace

TEST(named_files, are_read_from_the_business_message_alone) {
  const auto files = read(
      R"("digital": {"hoveddokument": "brev.pdf", "metadataFiler": {"a.xml": "a.meta", "b.xml": 7}})");
  EXPECT_TRUE(files.is_main_document("brev.pdf"));
  EXPECT_FALSE(files.is_main_document("a.xml"));
  EXPECT_TRUE(files.has_metadata("a.xml"));
  EXPECT_TRUE(files.has_metadata("b.xml"));
  EXPECT_FALSE(files.has_metadata("a.meta"));
  EXPECT_TRUE(files.is_metadata_of_another("a.meta"));
  EXPECT_FALSE(files.is_metadata_of_another("no"));
}

TEST(named_files, are_none_in_a_message_that_names_none) {
  const auto files = read(R"("arkivmelding": {"sikkerhetsnivaa": 3, "hoveddokument": null})");
  EXPECT_FALSE(files.main_document);
  EXPECT_FALSE(files.is_main_document(""));
  EXPECT_TRUE(files.metadata.empty());
}

TEST(named_files, are_the_same_in_a_document_and_in_its_text) {
  const auto now = time_point{};
  const auto document = parse(
      R"({"standardBusinessDocumentHeader": {"documentIdentification": {"type": "digital"}},
          "digital": {"hoveddokument": "brev.pdf", "metadataFiler": {"brev.pdf": "brev.xml"}}})",
      now);
  ASSERT_TRUE(document) << document.error().message;
  const auto of_document = files_named_in(*document);
  const auto of_text = read_named_files(to_text(*document));
  ASSERT_TRUE(of_text);
  EXPECT_EQ(of_document.main_document, of_text->main_document);
  EXPECT_EQ(of_document.metadata, of_text->metadata);
  EXPECT_EQ(of_text->main_document, "brev.pdf");
}

TEST(named_files, of_what_is_no_document_are_an_error) {
  for (const auto* text : {"", "[]", "{\"a\": ", "7"}) {
    const auto files = read_named_files(text);
    ASSERT_FALSE(files) << text;
    EXPECT_EQ(files.error().code, sbd_errc::malformed_json);
  }
}
