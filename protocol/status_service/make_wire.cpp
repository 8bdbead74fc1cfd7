#include "protocol/http/http_error.hpp"
#include "protocol/rsocket/client.hpp"
#include "protocol/status_service/wire.hpp"

namespace kp::status_service {

result<std::unique_ptr<wire>> make_wire(http::asio::io_context& network, http::client& over,
                                        const wire_options& wanted) {
  constexpr std::string_view plain = "rsocket://", secure = "rsockets://";
  std::string_view place = wanted.url;
  const bool tls = place.starts_with(secure);
  if (!tls && !place.starts_with(plain)) return make_http_wire(over, wanted.url);
  place.remove_prefix(tls ? secure.size() : plain.size());
  const auto colon = place.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == place.size())
    return permanent(http::http_errc::bad_url, wanted.url + " has no host or no port");
  rsocket::client_options options;
  options.host = std::string(place.substr(0, colon));
  if (options.host.starts_with('[') && options.host.ends_with(']'))
    options.host = options.host.substr(1, options.host.size() - 2);
  options.port = std::string(place.substr(colon + 1));
  options.tls = tls;
  options.ca_file = wanted.ca_file;
  KP_TRY(auto made, rsocket::client::make(network, std::move(options)));
  return make_rsocket_wire(std::move(made), wanted.waits_for_answers);
}

}  // namespace kp::status_service
