#include "actors/message_rules.hpp"

#include "protocol/dpf/translate.hpp"

#include <algorithm>
#include <array>

namespace kp::actors {

namespace {

constexpr std::uint64_t megabyte = 1024 * 1024;
constexpr std::uint64_t gigabyte = 1024 * megabyte;
constexpr std::chrono::hours day{24};

constexpr std::array<std::string_view, 3> health_attachments{"application/pdf", "image/png",
                                                             "image/jpeg"};

// DPFIO: dpfio.md 2, 3.1.
constexpr std::array services{
    service_rules{.via = service::unknown},
    service_rules{.via = service::dpo, .upload_limit = gigabyte, .default_ttl = day},
    service_rules{.via = service::dpv,
                  .upload_limit = 250 * megabyte,
                  .default_ttl = day,
                  .titles = title_rule::every_file},
    service_rules{.via = service::dpi,
                  .upload_limit = 50 * megabyte,
                  .default_ttl = day,
                  .titles = title_rule::all_but_listed,
                  .needs_main_document = true},
    service_rules{.via = service::dpf, .upload_limit = gigabyte, .default_ttl = day},
    service_rules{.via = service::dpe, .upload_limit = 2 * megabyte, .default_ttl = day},
    service_rules{.via = service::dpfio,
                  .upload_limit = 2 * gigabyte,
                  .default_ttl = day,
                  .standard_ends_with_type = false},
    service_rules{.via = service::dph,
                  .upload_limit = 18 * megabyte,
                  .default_ttl = day,
                  .titles = title_rule::must_be_listed,
                  .needs_main_document = true,
                  .attachment_types = health_attachments},
};

constexpr type_rules no_rules{};

// Fiks IO needs no registry, and the registry no longer knows it (dpfio.md 3.3).
constexpr std::array types{
    type_rules{.type = "arkivmelding", .needs_arkivmelding = true},
    type_rules{.type = "arkivmelding_kvittering"},
    type_rules{.type = "avtalt"},
    type_rules{.type = "digital", .needs_metadata_files = true},
    type_rules{.type = "digital_dpv"},
    type_rules{.type = "print", .has_addresses = true, .without_receiver = service::dpi},
    type_rules{.type = "innsynskrav"},
    type_rules{.type = "publisering"},
    type_rules{.type = "einnsyn_kvittering"},
    type_rules{.type = "dialogmelding"},
    type_rules{.type = "dialogmelding_kvittering"},
    type_rules{.type = "fiksio", .always = service::dpfio},
    type_rules{.type = "status"},
};

}  // namespace

const service_rules& rules_of(service via) {
  const auto found = std::ranges::find(services, via, &service_rules::via);
  return found == services.end() ? services.front() : *found;
}

const type_rules& rules_of(std::string_view type) {
  const auto found = std::ranges::find(types, type, &type_rules::type);
  return found == types.end() ? no_rules : *found;
}

std::uint64_t upload_limit(const tenants::organisation& owner, service via) {
  if (via == service::dpo) return owner.dpo.upload_size_limit;
  // SvarUt takes more only of what is never printed (dpf.md 5.5).
  if (via == service::dpf)
    return owner.dpf.digital_only ? owner.dpf.upload_size_limit
                                  : std::min(owner.dpf.upload_size_limit, dpf::max_printable_bytes);
  if (via == service::dpv) return owner.dpv.upload_size_limit;
  if (via == service::dpfio) return owner.dpfio.upload_size_limit;
  return rules_of(via).upload_limit;
}

std::chrono::hours default_ttl(const tenants::organisation& owner, service via) {
  if (via == service::dpo) return owner.dpo.default_ttl;
  if (via == service::dpf) return owner.dpf.default_ttl;
  if (via == service::dpv) return owner.dpv.default_ttl;
  if (via == service::dpfio) return owner.dpfio.default_ttl;
  return rules_of(via).default_ttl;
}

}  // namespace kp::actors
