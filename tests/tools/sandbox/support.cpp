#include "tests/tools/sandbox/support.hpp"

#include "config/text.hpp"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <unistd.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <filesystem>

namespace kp::sandbox::test {

namespace beast = boost::beast;
namespace http = beast::http;
using tcp = boost::asio::ip::tcp;

namespace {
constexpr std::chrono::seconds call_deadline{20};

const unsigned char* raw(const std::string& bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
}  // namespace

std::string http_answer::error_code() const {
  boost::system::error_code ec;
  const auto value = json::parse(body, ec);
  if (ec || !value.is_object() || !value.get_object().contains("code")) return {};
  return std::string(value.get_object().at("code").as_string());
}

http_answer call(std::uint16_t port, const std::string& method, const std::string& target,
                 const fields& headers, const std::string& body) {
  boost::asio::io_context io;
  beast::tcp_stream stream(io);
  http_answer out;
  boost::system::error_code ec;
  stream.connect(tcp::endpoint(boost::asio::ip::address_v4::loopback(), port), ec);
  if (ec) return out;
  http::request<http::string_body> ask;
  ask.version(11);
  ask.method_string(method);
  ask.target(target);
  ask.set(http::field::host, "127.0.0.1");
  for (const auto& [name, value] : headers) ask.set(name, value);
  ask.body() = body;
  ask.prepare_payload();
  http::response_parser<http::string_body> parser;
  parser.body_limit(boost::none);
  beast::flat_buffer buffer;
  bool done = false;
  // Asynchronous only for the sake of the deadline, which the blocking calls ignore.
  stream.expires_after(call_deadline);
  http::async_write(stream, ask, [&](boost::system::error_code failed, std::size_t) {
    (void)failed;  // an answer may have come before the whole body left
    http::async_read(stream, buffer, parser, [&](boost::system::error_code read, std::size_t) {
      done = !read && parser.is_done();
    });
  });
  io.run();
  if (!parser.is_header_done()) return out;
  out.whole = done;
  out.status = parser.get().result_int();
  for (const auto& field : parser.get())
    out.headers.emplace(to_lower(std::string(field.name_string())), std::string(field.value()));
  out.body = parser.get().body();
  return out;
}

member open_keystore(const json::object& registration) {
  member out;
  out.number = std::string(registration.at("number").as_string());
  out.client_id = std::string(registration.at("clientId").as_string());
  const auto& store = registration.at("keystore").as_object();
  const auto bytes = from_base64(store.at("base64").as_string()).value();
  const auto* at = raw(bytes);
  const std::unique_ptr<PKCS12, decltype(&PKCS12_free)> file(
      d2i_PKCS12(nullptr, &at, static_cast<long>(bytes.size())), PKCS12_free);
  EVP_PKEY* key = nullptr;
  X509* leaf = nullptr;
  PKCS12_parse(file.get(), store.at("password").as_string().c_str(), &key, &leaf, nullptr);
  out.key = {key, EVP_PKEY_free};
  out.certificate = {leaf, X509_free};
  unsigned char* der = nullptr;
  const int size = i2d_X509(leaf, &der);
  out.leaf_base64 =
      to_base64(std::string(reinterpret_cast<char*>(der), static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  return out;
}

std::string sign_rs256(EVP_PKEY* key, const std::string& input) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  std::size_t size = 0;
  EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key);
  EVP_DigestSign(context.get(), nullptr, &size, raw(input), input.size());
  std::string out(size, '\0');
  EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, raw(input),
                 input.size());
  return out;
}

bool verify_rs256(EVP_PKEY* key, const std::string& input, const std::string& signature) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(input),
                          input.size()) == 1;
}

std::shared_ptr<EVP_PKEY> new_key() {
  return {EVP_RSA_gen(2048), EVP_PKEY_free};
}

json::object public_jwk_of(EVP_PKEY* key) {
  const auto number = [&](const char* name) {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key, name, &value);
    std::string out(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
    BN_bn2bin(value, reinterpret_cast<unsigned char*>(out.data()));
    BN_free(value);
    return to_base64url(out);
  };
  return {{"kty", "RSA"}, {"n", number("n")}, {"e", number("e")}};
}

std::shared_ptr<EVP_PKEY> key_of_certificate(const std::string& der) {
  const auto* at = raw(der);
  const std::unique_ptr<X509, decltype(&X509_free)> leaf(
      d2i_X509(nullptr, &at, static_cast<long>(der.size())), X509_free);
  return {X509_get_pubkey(leaf.get()), EVP_PKEY_free};
}

std::string compact(const json::object& header, const json::object& claims, EVP_PKEY* key) {
  const auto input =
      to_base64url(json::serialize(header)) + "." + to_base64url(json::serialize(claims));
  return input + "." + to_base64url(sign_rs256(key, input));
}

json::object claims_of(const std::string& jwt) {
  const auto first = jwt.find('.'), last = jwt.rfind('.');
  return json::parse(from_base64url(jwt.substr(first + 1, last - first - 1)).value()).as_object();
}

std::string subject_of(const X509* certificate) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), BIO_free_all);
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

namespace {

// CA and signing keys of the first sandbox of this process, for all the others: RSA keys are slow.
std::string keys_in(const std::string& folder) {
  namespace fs = std::filesystem;
  struct kept {
    std::string path;
    ~kept() {
      std::error_code ignored;
      fs::remove_all(path, ignored);
    }
  };
  static const kept seed{folder};
  const auto& first = seed.path;
  if (folder == first) return folder;
  fs::create_directories(folder);
  for (const auto* name : {"ca.pem", "ca.key", "maskinporten.key", "altinn.key"})
    fs::copy_file(first + "/" + name, folder + "/" + name);
  return folder;
}

}  // namespace

