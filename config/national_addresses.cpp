#include "config/national_addresses.hpp"

namespace kp {

// Sources: maskinporten.md 1, dpo.md 2.2 and 3, service-registry.md 1.1 and 1.2, dpi.md 1 and 7.
national_addresses addresses_of(environment_preset preset) {
  constexpr auto resource = "eformidling-dpo-meldingsutveksling";
  switch (preset) {
    case environment_preset::production:
      return {"https://maskinporten.no/token",
              "https://maskinporten.no/",
              "https://platform.altinn.no/authentication/api/v1/exchange/maskinporten",
              "https://platform.altinn.no/broker/api/v1",
              resource,
              "https://eformidling.no/adressetjeneste",
              "https://eformidling.no/adressetjeneste/jwk",
              "https://edi.edigard.com/api/v2/dpi",
              "https://kontaktregisteret.no/rest/v2/printSertifikat"};
    case environment_preset::test:
      return {"https://test.maskinporten.no/token",
              "https://test.maskinporten.no/",
              "https://platform.tt02.altinn.no/authentication/api/v1/exchange/maskinporten",
              "https://platform.tt02.altinn.no/broker/api/v1",
              resource,
              "https://test.eformidling.no/adressetjeneste",
              "https://test.eformidling.no/adressetjeneste/jwk",
              "https://sandbox1.ediex.no/api/v2/dpi",
              "https://test.kontaktregisteret.no/rest/v2/printSertifikat"};
    case environment_preset::sandbox:
      break;
  }
  return {"http://127.0.0.1:8090/token",
          "http://127.0.0.1:8090/",
          "http://127.0.0.1:8090/authentication/api/v1/exchange/maskinporten",
          "http://127.0.0.1:8090/broker/api/v1",
          resource,
          "http://127.0.0.1:8090/adressetjeneste",
          "http://127.0.0.1:8090/adressetjeneste/jwk",
          "http://127.0.0.1:8090/dpi",
          "http://127.0.0.1:8090/rest/v2/printSertifikat"};
}

}  // namespace kp
