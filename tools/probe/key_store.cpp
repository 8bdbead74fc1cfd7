#include "config/files.hpp"
#include "config/text.hpp"
#include "tools/probe/services.hpp"

#include <fmt/format.h>

namespace kp::probes {

namespace {

constexpr std::size_t largest_keystore = 1u << 20;
constexpr std::chrono::days soon{30};

std::optional<crypto::keystore> open_store(desk& at, std::string_view part,
                                           const tenants::keystore_settings& store) {
  const auto bytes = read_file(store.path, largest_keystore);
  if (!bytes) {
    at.missing(part, with_context(bytes.error(), part).message,
               "Check keystore.path, and who may read the file.");
    return std::nullopt;
  }
  auto password = at.read(part, store.password);
  if (!password) return std::nullopt;
  auto opened = crypto::keystore::open_pkcs12(*bytes, *password, store.alias);
  wipe(*password);
  if (opened) return *std::move(opened);
  at.missing(part, opened.error().message,
             fmt::format("Check the file {}, its password ({}) and alias.", store.path,
                         store.password.describe()));
  return std::nullopt;
}

bool is_usable(desk& at, const crypto::certificate& leaf) {
  const auto owner = leaf.organisation();
  const auto now = at.time.now();
  const auto until = format_timestamp(leaf.not_after());
  if (!owner || *owner != at.who.id) {
    at.missing("key store",
               fmt::format("The certificate belongs to {}, not to {}.",
                           owner ? "organisation " + owner->to_string() : "no organisation",
                           at.who.id.to_string()),
               "Use the organisation's own certificate for authentication "
               "(virksomhetssertifikat).");
    return false;
  }
  if (!leaf.valid_at(now)) {
    at.missing("key store",
               fmt::format("The certificate is valid from {} to {}, not now.",
                           format_timestamp(leaf.not_before()), until),
               "Order a new certificate and put it into the key store.");
    return false;
  }
  at.good("key store", fmt::format("The certificate is valid until {}.", until),
          leaf.not_after() - now < soon ? "It expires soon; order a new one." : "");
  return true;
}

}  // namespace

bool open_key_stores(desk& at) {
  auto own = open_store(at, "key store", at.who.keystore);
  if (!own || !is_usable(at, own->leaf)) return false;
  at.keys.push_back(std::make_shared<const crypto::keystore>(*std::move(own)));
  for (const auto& earlier : at.who.previous_keystores)
    if (auto opened = open_store(at, "previous key store", earlier))
      at.keys.push_back(std::make_shared<const crypto::keystore>(*std::move(opened)));
  return true;
}

}  // namespace kp::probes