void with_sandbox::SetUp() {
  static int serial = 0;
  options wanted;
  wanted.port = 0;
  wanted.time = time;
  wanted.state_folder = keys_in(::testing::TempDir() + "kp-sandbox-test-" +
                                std::to_string(::getpid()) + "-" + std::to_string(++serial));
  state_folder = wanted.state_folder;
  auto started = sandbox::start(wanted);
  ASSERT_TRUE(started) << started.error().message;
  box = std::move(*started);
}

void with_sandbox::TearDown() {
  box.reset();
  // The first one's keys stay for the tests to come.
  if (!state_folder.ends_with("-1")) std::filesystem::remove_all(state_folder);
}

member with_sandbox::add(const std::string& number, const json::object& more) {
  json::object body{{"number", number}, {"name", "Testkommune " + number}};
  for (const auto& each : more) body[each.key()] = each.value();
  return open_keystore(control("POST", "/control/organisations", body).as_object());
}

json::value with_sandbox::control(const std::string& method, const std::string& path,
                                  json::value body) {
  auto out = box->control(method, path, std::move(body));
  if (!out) throw std::runtime_error(out.error().message);
  return *std::move(out);
}

std::int64_t with_sandbox::now() const {
  return std::chrono::duration_cast<std::chrono::seconds>(time->now().time_since_epoch()).count();
}

json::object with_sandbox::grant_claims(const member& m, const std::string& scope) const {
  static int serial = 0;
  return {{"aud", box->url() + "/"},
          {"iss", m.client_id},
          {"scope", scope},
          {"jti", "grant-" + std::to_string(++serial)},
          {"iat", now()},
          {"exp", now() + 120}};
}

json::object with_sandbox::grant_header(const member& m) const {
  json::array chain;
  chain.emplace_back(m.leaf_base64);
  return {{"alg", "RS256"}, {"x5c", chain}};
}

json::array with_sandbox::system_user(const std::string& organisation, const std::string& name) {
  json::object org{{"authority", "iso6523-actorid-upis"}, {"ID", "0192:" + organisation}};
  json::object user{{"type", "urn:altinn:systemuser"}, {"systemuser_org", org}};
  if (!name.empty()) user["externalRef"] = name;
  json::array out;
  out.emplace_back(user);
  return out;
}

http_answer with_sandbox::send_grant(const std::string& assertion) {
  return post(
      "/token", {{"Content-Type", "application/x-www-form-urlencoded"}},
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + assertion);
}

http_answer with_sandbox::ask_token(const member& m, const json::object& claims) {
  return send_grant(compact(grant_header(m), claims, m.key.get()));
}

std::string with_sandbox::token(const member& m, const std::string& scope, bool as_system_user) {
  auto claims = grant_claims(m, scope);
  if (as_system_user) claims["authorization_details"] = system_user(m.number);
  const auto answer = ask_token(m, claims);
  EXPECT_EQ(answer.status, 200U) << answer.body;
  return std::string(answer.json().at("access_token").as_string());
}

std::string with_sandbox::altinn_token(const member& m, const std::string& scope) {
  const auto answer = get("/authentication/api/v1/exchange/maskinporten",
                          {{"Authorization", "Bearer " + token(m, scope, true)}});
  EXPECT_EQ(answer.status, 200U);
  return answer.body;
}

json::object with_sandbox::initialize_body(const std::string& from, const std::string& to) {
  json::array recipients;
  recipients.emplace_back("0192:" + to);
  return {{"fileName", "sbd.zip"},
          {"resourceId", resource},
          {"sendersFileTransferReference", "19efbd4c-413d-4e2c-bbc5-257ef4a65b38"},
          {"sender", "0192:" + from},
          {"recipients", recipients},
          {"propertyList", json::object{}},
          {"checksum", nullptr},
          {"disableVirusScan", nullptr}};
}

http_answer with_sandbox::initialize(const fields& as, const json::object& body) {
  auto headers = as;
  headers["Content-Type"] = "application/json";
  return post("/broker/api/v1/filetransfer/", headers, json::serialize(body));
}

http_answer with_sandbox::upload(const fields& as, const std::string& id,
                                 const std::string& bytes) {
  auto headers = as;
  headers["Content-Type"] = "application/octet-stream";
  return post("/broker/api/v1/filetransfer/" + id + "/upload", headers, bytes);
}

std::string with_sandbox::sent(const member& from, const member& to, const std::string& bytes) {
  const auto as = writing(from);
  const auto made = initialize(as, initialize_body(from.number, to.number));
  EXPECT_EQ(made.status, 200U) << made.body;
  std::string id(made.json().at("fileTransferId").as_string());
  const auto uploaded = upload(as, id, bytes);
  EXPECT_EQ(uploaded.status, 200U) << uploaded.body;
  return id;
}

http_answer with_sandbox::search(const fields& as, const std::string& more) {
  return get("/broker/api/v1/filetransfer?resourceId=" + std::string(resource) + more, as);
}

http_answer with_sandbox::download(const fields& as, const std::string& id) {
  return get("/broker/api/v1/filetransfer/" + id + "/download", as);
}

http_answer with_sandbox::confirm(const fields& as, const std::string& id) {
  return post("/broker/api/v1/filetransfer/" + id + "/confirmdownload", as, "");
}

std::string with_sandbox::status_of(const fields& as, const std::string& id) {
  return std::string(
      get("/broker/api/v1/filetransfer/" + id, as).json().at("fileTransferStatus").as_string());
}

}  // namespace kp::sandbox::test
