#pragma once

#include "config/text.hpp"
#include "protocol/crypto/jws.hpp"
#include "protocol/http/client.hpp"
#include "protocol/maskinporten/maskinporten.hpp"
#include "tests/protocol/http/loopback.hpp"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <boost/json.hpp>

#include <mutex>
#include <vector>

namespace kp::test {

inline constexpr time_point noon{std::chrono::seconds(1'768'467'600)};

// A key pair of the organisation 910077473.
inline std::shared_ptr<const crypto::keystore> make_keystore() {
  const std::shared_ptr<EVP_PKEY> key(EVP_RSA_gen(2048), EVP_PKEY_free);
  const std::shared_ptr<X509> x509(X509_new(), X509_free);
  X509_set_version(x509.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), 3600);
  X509_set_pubkey(x509.get(), key.get());
  auto* subject = X509_get_subject_name(x509.get());
  for (const auto& [field, value] :
       {std::pair{"CN", "TEST"}, std::pair{"serialNumber", "910077473"}})
    X509_NAME_add_entry_by_txt(subject, field, MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(value), -1, -1, 0);
  X509_set_issuer_name(x509.get(), subject);
  X509_sign(x509.get(), key.get(), EVP_sha256());
  return std::make_shared<crypto::keystore>(
      crypto::keystore{crypto::private_key(key), crypto::certificate(x509), {}});
}

// A request as a national service saw it.
struct seen_request {
  std::string method, target, body;
  http::headers headers;
  std::string header(std::string_view name) const {
    return std::string(headers.find(name).value_or("<none>"));
  }
};

inline http::server_response answer(unsigned status, std::string body = "",
                                    http::headers headers = {}) {
  http::server_response made;
  made.status = status;
  made.body = std::move(body);
  made.headers = std::move(headers);
  return made;
}

// One server that plays the national services as a test tells it, and a client to reach it.
class national_services {
 public:
  using script = std::function<http::server_response(const seen_request&)>;
  explicit national_services(script plays) : plays_(std::move(plays)) {
    client_ =
        on_.call([this] { return std::move(*http::client::make(on_.context(), workers_, {})); });
  }
  ~national_services() {
    on_.call([this] { client_.reset(); });
    workers_.join();
  }
  network& on() { return on_; }
  http::client& client() { return *client_; }
  asio::thread_pool& workers() { return workers_; }
  std::string url(const std::string& path) const { return server_.url(path); }
  std::vector<seen_request> seen(std::string_view path = "") {
    const std::scoped_lock lock(mutex_);
    std::vector<seen_request> chosen;
    for (const auto& each : seen_)
      if (each.target.starts_with(path)) chosen.push_back(each);
    return chosen;
  }

 private:
  http::awaitable<http::server_response> serve(const http::request_head& head,
                                               http::request_body& body) {
    auto all = co_await http::read_all(body, 16 * 1024 * 1024);
    seen_request request;
    request.method = head.method;
    request.target = head.target;
    request.headers = head.headers;
    if (all) request.body = std::move(*all);
    {
      const std::scoped_lock lock(mutex_);
      seen_.push_back(request);
    }
    co_return plays_(request);
  }

  script plays_;
  std::mutex mutex_;
  std::vector<seen_request> seen_;
  network on_;
  asio::thread_pool workers_{2};
  test_server server_{on_, [this](const http::request_head& head, http::request_body& body) {
                        return serve(head, body);
                      }};
  std::unique_ptr<http::client> client_;
};

inline std::string token_answer(const std::string& token, int seconds) {
  return boost::json::serialize(boost::json::object{
      {"access_token", token}, {"token_type", "Bearer"}, {"expires_in", seconds}, {"scope", "s"}});
}

}  // namespace kp::test
