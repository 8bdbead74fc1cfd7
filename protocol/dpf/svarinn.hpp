#pragma once

#include "config/byte_io.hpp"
#include "protocol/dpf/received.hpp"
#include "protocol/http/client.hpp"

namespace kp::dpf {

// Below the address of SvarUt.
inline constexpr std::string_view svarinn_path = "/tjenester/svarinn";

struct svarinn_settings {
  std::string base_url;  // https://svarut.ks.no, with svarinn_path
  std::string username, password;
};

// KS SvarInn as one receiver system sees it (dpf.md 9.1). Credentials that are refused are retried
// an hour later. `http` must outlive it. Lives on the network thread.
class svarinn {
 public:
  static constexpr std::size_t full_list = 200;  // more may wait when so many are listed
  static constexpr std::size_t max_list_bytes = 32 * 1024 * 1024;

  svarinn(http::client& http, svarinn_settings settings);

  // What waits for a receipt, oldest first.
  http::awaitable<result<std::vector<list_entry>>> list();
  // The envelope with the files. Errors: http_errc::forbidden for an address at another place than
  // SvarInn's own, which would be given the credentials.
  http::awaitable<result<void>> download(std::string url, std::shared_ptr<byte_sink> to,
                                         std::uint64_t max_bytes);
  // SvarUt tells the sender that it has been read. Success also when SvarInn does not know it (any
  // more), as after a receipt whose answer was lost.
  http::awaitable<result<void>> accept(std::string id);
  // SvarUt takes another way to the receiver when it is `permanent` (dpf.md 9.1).
  http::awaitable<result<void>> refuse(std::string id, std::string why, bool permanent);

 private:
  http::request request(std::string method, std::string url) const;
  http::awaitable<result<void>> receipt(std::string_view what, http::request asked);

  http::client& http_;
  svarinn_settings settings_;
};

}  // namespace kp::dpf
