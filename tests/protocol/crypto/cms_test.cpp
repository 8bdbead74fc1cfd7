#include "protocol/crypto/cms.hpp"

#include "config/text.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "tests/protocol/crypto/test_keys.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/support/tools.hpp"

#include <gtest/gtest.h>
#include <openssl/cms.h>

#include <cstring>

using namespace kp;
using namespace kp::crypto;

namespace {

constexpr std::size_t some_limit = 64 << 20;

// Hands out at most `step` bytes at a time.
class dripping final : public byte_source {
 public:
  dripping(std::string bytes, std::size_t step) : bytes_(std::move(bytes)), step_(step) {}
  result<std::size_t> read(std::span<char> out) override {
    const auto count = std::min({out.size(), step_, bytes_.size() - at_});
    std::memcpy(out.data(), bytes_.data() + at_, count);
    at_ += count;
    return count;
  }

 private:
  std::string bytes_;
  std::size_t step_;
  std::size_t at_ = 0;
};

// `count` bytes that repeat after a prime number of them; notes the largest read asked of it.
class generator final : public byte_source {
 public:
  explicit generator(std::uint64_t count) : left_(count) {}
  result<std::size_t> read(std::span<char> out) override {
    largest_read = std::max(largest_read, out.size());
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, out.size()));
    for (auto& c : out.first(count)) c = static_cast<char>(state_ = (state_ + 1) % 251);
    left_ -= count;
    return count;
  }
  std::size_t largest_read = 0;

 private:
  std::uint64_t left_;
  unsigned state_ = 0;
};

// Notes how much was ever asked for in one read of another source.
class watched final : public byte_source {
 public:
  explicit watched(byte_source& of) : of_(of) {}
  result<std::size_t> read(std::span<char> out) override {
    largest_read = std::max(largest_read, out.size());
    return of_.read(out);
  }
  std::size_t largest_read = 0;

 private:
  byte_source& of_;
};

std::string sealed(std::string plain, const certificate& to = test::recipient().leaf,
                   key_transport transport = key_transport::oaep_sha256,
                   content_cipher cipher = content_cipher::aes_256_cbc) {
  string_source source(std::move(plain));
  auto envelope = envelop(source, to, transport, cipher);
  EXPECT_TRUE(envelope) << envelope.error().message;
  return *read_all(**envelope, some_limit);
}

result<std::string> opened(std::string cms, std::vector<keystore> keys = {test::recipient()}) {
  string_source source(std::move(cms));
  KP_TRY(auto plain, open_envelope(source, keys));
  return read_all(*plain, some_limit);
}

std::error_code code_of(const result<std::string>& of) {
  return of ? std::error_code() : of.error().code;
}

// The same message as OpenSSL writes it when it knows all lengths.
std::string definite(const std::string& ber) {
  const auto* at = reinterpret_cast<const unsigned char*>(ber.data());
  CMS_ContentInfo* cms = d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(ber.size()));
  unsigned char* bytes = nullptr;
  const int size = i2d_CMS_ContentInfo(cms, &bytes);
  std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  CMS_ContentInfo_free(cms);
  return der;
}

// Where the first segment of a message of envelop() has its length.
std::size_t first_segment(const std::string& cms) {
  const auto at = cms.find("\xa0\x80\x04", 40);
  EXPECT_NE(at, cms.npos);
  return at + 3;
}

keystore fixture_keys(const std::string& cert, const std::string& key) {
  return keystore{*private_key::from_pem(key), *certificate::from_pem(cert), {}};
}

}  // namespace

TEST(envelope, opens_to_what_was_put_in_whatever_the_scheme_and_the_length) {
  for (const auto transport : {key_transport::oaep_sha256, key_transport::pkcs1})
    for (const auto cipher : {content_cipher::aes_256_cbc, content_cipher::aes_256_gcm})
      for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 16384u, 262144u, 700001u}) {
        const std::string plain(size, 'p');
        const auto cms = sealed(plain, test::recipient().leaf, transport, cipher);
        const auto read = opened(cms);
        ASSERT_TRUE(read) << read.error().message << " with " << size;
        EXPECT_TRUE(*read == plain) << size;
        EXPECT_EQ(cms.find(std::string(32, 'p')), cms.npos);
      }
}

