#include "tools/sandbox/endpoint.hpp"

#include "config/text.hpp"

#include <array>

namespace kp::sandbox {

namespace {

constexpr auto names = std::to_array<std::string_view>({"token",
                                                        "maskinporten_metadata",
                                                        "maskinporten_jwk",
                                                        "exchange",
                                                        "initialize",
                                                        "upload",
                                                        "search",
                                                        "overview",
                                                        "details",
                                                        "download",
                                                        "confirm",
                                                        "registry_identifier",
                                                        "registry_process",
                                                        "registry_info",
                                                        "registry_virksert",
                                                        "registry_sastoken",
                                                        "registry_jwk",
                                                        "webhook",
                                                        "status_service",
                                                        "status_rsocket",
                                                        "service_bus_send",
                                                        "service_bus_receive",
                                                        "service_bus_complete",
                                                        "service_bus_unlock",
                                                        "service_bus_renew",
                                                        "service_bus_set_aside",
                                                        "service_bus_claim",
                                                        "correspondence_upload",
                                                        "correspondence_overview",
                                                        "correspondence_search",
                                                        "correspondence_health",
                                                        "dpi_send",
                                                        "dpi_statuses",
                                                        "dpi_inbox",
                                                        "dpi_download",
                                                        "dpi_read",
                                                        "print_certificate",
                                                        "dph_send",
                                                        "dph_statuses",
                                                        "dph_list",
                                                        "dph_receive",
                                                        "dph_read",
                                                        "dph_lookup",
                                                        "svarut_send",
                                                        "svarut_status",
                                                        "svarut_find",
                                                        "svarut_types",
                                                        "svarut_receivers",
                                                        "svarut_key",
                                                        "svarut_soap",
                                                        "svarinn_list",
                                                        "svarinn_download",
                                                        "svarinn_receipt",
                                                        "svarinn_refusal",
                                                        "fiks_send",
                                                        "fiks_lookup",
                                                        "fiks_account",
                                                        "fiks_account_status",
                                                        "fiks_key",
                                                        "fiks_put_key",
                                                        "fiks_document",
                                                        "fiks_authorize",
                                                        "revocation_list",
                                                        "control"});

bool take(std::string_view& path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return false;
  path.remove_prefix(prefix.size());
  return true;
}

std::optional<route> broker_route(bool get, bool post, std::string_view rest) {
  if (rest.empty() || rest == "/") {
    if (post) return route{endpoint::initialize, {}, {}};
    if (get) return route{endpoint::search, {}, {}};
    return {};
  }
  rest.remove_prefix(1);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const auto slash = rest.find('/');
  const std::string id(rest.substr(0, slash));
  if (slash == std::string_view::npos)
    return get ? std::optional(route{endpoint::overview, id, {}}) : std::nullopt;
  const auto action = rest.substr(slash + 1);
  if (post && action == "upload") return route{endpoint::upload, id, {}};
  if (post && action == "confirmdownload") return route{endpoint::confirm, id, {}};
  if (get && action == "download") return route{endpoint::download, id, {}};
  if (get && action == "details") return route{endpoint::details, id, {}};
  return {};
}

// dpf.md 7.2.
std::optional<route> svarut_rest_route(bool get, bool post, std::string_view path) {
  if (get && path == "/v2/forsendelsestyper") return route{endpoint::svarut_types, {}, {}};
  if (get && path == "/v2/mottakersystem") return route{endpoint::svarut_receivers, {}, {}};
  const bool v3 = take(path, "/v3/kontoer/");
  if (!v3 && !take(path, "/v2/kontoer/")) return {};
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return {};
  const std::string account(path.substr(0, slash));
  const auto rest = path.substr(slash);
  if (!v3 && get && rest == "/forsendelser") return route{endpoint::svarut_find, account, {}};
  if (v3 && post && rest == "/forsendelser/organisasjon")
    return route{endpoint::svarut_send, account, {}};
  if (v3 && post && rest == "/forsendelser/status/sok")
    return route{endpoint::svarut_status, account, {}};
  return {};
}

// dpf.md 6.1, 9.1.
std::optional<route> svarut_service_route(bool get, bool post, std::string_view path) {
  if (post && path == "/forsendelseservice/ForsendelsesServiceV9")
    return route{endpoint::svarut_soap, {}, {}};
  if (!take(path, "/svarinn/")) return {};
  if (get && path == "mottaker/hentNyeForsendelser") return route{endpoint::svarinn_list, {}, {}};
  if (get && (take(path, "forsendelse/") || take(path, "mottaker/forsendelse/")))
    return route{endpoint::svarinn_download, std::string(path), {}};
  if (post && take(path, "kvitterMottak/forsendelse/"))
    return route{endpoint::svarinn_receipt, std::string(path), {}};
  if (post && take(path, "mottakFeilet/forsendelse/"))
    return route{endpoint::svarinn_refusal, std::string(path), {}};
  return {};
}

// dpfio.md 5; what a broker asks is 6.2.
std::optional<route> fiks_route(std::string_view method, std::string_view path) {
  const bool get = method == "GET", post = method == "POST";
  if (post && path == "/api/v1/send") return route{endpoint::fiks_send, {}, {}};
  if (post && take(path, "/authorization/api/v1/"))
    return route{endpoint::fiks_authorize, std::string(path), {}};
  if (get && path == "/katalog/api/v1/lookup") return route{endpoint::fiks_lookup, {}, {}};
  constexpr std::string_view key = "/offentligNokkel", status = "/status";
  if (method == "PUT" && take(path, "/konto/api/v1/kontoer/") && path.ends_with(key))
    return route{endpoint::fiks_put_key, std::string(path.substr(0, path.size() - key.size())), {}};
  if (!get || !take(path, "/katalog/api/v1/kontoer/")) return {};
  if (path.ends_with(key))
    return route{endpoint::fiks_key, std::string(path.substr(0, path.size() - key.size())), {}};
  if (path.ends_with(status))
    return route{endpoint::fiks_account_status,
                 std::string(path.substr(0, path.size() - status.size())),
                 {}};
  return route{endpoint::fiks_account, std::string(path), {}};
}

std::optional<route> registry_route(std::string_view rest) {
  while (rest.starts_with("//")) rest.remove_prefix(1);  // a base address that ends in a slash
  if (rest == "/jwk") return route{endpoint::registry_jwk, {}, {}};
  if (rest == "/sastoken") return route{endpoint::registry_sastoken, {}, {}};
  if (take(rest, "/info/")) return route{endpoint::registry_info, std::string(rest), {}};
  if (take(rest, "/virksert/")) return route{endpoint::registry_virksert, std::string(rest), {}};
  if (!take(rest, "/identifier/")) return {};
  constexpr std::string_view marker = "/process/";
  const auto at = rest.find(marker);
  if (at == std::string_view::npos)
    return route{endpoint::registry_identifier, std::string(rest), {}};
  return route{endpoint::registry_process, std::string(rest.substr(0, at)),
               std::string(rest.substr(at + marker.size()))};
}

std::optional<route> correspondence_route(bool get, bool post, std::string_view rest) {
  if (post && rest == "/upload") return route{endpoint::correspondence_upload, {}, {}};
  if (!get) return {};
  if (rest.empty()) return route{endpoint::correspondence_search, {}, {}};
  if (!take(rest, "/") || rest.empty() || rest.find('/') != std::string_view::npos) return {};
  return route{endpoint::correspondence_overview, std::string(rest), {}};
}

// /nextbestqueue910077473innsyn/messages…, in the root, where today's installations look for it.
std::optional<route> service_bus_route(std::string_view method, std::string_view path) {
  constexpr std::string_view first = "/nextbestqueue";
  if (path.size() < first.size() || !equals_ignoring_case(path.substr(0, first.size()), first))
    return {};
  path.remove_prefix(1);
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return {};
  const std::string queue(path.substr(0, slash));
  auto rest = path.substr(slash);
  if (!take(rest, "/messages")) return {};
  const bool post = method == "POST";
  if (rest.empty())
    return post ? std::optional(route{endpoint::service_bus_send, queue, {}}) : std::nullopt;
  if (rest == "/head")
    return post ? std::optional(route{endpoint::service_bus_receive, queue, {}}) : std::nullopt;
  rest.remove_prefix(1);
  if (rest.find('/') == std::string_view::npos) return {};
  const std::string message(rest);
  if (post) return route{endpoint::service_bus_renew, queue, message};
  if (method == "PUT") return route{endpoint::service_bus_unlock, queue, message};
  if (method == "DELETE") return route{endpoint::service_bus_complete, queue, message};
  return {};
}

std::optional<route> dpi_route(bool get, bool post, std::string_view rest) {
  if (post && rest == "/out") return route{endpoint::dpi_send, {}, {}};
  if (get && rest == "/in") return route{endpoint::dpi_inbox, {}, {}};
  const bool out = take(rest, "/out/");
  if (!out && !take(rest, "/in/")) return {};
  const auto slash = rest.find('/');
  const std::string id(rest.substr(0, slash));
  const auto action = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  if (out && get && action == "/statuses") return route{endpoint::dpi_statuses, id, {}};
  if (!out && get && action.empty()) return route{endpoint::dpi_download, id, {}};
  if (!out && post && action == "/read") return route{endpoint::dpi_read, id, {}};
  return {};
}

// dph.md 4.
std::optional<route> dph_route(bool get, bool post, std::string_view rest) {
  if (get && take(rest, "/lookup/")) return route{endpoint::dph_lookup, std::string(rest), {}};
  if (!take(rest, "/messages")) return {};
  if (post && rest == "/out") return route{endpoint::dph_send, {}, {}};
  if (post && rest == "/in") return route{endpoint::dph_receive, {}, {}};
  if (get && rest == "/in") return route{endpoint::dph_list, {}, {}};
  const bool out = take(rest, "/out/");
  if (!out && !take(rest, "/in/")) return {};
  const auto slash = rest.find('/');
  const std::string id(rest.substr(0, slash));
  const auto action = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  if (out && get && action == "/statuses") return route{endpoint::dph_statuses, id, {}};
  if (!out && post && action == "/read") return route{endpoint::dph_read, id, {}};
  return {};
}

}  // namespace

std::string_view to_string(endpoint e) {
  return names[static_cast<std::size_t>(e)];
}

std::optional<endpoint> parse_endpoint(std::string_view text) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == text) return static_cast<endpoint>(i);
  return {};
}

