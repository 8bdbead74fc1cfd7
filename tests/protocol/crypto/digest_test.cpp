#include "protocol/crypto/digest.hpp"

#include "config/text.hpp"

#include <gtest/gtest.h>

using namespace kp;
using namespace kp::crypto;

namespace {

std::string sum(digest_algorithm algorithm, std::string_view bytes) {
  digest d(algorithm);
  d.update(bytes);
  return to_hex(d.finish());
}

}  // namespace

TEST(digest, gives_the_published_sums_of_abc) {
  EXPECT_EQ(sum(digest_algorithm::md5, "abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(sum(digest_algorithm::sha1, "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(sum(digest_algorithm::sha256, "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(digest, does_not_depend_on_how_the_bytes_are_cut) {
  digest pieces(digest_algorithm::sha256);
  for (const char c : std::string("Knutepunkt")) pieces.update(std::string_view(&c, 1));
  EXPECT_EQ(pieces.finish(), sha256("Knutepunkt"));
}

TEST(digest, can_be_moved_while_it_runs) {
  digest first(digest_algorithm::md5);
  first.update("a");
  digest second = std::move(first);
  second.update("bc");
  EXPECT_EQ(to_hex(second.finish()), "900150983cd24fb0d6963f7d28e17f72");
}