TEST(envelope, does_not_depend_on_how_the_bytes_arrive) {
  const std::string plain(5000, 'q');
  for (const std::size_t step : {1u, 7u, 1000u}) {
    dripping drops(plain, step);
    auto envelope = envelop(drops, test::recipient().leaf, key_transport::oaep_sha256,
                            content_cipher::aes_256_gcm);
    ASSERT_TRUE(envelope);
    dripping cms(*read_all(**envelope, some_limit), step);
    const std::vector keys{test::recipient()};
    auto back = open_envelope(cms, keys);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*read_all(**back, some_limit), plain);
  }
}

TEST(envelope, is_made_with_a_new_key_each_time) {
  EXPECT_NE(sealed("the same").substr(300), sealed("the same").substr(300));
}

TEST(envelope, is_read_in_definite_lengths_too) {
  for (const auto cipher : {content_cipher::aes_256_cbc, content_cipher::aes_256_gcm}) {
    const auto cms = definite(sealed(std::string(40'000, 'd'), test::recipient().leaf,
                                     key_transport::oaep_sha256, cipher));
    EXPECT_NE(static_cast<unsigned char>(cms[1]), 0x80);
    const auto read = opened(cms);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, std::string(40'000, 'd'));
  }
}

TEST(envelope, is_read_with_segments_of_segments) {
  auto cms = sealed("nested");  // one block of 16 bytes in one segment
  const auto at = first_segment(cms) - 1;
  const auto block = cms.substr(at + 2, 16);
  const std::string nested = std::string("\x24\x80\x24\x0b\x04\x09", 6) + block.substr(0, 9) +
                             std::string("\x04\0\x04\x07", 4) + block.substr(9) +
                             std::string("\0\0", 2);
  cms.replace(at, 18, nested);
  const auto read = opened(cms);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, "nested");
}

TEST(envelope, passes_64_megabytes_through_in_chunks) {
  constexpr std::uint64_t size = 64'000'000;
  for (const auto cipher : {content_cipher::aes_256_cbc, content_cipher::aes_256_gcm}) {
    generator plain(size);
    auto envelope = envelop(plain, test::recipient().leaf, key_transport::oaep_sha256, cipher);
    ASSERT_TRUE(envelope);
    watched between(**envelope);
    const std::vector keys{test::recipient()};
    auto back = open_envelope(between, keys);
    ASSERT_TRUE(back) << back.error().message;
    generator same(size);
    digest expected(digest_algorithm::sha256);
    digest arrived(digest_algorithm::sha256);
    std::string chunk(100'000, '\0');
    std::uint64_t total = 0;
    for (;;) {
      const auto count = (*back)->read(chunk);
      ASSERT_TRUE(count) << count.error().message;
      if (*count == 0) break;
      arrived.update(std::string_view(chunk).substr(0, *count));
      ASSERT_EQ(*same.read(std::span(chunk).first(*count)), *count);
      expected.update(std::string_view(chunk).substr(0, *count));
      total += *count;
    }
    EXPECT_EQ(total, size);
    EXPECT_EQ(to_hex(arrived.finish()), to_hex(expected.finish()));
    EXPECT_LE(plain.largest_read, stream_chunk);
    EXPECT_LE(between.largest_read, stream_chunk);
  }
}

TEST(envelope, fails_wherever_it_is_cut_off) {
  for (const auto cipher : {content_cipher::aes_256_cbc, content_cipher::aes_256_gcm}) {
    const auto cms =
        sealed(std::string(50, 'x'), test::recipient().leaf, key_transport::oaep_sha256, cipher);
    for (std::size_t length = 0; length < cms.size(); ++length) {
      const auto read = opened(cms.substr(0, length));
      ASSERT_FALSE(read) << length;
      ASSERT_EQ(read.error().code, crypto_errc::bad_format) << length;
    }
  }
}

TEST(envelope, never_gives_other_plaintext_from_changed_gcm_content) {
  const auto cms = sealed(std::string(50, 'x'), test::recipient().leaf, key_transport::oaep_sha256,
                          content_cipher::aes_256_gcm);
  for (std::size_t at = first_segment(cms) + 1; at < first_segment(cms) + 67; ++at) {
    auto changed = cms;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto read = opened(changed);
    ASSERT_FALSE(read) << at;
    // One of the bytes is the identifier of the segment that holds the tag.
    EXPECT_TRUE(read.error().code == crypto_errc::bad_signature ||
                read.error().code == crypto_errc::bad_format);
  }
}

TEST(envelope, survives_any_changed_byte) {
  const auto cms = sealed(std::string(50, 'x'));
  for (std::size_t at = 0; at < cms.size(); ++at)
    for (const int change : {0x01, 0x80, 0xff}) {
      auto changed = cms;
      changed[at] = static_cast<char>(changed[at] ^ change);
      (void)opened(changed);  // an answer, whatever it is, and within bounds
    }
}

TEST(envelope, is_wrong_key_for_somebody_else) {
  EXPECT_EQ(code_of(opened(sealed("secret", test::stranger().leaf))), crypto_errc::wrong_key);
  EXPECT_EQ(code_of(opened(sealed("secret"), {})), crypto_errc::wrong_key);
}

TEST(envelope, is_opened_with_the_key_it_names_among_current_and_earlier_ones) {
  const auto cms = sealed("for the old one", test::stranger().leaf);
  const auto read = opened(cms, {test::recipient(), test::sender(), test::stranger()});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, "for the old one");
}

TEST(envelope, is_opened_when_the_certificate_was_renewed_for_the_same_key) {
  const keystore renewed{test::recipient().key,
                         test::make_certificate(test::recipient().key, {{"CN", "NEW"}}, 99),
                         {}};
  for (const auto transport : {key_transport::oaep_sha256, key_transport::pkcs1}) {
    const auto read =
        opened(sealed("hello", test::recipient().leaf, transport), {test::stranger(), renewed});
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, "hello");
  }
}

