#include "protocol/crypto/jws.hpp"

#include "config/text.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "tests/protocol/crypto/test_keys.hpp"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

using namespace kp;
using namespace kp::crypto;

namespace {

// RFC 7515 appendix A.2: an RSA key and what it signs.
constexpr const char* rfc_jwk =
    R"({"kty":"RSA","kid":"rfc","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddx)"
    R"(HmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wG)"
    R"(zjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb)"
    R"(3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuX)"
    R"(poQ","e":"AQAB","d":"Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKM)"
    R"(gvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzub)"
    R"(Su3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaF)"
    R"(QT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ"})";
constexpr const char* rfc_signature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
    "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1"
    "L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYE"
    "UipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
constexpr const char* rfc_payload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlf"
    "Q";

held<EVP_PKEY> key() {
  return test::sender().key.native();
}

std::string compact(std::string_view header, std::string_view payload) {
  return to_base64url(header) + "." + to_base64url(payload) + "." + to_base64url("x");
}

}  // namespace

TEST(jws, verifies_with_the_public_half_of_the_key_that_signed) {
  const auto text = sign_jws({{"kid", "k1"}}, R"({"a":"ø"})", test::sender().key);
  ASSERT_TRUE(text) << text.error().message;
  const auto read = verify_jws(*text, X509_get0_pubkey(test::sender().leaf.native()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->payload, R"({"a":"ø"})");
  EXPECT_EQ(boost::json::serialize(read->header), R"({"kid":"k1","alg":"RS256"})");
}

TEST(jws, equals_the_example_of_rfc_7515) {
  const auto jwk = private_key_from_jwk(rfc_jwk);
  ASSERT_TRUE(jwk) << jwk.error().message;
  EXPECT_EQ(jwk->kid, "rfc");
  const auto text = sign_jws({}, *from_base64url(rfc_payload), jwk->key);
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text, std::string("eyJhbGciOiJSUzI1NiJ9.") + rfc_payload + "." + rfc_signature);
}

TEST(jws, does_not_verify_when_anything_changed_or_the_key_is_another) {
  const auto text = *sign_jws({}, "payload", test::sender().key);
  for (const std::size_t at : {text.find('.') + 2, text.size() - 20}) {
    auto changed = text;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    const auto read = verify_jws(changed, key());
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, crypto_errc::bad_signature);
  }
  const auto other = verify_jws(text, test::stranger().key.native());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, crypto_errc::bad_signature);
}

TEST(jws, accepts_no_algorithm_but_rs256) {
  for (const char* header : {R"({"alg":"none"})", R"({"alg":"HS256"})", R"({"alg":"PS256"})",
                             R"({"alg":"RS256","crit":["exp"],"exp":1})"}) {
    const auto read = verify_jws(compact(header, "x"), key());
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, crypto_errc::unsupported) << header;
  }
}

TEST(jws, is_bad_format_when_it_has_not_the_form) {
  for (const auto& text :
       {std::string(), std::string("a.b"), std::string("e30.e30.e30.e30"), std::string("!.e30.e30"),
        compact("[]", "x"), compact("{", "x"), compact(R"({"kid":"x"})", "x")}) {
    const auto read = verify_jws(text, key());
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, crypto_errc::bad_format) << text;
  }
}

TEST(jws, can_be_split_without_a_key) {
  const auto read = parse_jws(compact(R"({"alg":"ES256","x5c":["QUJD"]})", "hello") + "\r\n");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->payload, "hello");
  EXPECT_TRUE(read->header.contains("x5c"));
}

TEST(jwk, carries_the_public_key_there_and_back) {
  const auto jwk = jwk_from_rsa_key(key());
  EXPECT_EQ(jwk.size(), 3u);
  const auto read = rsa_key_from_jwk(jwk);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(EVP_PKEY_eq(read->get(), key()), 1);
}

TEST(jwk, is_refused_when_it_is_no_usable_rsa_key) {
  const auto good = jwk_from_rsa_key(key());
  const auto code_of = [](const boost::json::object& jwk) {
    const auto read = rsa_key_from_jwk(jwk);
    return read ? std::error_code() : read.error().code;
  };
  auto jwk = good;
  jwk["kty"] = "EC";
  EXPECT_EQ(code_of(jwk), crypto_errc::unsupported);
  jwk = good;
  jwk.erase("e");
  EXPECT_EQ(code_of(jwk), crypto_errc::bad_format);
  jwk = good;
  jwk["n"] = "***";
  EXPECT_EQ(code_of(jwk), crypto_errc::bad_format);
  EXPECT_EQ(code_of(jwk_from_rsa_key(test::make_rsa_key(1024).native())), crypto_errc::unsupported);
}

TEST(private_jwk, is_refused_without_kid_private_half_or_with_numbers_that_do_not_fit) {
  auto jwk = boost::json::parse(rfc_jwk).as_object();
  const auto code_of = [](const boost::json::object& object) {
    const auto read = private_key_from_jwk(boost::json::serialize(object));
    return read ? std::error_code() : read.error().code;
  };
  EXPECT_EQ(code_of(jwk), std::error_code());
  auto without = jwk;
  without.erase("kid");
  EXPECT_EQ(code_of(without), crypto_errc::bad_format);
  without = jwk;
  without.erase("d");
  EXPECT_EQ(code_of(without), crypto_errc::bad_format);
  auto mixed = jwk;
  mixed["n"] = jwk_from_rsa_key(key())["n"];
  EXPECT_EQ(code_of(mixed), crypto_errc::bad_format);
  EXPECT_FALSE(private_key_from_jwk("not json"));
}

TEST(private_jwk, reads_the_form_with_all_prime_members) {
  auto jwk = jwk_from_rsa_key(key());
  const auto add = [&](const char* name, const char* parameter) {
    BIGNUM* number = nullptr;
    ASSERT_EQ(EVP_PKEY_get_bn_param(key(), parameter, &number), 1);
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
    BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
    BN_free(number);
    jwk[name] = to_base64url(bytes);
  };
  add("d", OSSL_PKEY_PARAM_RSA_D);
  add("p", OSSL_PKEY_PARAM_RSA_FACTOR1);
  add("q", OSSL_PKEY_PARAM_RSA_FACTOR2);
  add("dp", OSSL_PKEY_PARAM_RSA_EXPONENT1);
  add("dq", OSSL_PKEY_PARAM_RSA_EXPONENT2);
  add("qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1);
  jwk["kid"] = "all";
  const auto read = private_key_from_jwk(boost::json::serialize(jwk));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(EVP_PKEY_eq(read->key.native(), key()), 1);
}
