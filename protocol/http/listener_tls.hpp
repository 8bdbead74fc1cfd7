#pragma once

#include "config/error.hpp"
#include "protocol/http/server.hpp"

#include <boost/asio/ssl/context.hpp>

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace kp::http {

// The certificate of a listener, which is taken up anew when its files change: connections that
// are there go on with the old one. A file that cannot be used leaves the old one in place.
class listener_tls {
 public:
  // http_errc::tls when a file cannot be read, or key and certificate are no pair.
  static result<std::shared_ptr<listener_tls>> open(const server_options&);

  // For new connections.
  std::shared_ptr<asio::ssl::context> context() const { return context_; }

  enum class outcome { unchanged, replaced };
  // Looks at the files. What has changed is read once it has been at rest from one look to the
  // next, because certificate and key are not replaced in one step. Each change is tried once.
  result<outcome> look();

 private:
  struct stamp {
    std::filesystem::file_time_type time;
    std::uintmax_t size = 0;
    bool operator==(const stamp&) const = default;
  };
  using stamps = std::array<std::optional<stamp>, 3>;

  explicit listener_tls(const server_options& options);
  stamps stamps_now() const;
  result<std::shared_ptr<asio::ssl::context>> read() const;

  std::string certificate_file_, key_file_, client_ca_file_;
  std::shared_ptr<asio::ssl::context> context_;
  stamps tried_;
  stamps seen_;
};

// The certificate that the client has shown and that chains up to listener's client_ca_file; null
// when it has shown none.
std::shared_ptr<const client_certificate> shown_certificate(SSL* tls);

}  // namespace kp::http