TEST(envelope, does_not_tell_at_opening_whether_a_pkcs1_key_fitted) {
  // A recipient info that names us, its encrypted key changed.
  auto cms = sealed(std::string(1000, 'x'), test::recipient().leaf, key_transport::pkcs1);
  const auto key = cms.find(std::string("\x04\x82\x01\x00", 4));
  ASSERT_NE(key, cms.npos);
  cms[key + 100] = static_cast<char>(cms[key + 100] ^ 1);
  string_source source(cms);
  const std::vector keys{test::recipient()};
  EXPECT_TRUE(open_envelope(source, keys));

  // One that names somebody else.
  const auto foreign = sealed("x", test::stranger().leaf, key_transport::pkcs1);
  string_source other(foreign);
  EXPECT_TRUE(open_envelope(other, keys));
}

TEST(envelope, with_pkcs1_fails_at_the_end_when_the_key_did_not_fit) {
  // Random content ends in valid padding once in about 256 times.
  int failed = 0;
  for (int i = 0; i < 20; ++i) {
    const auto read = opened(sealed("x", test::stranger().leaf, key_transport::pkcs1));
    if (read) continue;
    ++failed;
    EXPECT_EQ(read.error().code, crypto_errc::wrong_key);
  }
  EXPECT_GE(failed, 16);
  const auto authenticated =
      opened(sealed("x", test::stranger().leaf, key_transport::pkcs1, content_cipher::aes_256_gcm));
  EXPECT_EQ(code_of(authenticated), crypto_errc::wrong_key);
}

