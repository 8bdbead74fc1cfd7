#include "protocol/dpi/print_certificate.hpp"

#include "config/text.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/maskinporten/json.hpp"

#include <fmt/format.h>

namespace kp::dpi {

namespace {

error bad_answer(std::string_view why) {
  return transient(http::http_errc::bad_answer,
                   fmt::format("the print certificate of the contact register: {}", why));
}

result<crypto::certificate> parse_certificate(std::string_view text) {
  if (text.find("-----BEGIN") != text.npos) return crypto::certificate::from_pem(text);
  const auto der = from_base64(text);
  if (!der) return bad_answer("x509Sertifikat is neither PEM nor Base64");
  return crypto::certificate::from_der(*der);
}

}  // namespace

result<print_supplier> parse_print_supplier(std::string_view text) {
  const auto value = json::parse(text);
  const auto organisation =
      value ? json::text(*value, "postkasseleverandoerAdresse") : std::nullopt;
  const auto x509 = value ? json::text(*value, "x509Sertifikat") : std::nullopt;
  if (!organisation || !x509 || !organisation_id::parse(trim(*organisation)))
    return bad_answer("the answer is not the JSON it should be");
  auto certificate = parse_certificate(*x509);
  if (!certificate) return bad_answer(certificate.error().message);
  return print_supplier{std::string(trim(*organisation)), *std::move(certificate)};
}

http::awaitable<result<print_supplier>> print_certificates::get() {
  if (kept_ && time_.now() < kept_at_ + fresh) co_return *kept_;
  std::function<http::awaitable<result<print_supplier>>()> make = [this] { return fetch(); };
  co_return co_await flights_.run(0, std::move(make));
}

http::awaitable<result<print_supplier>> print_certificates::fetch() {
  http::request asked;
  asked.url = url_;
  asked.headers = {{"Accept", "application/json"}};
  const auto answer = co_await http_.send(std::move(asked));
  if (!answer) co_return with_context(answer.error(), "print certificate");
  if (answer->status != 200) co_return http::to_error("print certificate", *answer);
  KP_CO_TRY(auto found, parse_print_supplier(answer->body));
  kept_ = found;
  kept_at_ = time_.now();
  co_return found;
}

}  // namespace kp::dpi
