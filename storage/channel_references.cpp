#include "storage/keys.hpp"
#include "storage/repositories.hpp"

namespace kp::storage {
namespace {

std::string reference_key(organisation_id organisation, const message_id& message) {
  return key_builder(organisation, record_kind::channel_reference).text(message.to_string()).str();
}

}  // namespace

channel_references::channel_references(const engine& store, organisation_id organisation)
    : store_(store), organisation_(organisation) {}

void channel_references::put(batch& b, const message_id& message,
                             std::string_view message_channel) const {
  b.put(reference_key(organisation_, message), std::string(message_channel));
}

result<std::optional<std::string>> channel_references::find(const message_id& message) const {
  return store_.get(reference_key(organisation_, message));
}

void channel_references::remove(batch& b, const message_id& message) const {
  b.erase(reference_key(organisation_, message));
}

}  // namespace kp::storage
