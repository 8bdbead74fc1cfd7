#include "config/national_addresses.hpp"

namespace kp {

// Sources: maskinporten.md 1, dpo.md 2.2 and 3, service-registry.md 1.1 and 1.2, dpe.md 2, dpi.md 1
// and 7, dpf.md 1, dpv.md 3, dpfio.md 2, dph.md 2.
national_addresses addresses_of(environment_preset preset) {
  constexpr auto resource = "eformidling-dpo-meldingsutveksling";
  switch (preset) {
    case environment_preset::production:
      return {.maskinporten_token_url = "https://maskinporten.no/token",
              .maskinporten_audience = "https://maskinporten.no/",
              .altinn_exchange_url =
                  "https://platform.altinn.no/authentication/api/v1/exchange/maskinporten",
              .broker_url = "https://platform.altinn.no/broker/api/v1",
              .broker_resource = resource,
              .service_registry_url = "https://eformidling.no/adressetjeneste",
              .service_registry_key_url = "https://eformidling.no/adressetjeneste/jwk",
              .service_bus_url = "https://efm-dpe-prod.servicebus.windows.net",
              .service_bus_key_name = "MoveDPE-prodPolicy",
              .service_bus_amqp_url = "amqps://efm-dpe-prod.servicebus.windows.net:5671",
              .dpi_url = "https://edi.edigard.com/api/v2/dpi",
              .print_certificate_url = "https://kontaktregisteret.no/rest/v2/printSertifikat",
              .svarut_url = "https://svarut.ks.no",
              .correspondence_url = "https://eformidling.no/altinn-proxy/correspondence/api/v1",
              .fiks_io_url = "https://api.fiks.ks.no",
              .fiks_io_broker_url = "amqps://io.fiks.ks.no:5671",
              .dph_url = "https://eformidling.no/nhn-adapter/api"};
    case environment_preset::test:
      return {
          .maskinporten_token_url = "https://test.maskinporten.no/token",
          .maskinporten_audience = "https://test.maskinporten.no/",
          .altinn_exchange_url =
              "https://platform.tt02.altinn.no/authentication/api/v1/exchange/maskinporten",
          .broker_url = "https://platform.tt02.altinn.no/broker/api/v1",
          .broker_resource = resource,
          .service_registry_url = "https://test.eformidling.no/adressetjeneste",
          .service_registry_key_url = "https://test.eformidling.no/adressetjeneste/jwk",
          .service_bus_url = "https://efm-dpe-qa.servicebus.windows.net",
          .service_bus_key_name = "MoveDPE-pilotPolicy",
          .service_bus_amqp_url = "amqps://efm-dpe-qa.servicebus.windows.net:5671",
          .dpi_url = "https://sandbox1.ediex.no/api/v2/dpi",
          .print_certificate_url = "https://test.kontaktregisteret.no/rest/v2/printSertifikat",
          .svarut_url = "https://test.svarut.ks.no",
          .correspondence_url = "https://test.eformidling.no/altinn-proxy/correspondence/api/v1",
          .fiks_io_url = "https://api.fiks.test.ks.no",
          .fiks_io_broker_url = "amqps://io.fiks.test.ks.no:5671",
          .dph_url = "https://test.eformidling.no/nhn-adapter/api"};
    case environment_preset::sandbox:
      break;
  }
  return {
      .maskinporten_token_url = "http://127.0.0.1:8090/token",
      .maskinporten_audience = "http://127.0.0.1:8090/",
      .altinn_exchange_url = "http://127.0.0.1:8090/authentication/api/v1/exchange/maskinporten",
      .broker_url = "http://127.0.0.1:8090/broker/api/v1",
      .broker_resource = resource,
      .service_registry_url = "http://127.0.0.1:8090/adressetjeneste",
      .service_registry_key_url = "http://127.0.0.1:8090/adressetjeneste/jwk",
      .service_bus_url = "http://127.0.0.1:8090",
      .service_bus_key_name = "MoveDPE-pilotPolicy",
      .service_bus_amqp_url = "amqp://127.0.0.1:8091",
      .dpi_url = "http://127.0.0.1:8090/dpi",
      .print_certificate_url = "http://127.0.0.1:8090/rest/v2/printSertifikat",
      .svarut_url = "http://127.0.0.1:8090",
      .correspondence_url = "http://127.0.0.1:8090/altinn-proxy/correspondence/api/v1",
      .fiks_io_url = "http://127.0.0.1:8090",
      .fiks_io_broker_url = "amqp://127.0.0.1:5672",
      .dph_url = "http://127.0.0.1:8090/nhn-adapter/api"};
}

}  // namespace kp