TEST(envelope, is_refused_when_it_is_something_else) {
  EXPECT_EQ(code_of(opened("")), crypto_errc::bad_format);
  EXPECT_EQ(code_of(opened("PK\3\4 this is a zip")), crypto_errc::bad_format);
  EXPECT_EQ(code_of(opened(std::string(100'000, '\x30'))), crypto_errc::bad_format);
  EXPECT_EQ(code_of(opened(test::recipient().leaf.der())), crypto_errc::bad_format);
  const auto signature = sign_detached("x", test::sender(), digest_algorithm::sha256);
  ASSERT_TRUE(signature);
  EXPECT_EQ(code_of(opened(*signature)), crypto_errc::unsupported);
}

TEST(envelope, holds_no_endless_header) {
  // A SET of recipients that claims gigabytes, and one that goes on for ever.
  const std::string start =
      std::string("\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03", 13) +
      std::string("\xa0\x80\x30\x80\x02\x01\x00", 7);
  const std::string claims =
      start + std::string("\x31\x84\x7f\xff\xff\xff\x04\x84\x7f\xff\xff\x00", 12);
  EXPECT_EQ(code_of(opened(claims)), crypto_errc::too_large);
  std::string endless = start + "\x31\x80";
  for (int i = 0; i < 500'000; ++i) endless += std::string("\x04\x02xx", 4);
  EXPECT_EQ(code_of(opened(endless)), crypto_errc::too_large);
  std::string deep = start;
  for (int i = 0; i < 100'000; ++i) deep += "\x31\x80";
  EXPECT_EQ(code_of(opened(deep)), crypto_errc::bad_format);
}

TEST(envelope, passes_on_what_its_source_says) {
  struct failing final : byte_source {
    result<std::size_t> read(std::span<char>) override {
      return transient(crypto_errc::internal, "the disk is gone");
    }
  } source;
  auto envelope = envelop(source, test::recipient().leaf, key_transport::oaep_sha256,
                          content_cipher::aes_256_cbc);
  ASSERT_TRUE(envelope);
  const auto sealing = read_all(**envelope, some_limit);
  ASSERT_FALSE(sealing);
  EXPECT_TRUE(sealing.error().retryable);
  const std::vector keys{test::recipient()};
  const auto opening = open_envelope(source, keys);
  ASSERT_FALSE(opening);
  EXPECT_TRUE(opening.error().retryable);
}

TEST(envelope, is_understood_by_the_openssl_program) {
  if (!test::has_tool("openssl")) GTEST_SKIP() << "openssl is not installed";
  const test::temporary_folder folder;
  folder.write("cert.pem", test::recipient().leaf.pem());
  folder.write("key.pem", test::to_pem(test::recipient().key));
  const std::string plain(70'000, 'o');
  for (const auto transport : {key_transport::oaep_sha256, key_transport::pkcs1}) {
    folder.write("x.cms", sealed(plain, test::recipient().leaf, transport));
    const auto done =
        test::run("openssl cms -decrypt -binary -inform DER -in " + folder.path("x.cms") +
                  " -recip " + folder.path("cert.pem") + " -inkey " + folder.path("key.pem") +
                  " -out " + folder.path("plain"));
    EXPECT_EQ(done.status, 0) << done.output;
    EXPECT_TRUE(folder.read("plain") == plain);
  }
}

TEST(envelope, opens_what_the_openssl_program_made) {
  if (!test::has_tool("openssl")) GTEST_SKIP() << "openssl is not installed";
  const test::temporary_folder folder;
  folder.write("cert.pem", test::recipient().leaf.pem());
  const std::string plain(70'000, 'o');
  folder.write("plain", plain);
  for (const char* variant :
       {"-aes256 -stream", "-aes256", "-aes128", "-aes256 -stream -keyopt rsa_padding_mode:oaep",
        "-aes256 -stream -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256 "
        "-keyopt rsa_mgf1_md:sha256"}) {
    const auto done = test::run("openssl cms -encrypt -binary -outform DER -in " +
                                folder.path("plain") + " -out " + folder.path("x.cms") +
                                " -recip " + folder.path("cert.pem") + " " + variant);
    ASSERT_EQ(done.status, 0) << done.output;
    const auto read = opened(folder.read("x.cms"));
    ASSERT_TRUE(read) << variant << ": " << read.error().message;
    EXPECT_TRUE(*read == plain) << variant;
  }
}

TEST(envelope, opens_the_forms_of_every_service) {
  KP_FIXTURE(cert, "asic/generated/recipient.cert.pem");
  KP_FIXTURE(key, "asic/generated/recipient.key.pem");
  const auto own = fixture_keys(cert, key);
  for (const char* name :
       {"dpo-sha1.oaep-cbc.cms", "dpe-shape.pkcs1-cbc.cms", "dph-shape.oaep-gcm.cms"}) {
    KP_FIXTURE(cms, std::string("asic/generated/") + name);
    const auto read = opened(cms, {own});
    ASSERT_TRUE(read) << name << ": " << read.error().message;
    EXPECT_EQ(to_hex(sha256(*read)),
              "4449f3ff87956eb02f6b7dab17a22188a8d7761fbe9bd5eac52b3d9d8e849f78")
        << name;
  }
}

TEST(envelope, does_not_open_the_fixtures_that_must_not_open) {
  KP_FIXTURE(cert, "asic/generated/recipient.cert.pem");
  KP_FIXTURE(key, "asic/generated/recipient.key.pem");
  KP_FIXTURE(foreign, "asic/generated/bad-other-recipient.oaep-cbc.cms");
  KP_FIXTURE(truncated, "asic/generated/bad-truncated.oaep-cbc.cms");
  const auto own = fixture_keys(cert, key);
  EXPECT_EQ(code_of(opened(foreign, {own})), crypto_errc::wrong_key);
  EXPECT_EQ(code_of(opened(truncated, {own})), crypto_errc::bad_format);
}

TEST(signature, verifies_over_the_same_content_and_tells_who_signed) {
  for (const auto hash : {digest_algorithm::sha1, digest_algorithm::sha256}) {
    const auto signature = sign_detached("the manifest", test::sender(), hash);
    ASSERT_TRUE(signature) << signature.error().message;
    const auto signer = verify_detached("the manifest", *signature);
    ASSERT_TRUE(signer) << signer.error().message;
    EXPECT_EQ(signer->der(), test::sender().leaf.der());
    const auto changed = verify_detached("the Manifest", *signature);
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().code, crypto_errc::bad_signature);
  }
}

TEST(signature, keeps_every_byte_of_the_content) {
  const std::string content = "line\nline\r\nend\n";
  const auto signature = sign_detached(content, test::sender(), digest_algorithm::sha256);
  EXPECT_TRUE(verify_detached(content, *signature));
  EXPECT_FALSE(verify_detached("line\r\nline\r\nend\r\n", *signature));
}

TEST(signature, is_never_made_with_md5_and_never_bad_text) {
  const auto md5 = sign_detached("x", test::sender(), digest_algorithm::md5);
  ASSERT_FALSE(md5);
  EXPECT_EQ(md5.error().code, crypto_errc::unsupported);
  for (const auto& text : {std::string(), std::string("hello"), sealed("x")}) {
    const auto signer = verify_detached("x", text);
    ASSERT_FALSE(signer);
    EXPECT_EQ(signer.error().code, crypto_errc::bad_format);
  }
}

TEST(signature, has_the_structure_of_the_network_and_the_chain_inside) {
  const auto root = test::make_identity({{"CN", "Root"}}, 1);
  auto key = test::make_rsa_key();
  auto leaf = test::make_certificate(key, {{"CN", "Leaf"}}, 2, &root);
  const keystore signer{key, leaf, {root.leaf}};
  const auto signature = sign_detached("x", signer, digest_algorithm::sha1);
  const auto* at = reinterpret_cast<const unsigned char*>(signature->data());
  std::unique_ptr<CMS_ContentInfo, void (*)(CMS_ContentInfo*)> cms(
      d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(signature->size())),
      CMS_ContentInfo_free);
  ASSERT_TRUE(cms);
  EXPECT_EQ(CMS_is_detached(cms.get()), 1);
  STACK_OF(X509)* certificates = CMS_get1_certs(cms.get());
  EXPECT_EQ(sk_X509_num(certificates), 2);
  sk_X509_pop_free(certificates, X509_free);
  auto* info = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms.get()), 0);
  EXPECT_GE(CMS_signed_get_attr_by_NID(info, NID_pkcs9_signingTime, -1), 0);
  EXPECT_GE(CMS_signed_get_attr_by_NID(info, NID_pkcs9_messageDigest, -1), 0);
  EXPECT_EQ(CMS_unsigned_get_attr_count(info), -1);
  X509_ALGOR* algorithm = nullptr;
  CMS_SignerInfo_get0_algs(info, nullptr, nullptr, nullptr, &algorithm);
  const ASN1_OBJECT* name = nullptr;
  X509_ALGOR_get0(&name, nullptr, nullptr, algorithm);
  EXPECT_EQ(OBJ_obj2nid(name), NID_rsaEncryption);
}

TEST(signature, is_understood_by_the_openssl_program) {
  if (!test::has_tool("openssl")) GTEST_SKIP() << "openssl is not installed";
  const test::temporary_folder folder;
  folder.write("m.xml", "<m/>\n");
  for (const auto hash : {digest_algorithm::sha1, digest_algorithm::sha256}) {
    folder.write("s.p7s", *sign_detached("<m/>\n", test::sender(), hash));
    const auto done =
        test::run("openssl cms -verify -inform DER -in " + folder.path("s.p7s") + " -content " +
                  folder.path("m.xml") + " -binary -noverify -out /dev/null");
    EXPECT_EQ(done.status, 0) << done.output;
  }
}
