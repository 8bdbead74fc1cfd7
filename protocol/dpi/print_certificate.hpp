#pragma once

#include "config/clock.hpp"
#include "protocol/crypto/certificate.hpp"
#include "protocol/http/client.hpp"
#include "protocol/http/single_flight.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kp::dpi {

// Who prints, and for whose key letters to be printed are encrypted.
struct print_supplier {
  std::string organisation;  // nine digits
  crypto::certificate certificate{std::shared_ptr<X509>()};
};

// {"postkasseleverandoerAdresse", "x509Sertifikat"}. Error: http_errc::bad_answer.
result<print_supplier> parse_print_supplier(std::string_view json);

// The print certificate of the contact register (KRR), kept for five minutes (dpi.md 7).
// Simultaneous callers share one request. Lives on the network thread.
class print_certificates {
 public:
  static constexpr std::chrono::minutes fresh{5};

  print_certificates(http::client& http, const clock& time, std::string url)
      : http_(http), time_(time), url_(std::move(url)) {}
  http::awaitable<result<print_supplier>> get();

 private:
  http::awaitable<result<print_supplier>> fetch();

  http::client& http_;
  const clock& time_;
  std::string url_;
  std::optional<print_supplier> kept_;
  time_point kept_at_{};
  http::single_flight<int, print_supplier> flights_;
};

}  // namespace kp::dpi
