#include "protocol/dph/main_document.hpp"

#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace kp::dph {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string with(const std::string& inside) {
  return "<Dialogmelding xmlns=\"http://www.kith.no/xmlstds/dialog/2013-01-23\">" + inside +
         "</Dialogmelding>";
}
const std::string note =
    "<Notat><TemaKodet V=\"6\" S=\"2.16.578.1.12.4.1.1.7322\" DN=\"x\"/>"
    "<TekstNotatInnhold>tekst</TekstNotatInnhold></Notat>";

TEST(dph_main_document, takes_a_dialogmelding) {
  KP_FIXTURE(minimal, "dph/xml/dialogmelding-v1.1-minimal.xml");
  const auto checked = check_main_document(minimal);
  EXPECT_TRUE(checked) << checked.error().message;
  EXPECT_TRUE(check_main_document(with(note)));
}

TEST(dph_main_document, names_what_does_not_fit) {
  const auto checked = check_main_document(with("<Notat><Tema>x</Tema></Notat>"));
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, dph_errc::invalid_document);
  EXPECT_FALSE(checked.error().retryable);
  EXPECT_THAT(checked.error().message, HasSubstr("line 1"));
  EXPECT_THAT(checked.error().message, HasSubstr("Tema"));
}

// The imported schemas are in use, and what a patient's document says is not repeated.
TEST(dph_main_document, repeats_no_value) {
  const auto wrong = with(
      "<Notat><TemaKodet V=\"6\" S=\"2.16.578.1.12.4.1.1.7322\" DN=\"x\"/>"
      "<DatoNotat>Kari er syk</DatoNotat></Notat>");
  const auto checked = check_main_document(wrong);
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, Not(HasSubstr("Kari")));
}

TEST(dph_main_document, refuses_what_is_no_document_of_that_kind) {
  KP_FIXTURE(older, "dph/xml/msghead/foresporsel-1.0.xml");
  KP_FIXTURE(receipt, "dph/xml/apprec-1.1/example-ok.xml");
  for (const auto& text : {older, receipt, std::string(), std::string("%PDF"), with(note) + "x",
                           "<!DOCTYPE x [<!ENTITY a \"b\">]>" + with(note),
                           std::string(longest_main_document + 1, ' ')})
    EXPECT_FALSE(check_main_document(text)) << text.substr(0, 60);
}

TEST(dph_main_document, may_be_checked_by_several_threads) {
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) good += check_main_document(with(note)).has_value();
    });
  for (auto& each : threads) each.join();
  EXPECT_EQ(good, 200);
}

}  // namespace
}  // namespace kp::dph
