#include "protocol/http/dial.hpp"

#include "protocol/http/http_error.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <vector>

namespace kp::http {

namespace {

namespace bhttp = boost::beast::http;
using asio::ip::tcp;
using endpoints = std::vector<tcp::endpoint>;

constexpr auto token = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t max_proxy_header = 16 * 1024;

// A lookup cannot be called off, so its waiter leaves it behind when time is up.
struct name_lookup {
  explicit name_lookup(asio::io_context& network) : resolver(network), done(network) {}
  tcp::resolver resolver;
  asio::steady_timer done;
  connection::error failed = asio::error::timed_out;
  endpoints found;
};

std::shared_ptr<name_lookup> start_lookup(asio::io_context& network, const std::string& host,
                                          const std::string& port, watchdog::time until) {
  auto lookup = std::make_shared<name_lookup>(network);
  lookup->done.expires_at(until);
  lookup->resolver.async_resolve(
      host, port, tcp::resolver::numeric_service,
      [lookup](const connection::error& failed, const tcp::resolver::results_type& results) {
        lookup->failed = failed;
        for (const auto& each : results) lookup->found.push_back(each.endpoint());
        lookup->done.cancel();
      });
  return lookup;
}

awaitable<result<endpoints>> look_up(dialer& by, const url_parts& to, watchdog::time until) {
  connection::error not_numeric;
  const auto address = asio::ip::make_address(to.host, not_numeric);
  if (!not_numeric)
    co_return endpoints{tcp::endpoint(address, static_cast<std::uint16_t>(std::stoul(to.port)))};
  const auto lookup = start_lookup(by.network, to.host, to.port, until);
  co_await lookup->done.async_wait(token);
  if (lookup->failed)
    co_return transient(http_errc::resolve,
                        fmt::format("cannot look up {}: {}", to.host, lookup->failed.message()));
  co_return lookup->found;
}

error not_allowed(const url_parts& to) {
  return permanent(http_errc::forbidden,
                   fmt::format("{} is at an address that this hub does not connect to", to.host));
}

// Takes away the places that may not be connected to.
result<endpoints> only_allowed(const dialer& by, const url_parts& to, endpoints places) {
  if (!by.may_connect || by.proxy) return places;
  std::erase_if(places, [&](const auto& place) { return !by.may_connect(place.address()); });
  if (places.empty()) return not_allowed(to);
  return places;
}

// What a proxy is asked for: a name is the proxy's to look up.
result<void> check_literal(const dialer& by, const url_parts& to) {
  connection::error not_numeric;
  const auto address = asio::ip::make_address(to.host, not_numeric);
  if (!not_numeric && by.may_connect && !by.may_connect(address)) return not_allowed(to);
  return {};
}

awaitable<result<std::unique_ptr<connection>>> connect(dialer& by, const url_parts& to,
                                                       std::chrono::milliseconds each,
                                                       watchdog::time latest) {
  const auto until = std::min(std::chrono::steady_clock::now() + each, latest);
  KP_CO_TRY(auto found, co_await look_up(by, to, until));
  KP_CO_TRY(const auto places, only_allowed(by, to, std::move(found)));
  const auto give_up = std::min(std::chrono::steady_clock::now() + each, latest);
  connection::error last = asio::error::host_not_found;
  for (const auto& place : places) {
    auto made = std::make_unique<connection>(tcp::socket(by.network), by.guard);
    made->limit(each, give_up);
    const auto [failed] = co_await made->socket().async_connect(place, token);
    if (!failed) {
      connection::error ignored;
      made->socket().set_option(tcp::no_delay(true), ignored);
      co_return made;
    }
    last = failed;
    if (made->timed_out())
      co_return transient(http_errc::connect, fmt::format("{} does not answer", to.origin()));
  }
  co_return transient(http_errc::connect,
                      fmt::format("cannot connect to {}: {}", to.origin(), last.message()));
}

// Asks the proxy for a tunnel (RFC 9110 9.3.6).
awaitable<result<void>> open_tunnel(connection& via, const url_parts& proxy, const url_parts& to,
                                    std::chrono::milliseconds each, watchdog::time latest) {
  const auto authority =
      to.host.find(':') == std::string::npos ? to.host : fmt::format("[{}]", to.host);
  const auto ask =
      fmt::format("CONNECT {0}:{1} HTTP/1.1\r\nHost: {0}:{1}\r\n\r\n", authority, to.port);
  connection::buffers parts{asio::buffer(ask), asio::const_buffer(), asio::const_buffer()};
  via.limit(each, latest);
  while (asio::buffer_size(parts) > 0) {
    const auto [failed, count] = co_await via.write_some(parts);
    if (failed)
      co_return transient(http_errc::connect, fmt::format("the proxy {} hung up", proxy.origin()));
    consume(parts, count);
  }
  bhttp::response_parser<bhttp::empty_body> parser;
  parser.skip(true);
  parser.header_limit(max_proxy_header);
  while (!parser.is_header_done()) {
    const auto room = via.room();
    const auto [failed, count] = co_await via.read_some(room);
    if (failed)
      co_return transient(http_errc::connect,
                          fmt::format("the proxy {} did not answer: {}", proxy.origin(),
                                      via.timed_out() ? "timeout" : failed.message()));
    via.buffer().commit(count);
    connection::error bad;
    via.buffer().consume(parser.put(via.buffer().data(), bad));
    if (bad && bad != bhttp::error::need_more)
      co_return permanent(http_errc::connect,
                          fmt::format("the proxy {} does not speak HTTP", proxy.origin()));
  }
  const auto status = parser.get().result_int();
  if (status / 100 != 2 || via.buffer().size() > 0)
    co_return transient(http_errc::connect, fmt::format("the proxy {} answered {} to CONNECT {}:{}",
                                                        proxy.origin(), status, to.host, to.port));
  co_return result<void>{};
}

bool expect_name(SSL* tls, const std::string& host) {
  connection::error not_numeric;
  const auto address = asio::ip::make_address(host, not_numeric);
  if (!not_numeric)
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), address.to_string().c_str()) == 1;
  SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(tls, host.c_str()) == 1 && SSL_set_tlsext_host_name(tls, host.c_str()) == 1;
}

