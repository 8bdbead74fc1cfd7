#include "admin/credentials.hpp"

#include "config/random.hpp"
#include "config/text.hpp"
#include "protocol/crypto/digest.hpp"
#include "protocol/http/http_error.hpp"
#include "tenants/password.hpp"

#include <algorithm>

namespace kp::admin {

credentials::credentials(std::vector<admin_credential> users, http::asio::thread_pool& workers)
    : users_(std::move(users)), workers_(workers), key_(make_secure_random()->bytes(32)) {
  if (!users_.empty())
    nobodys_hash_ = tenants::hash_password(make_secure_random()->bytes(32), *make_secure_random());
}

http::awaitable<result<std::optional<admin_credential>>> credentials::find(
    const http::headers& headers) {
  using found = std::optional<admin_credential>;
  const auto field = headers.find("Authorization");
  if (users_.empty() || !field || field->size() < 6 ||
      !equals_ignoring_case(field->substr(0, 6), "Basic "))
    co_return found{};
  const auto decoded = from_base64(field->substr(6));
  const auto colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) co_return found{};
  const auto user = decoded->substr(0, colon);
  const auto password = decoded->substr(colon + 1);

  const auto known = std::ranges::find(users_, user, &admin_credential::user);
  const bool exists = known != users_.end();
  const auto digest = crypto::sha256(key_ + user + '\0' + password);
  if (const auto right = right_.find(user);
      exists && right != right_.end() && equals_in_constant_time(right->second, digest))
    co_return found(*known);

  if (checks_ >= max_checks)
    co_return transient(http::http_errc::unavailable, "too many sign-ins at once");
  ++checks_;
  auto work = [password, hash = exists ? known->password_hash : nobodys_hash_] {
    return tenants::verify_password(password, hash);
  };
  const bool matches = co_await http::on_workers(workers_, std::move(work));
  --checks_;
  if (!exists || !matches) co_return found{};
  right_[user] = digest;
  co_return found(*known);
}

}  // namespace kp::admin
