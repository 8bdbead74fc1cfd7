#pragma once

#include "config/admin_settings.hpp"
#include "config/error.hpp"
#include "protocol/http/async.hpp"
#include "protocol/http/headers.hpp"

#include <boost/asio/thread_pool.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kp::admin {

// Who the users of the admin listener are (HTTP Basic). Network thread; scrypt runs on workers.
class credentials {
 public:
  // More sign-ins at a time than this, of passwords that are not remembered, are turned away.
  static constexpr std::size_t max_checks = 4;

  credentials(std::vector<admin_credential> users, http::asio::thread_pool& workers);

  // nullopt: no credentials are given, or wrong ones; the caller cannot tell which. A right
  // password is remembered as a keyed hash, so that each scrape does not cost scrypt. Errors:
  // http_errc::unavailable (transient). `headers` outlive the wait.
  http::awaitable<result<std::optional<admin_credential>>> find(const http::headers& headers);

 private:
  std::vector<admin_credential> users_;
  http::asio::thread_pool& workers_;
  std::string key_;                           // of this process alone
  std::map<std::string, std::string> right_;  // user -> keyed hash of the right password
  std::string nobodys_hash_;                  // an unknown user costs what a known one costs
  std::size_t checks_ = 0;
};

}  // namespace kp::admin