awaitable<result<void>> make_tls(dialer& by, connection& over, const url_parts& to,
                                 std::chrono::milliseconds each, watchdog::time latest) {
  SSL* tls = over.use_tls(by.tls);
  if (!expect_name(tls, to.host))
    co_return permanent(http_errc::tls, fmt::format("\"{}\" cannot be a TLS name", to.host));
  over.limit(each, latest);
  const auto [failed] = co_await over.handshake(asio::ssl::stream_base::client);
  if (!failed) co_return result<void>{};
  const auto verdict = SSL_get_verify_result(tls);
  ERR_clear_error();
  if (over.timed_out())
    co_return transient(http_errc::tls, fmt::format("TLS with {} took too long", to.origin()));
  if (verdict != X509_V_OK)
    co_return permanent(http_errc::tls,
                        fmt::format("the certificate of {} is refused: {}", to.origin(),
                                    X509_verify_cert_error_string(verdict)));
  co_return transient(http_errc::tls,
                      fmt::format("TLS with {} failed: {}", to.origin(), failed.message()));
}

}  // namespace

result<void> trust(asio::ssl::context& tls, const std::string& ca_file) {
  connection::error failed;
  SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
  tls.set_verify_mode(asio::ssl::verify_peer, failed);
  if (!failed && ca_file.empty())
    tls.set_default_verify_paths(failed);
  else if (!failed)
    tls.load_verify_file(ca_file, failed);
  if (failed)
    return permanent(http_errc::tls, fmt::format("cannot read the trusted certificates {}: {}",
                                                 ca_file, failed.message()));
  return {};
}

awaitable<result<std::unique_ptr<connection>>> dial(dialer& by, const url_parts& to,
                                                    std::chrono::milliseconds each,
                                                    watchdog::time latest) {
  const url_parts& first_hop = by.proxy ? *by.proxy : to;
  KP_CO_CHECK(check_literal(by, to));
  KP_CO_TRY(auto made, co_await connect(by, first_hop, each, latest));
  if (!to.tls) co_return made;
  if (by.proxy) KP_CO_CHECK(co_await open_tunnel(*made, *by.proxy, to, each, latest));
  KP_CO_CHECK(co_await make_tls(by, *made, to, each, latest));
  co_return made;
}

}  // namespace kp::http
