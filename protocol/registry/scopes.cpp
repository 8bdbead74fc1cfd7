#include "protocol/registry/scopes.hpp"

#include <array>

namespace kp::registry {

namespace {

constexpr std::array<std::string_view, 1> dpo{"eformidling:dpo"};
constexpr std::array<std::string_view, 1> dpv{"eformidling:dpv"};
constexpr std::array<std::string_view, 8> dpi{"eformidling:dpi",
                                              "digitalpostinnbygger:send",
                                              "global/kontaktinformasjon.read",
                                              "global/sikkerdigitalpost.read",
                                              "global/varslingsstatus.read",
                                              "global/sertifikat.read",
                                              "global/navn.read",
                                              "global/postadresse.read"};
constexpr std::array<std::string_view, 1> dpf{"eformidling:dpf"};
constexpr std::array<std::string_view, 1> dpe{"eformidling:dpe"};
constexpr std::array<std::string_view, 1> dph{"eformidling:dph"};

}  // namespace

std::span<const std::string_view> scopes_of(service which) {
  switch (which) {
    case service::dpo:
      return dpo;
    case service::dpv:
      return dpv;
    case service::dpi:
      return dpi;
    case service::dpf:
      return dpf;
    case service::dpe:
      return dpe;
    case service::dph:
      return dph;
    case service::dpfio:
    case service::unknown:
      break;
  }
  return {};
}

}  // namespace kp::registry
