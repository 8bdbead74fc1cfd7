#include "actors/service_secrets.hpp"

#include "actors/webhook_transport.hpp"
#include "config/log.hpp"
#include "storage/service_keys.hpp"

#include <boost/asio/post.hpp>

namespace kp::actors {

namespace {

const storage::secret_box* box_of(const hub_context& hub) {
  return hub.webhooks ? hub.webhooks->secrets.get() : nullptr;
}

std::string purpose(service via) {
  return "key of " + std::string(to_string(via));
}

result<std::optional<std::string>> find(const organisation_context& in, service via) {
  const auto* box = box_of(*in.hub);
  if (!box) return std::optional<std::string>{};
  KP_TRY(const auto kept, storage::service_keys(in.hub->store, in.id()).find(via));
  if (!kept) return std::optional<std::string>{};
  KP_TRY(auto secret, box->open(in.id(), purpose(via), kept->sealed));
  return std::optional(std::move(secret));
}

result<void> keep(const organisation_context& in, service via, const std::string& secret) {
  const auto* box = box_of(*in.hub);
  if (!box) return {};
  storage::service_key record;
  KP_TRY(record.sealed, box->seal(in.id(), purpose(via), secret));
  record.received = in.hub->time.now();
  storage::batch changes;
  storage::service_keys(in.hub->store, in.id()).put(changes, via, record);
  return in.hub->commit_from_worker(std::move(changes));
}

void warn(const organisation_context& in, service via, std::string_view what, const error& why) {
  log(log_level::warning, what,
      {{"organisation", in.id().to_string()},
       {"service", to_string(via)},
       {"detail", why.message}});
}

}  // namespace

std::optional<std::string> kept_secret(const organisation_context& in, service via) {
  auto found = find(in, via);
  if (found) return *std::move(found);
  warn(in, via, "the key of a service that was kept cannot be used", found.error());
  return std::nullopt;
}

void keep_secret(std::shared_ptr<const organisation_context> in, service via, std::string secret) {
  http::asio::post(in->hub->workers, [in, via, secret = std::move(secret)] {
    if (const auto kept = keep(*in, via, secret); !kept)
      warn(*in, via, "the key of a service is not kept", kept.error());
  });
}

}  // namespace kp::actors
