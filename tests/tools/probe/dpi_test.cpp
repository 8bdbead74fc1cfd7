#include "tests/tools/probe/probing.hpp"

namespace kp::probes::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class probing_dpi : public probing {
 protected:
  void probe_dpi() {
    probe("  dpi: {enabled: true}\n", "    sends: [DPI]\n    dpi: {channel: post.1}\n");
  }
};

}  // namespace

TEST_F(probing_dpi, finds_all_it_needs_and_marks_nothing_read) {
  join({"DPI"});
  probe_dpi();
  EXPECT_TRUE(last.ready()) << everything();
  EXPECT_THAT(said("DPI sender"), StartsWith("good:"));
  EXPECT_THAT(said("DPI arkiv"), StartsWith("good: The access point lists its receipts"));
  EXPECT_THAT(said("DPI print certificate"), StartsWith("good: Letters on paper go to"));
  EXPECT_THAT(said("DPI authorities"), StartsWith("good:"));
  EXPECT_EQ(calls("dpi_read") + calls("dpi_send"), 0);
}

TEST_F(probing_dpi, names_the_scope_of_the_access_point) {
  join({"DPI"}, {{"scopes", json::array{"eformidling:dpi"}}});
  probe_dpi();
  EXPECT_FALSE(last.ready());
  EXPECT_THAT(said("DPI"), AllOf(HasSubstr("no token for \"digitalpostinnbygger:send\""),
                                 HasSubstr("-> a scope is not on the client")));
  EXPECT_THAT(said("Maskinporten"), HasSubstr("no token for \"global/navn.read\""));
  EXPECT_EQ(said("DPI arkiv"), "");
}

TEST_F(probing_dpi, names_the_account_at_the_access_point) {
  join({"DPI"});
  refuse("dpi_inbox", 403);
  probe_dpi();
  EXPECT_FALSE(last.ready());
  EXPECT_THAT(said("DPI arkiv"), HasSubstr("-> Have the provider of the access point"));
}

TEST_F(probing_dpi, names_the_certificates_that_are_missing) {
  join({"DPI"});
  refuse("print_certificate", 404);
  hub.dpi_authorities_file.clear();
  probe_dpi();
  EXPECT_FALSE(last.ready());
  EXPECT_THAT(said("DPI print certificate"), StartsWith("missing:"));
  EXPECT_THAT(said("DPI authorities"),
              AllOf(StartsWith("missing: upstream.dpi_authorities is not given."),
                    HasSubstr("-> Give the PEM file")));
  hub.dpi_authorities_file = folder.path("nothing.pem");
  probe_dpi();
  EXPECT_THAT(said("DPI authorities"), AllOf(StartsWith("missing:"), HasSubstr("nothing.pem")));
}

}  // namespace kp::probes::test