bool is_broker(endpoint e) {
  return e >= endpoint::initialize && e <= endpoint::confirm;
}
bool is_registry(endpoint e) {
  return e >= endpoint::registry_identifier && e <= endpoint::registry_jwk;
}
bool is_correspondence(endpoint e) {
  return e >= endpoint::correspondence_upload && e <= endpoint::correspondence_health;
}
bool is_service_bus(endpoint e) {
  return e >= endpoint::service_bus_send && e <= endpoint::service_bus_renew;
}
bool is_dpi(endpoint e) {
  return e >= endpoint::dpi_send && e <= endpoint::print_certificate;
}

bool is_dph(endpoint e) {
  return e >= endpoint::dph_send && e <= endpoint::dph_lookup;
}

bool is_svarut(endpoint e) {
  return e >= endpoint::svarut_send && e <= endpoint::svarinn_refusal;
}
bool is_svarinn(endpoint e) {
  return e >= endpoint::svarinn_list && e <= endpoint::svarinn_refusal;
}

bool is_fiks_io(endpoint e) {
  return e >= endpoint::fiks_send && e <= endpoint::fiks_authorize;
}

std::optional<route> find_route(std::string_view method, std::string_view path) {
  const bool get = method == "GET", post = method == "POST";
  if (take(path, "/control")) return route{endpoint::control, std::string(path), {}};
  if (post && path == "/token") return route{endpoint::token, {}, {}};
  if (get && path == "/jwk") return route{endpoint::maskinporten_jwk, {}, {}};
  if (get && path == "/.well-known/oauth-authorization-server")
    return route{endpoint::maskinporten_metadata, {}, {}};
  if (get && path == "/authentication/api/v1/exchange/maskinporten")
    return route{endpoint::exchange, {}, {}};
  if (take(path, "/broker/api/v1/filetransfer")) {
    if (!path.empty() && path.front() != '/') return {};
    return broker_route(get, post, path);
  }
  if (get && path == "/health-probe") return route{endpoint::correspondence_health, {}, {}};
  if (take(path, "/altinn-proxy/correspondence/api/v1/correspondence"))
    return correspondence_route(get, post, path);
  if (post && take(path, "/webhook/") && !path.empty())
    return route{endpoint::webhook, std::string(path), {}};
  // The application below a gateway's prefix, and as it is (status-service.md 4.1).
  if (post && (path == "/logging/api/status" || path == "/api/status"))
    return route{endpoint::status_service, "status", {}};
  if (post && (path == "/logging/api" || path == "/api"))
    return route{endpoint::status_service, {}, {}};
  if (take(path, "/dpi/messages")) return dpi_route(get, post, path);
  if (take(path, "/nhn-adapter/api")) return dph_route(get, post, path);
  if (get && path == revocation_list_path) return route{endpoint::revocation_list, {}, {}};
  if (get && path == "/rest/v2/printSertifikat") return route{endpoint::print_certificate, {}, {}};
  if (get && path == "/forsendelse/publickey/hent") return route{endpoint::svarut_key, {}, {}};
  if (path.starts_with("/api/v2/") || path.starts_with("/api/v3/"))
    return svarut_rest_route(get, post, path.substr(std::string_view("/api").size()));
  if (take(path, "/fiks-io")) return fiks_route(method, path);
  if (get && take(path, "/dokumentlager/nedlasting/"))
    return route{endpoint::fiks_document, std::string(path), {}};
  if (take(path, "/tjenester")) return svarut_service_route(get, post, path);
  if (get && take(path, "/adressetjeneste")) return registry_route(path);
  return service_bus_route(method, path);
}

}  // namespace kp::sandbox
