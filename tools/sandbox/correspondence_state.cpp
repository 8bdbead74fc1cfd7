#include "tools/sandbox/correspondence_state.hpp"

#include "tools/sandbox/sandbox_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kp::sandbox {

namespace {

using status = correspondence_status;

constexpr auto names = std::to_array<std::string_view>(
    {"Initialized", "ReadyForPublish", "Published", "Fetched", "Read", "Replied", "Confirmed",
     "PurgedByRecipient", "PurgedByAltinn", "Archived", "Reserved", "Failed",
     "AttachmentsDownloaded", "Forwarded"});

struct deed {
  std::string_view name;
  status enters;
};
constexpr std::array deeds{deed{"publish", status::published},
                           deed{"fetch", status::fetched},
                           deed{"read", status::read},
                           deed{"confirm", status::confirmed},
                           deed{"download", status::attachments_downloaded},
                           deed{"archive", status::archived},
                           deed{"reply", status::replied},
                           deed{"forward", status::forwarded},
                           deed{"purge", status::purged_by_recipient},
                           deed{"purgeByAltinn", status::purged_by_altinn},
                           deed{"fail", status::failed}};

}  // namespace

std::string_view to_string(status s) {
  return names[static_cast<std::size_t>(s)];
}

std::optional<time_point> correspondence::when(correspondence_status wanted) const {
  for (const auto& [entered, at] : history)
    if (entered == wanted) return at;
  return {};
}

correspondence_status correspondence::status() const {
  auto highest = correspondence_status::initialized;
  for (const auto& [entered, at] : history)
    if (entered != correspondence_status::fetched) highest = std::max(highest, entered);
  return highest;
}

correspondence& correspondence_state::add(correspondence made) {
  if (letters_.size() >= max_correspondences) letters_.erase(letters_.begin());
  made.id = random_.uuid();
  made.created = time_.now();
  keys_.insert(made.key);
  for (const auto& part : made.parts)
    if (part.is_file) made.attachments.push_back(random_.uuid());
  enter(made, made.attachments.empty() ? status::ready_for_publish : status::initialized);
  letters_.push_back(std::make_unique<correspondence>(std::move(made)));
  return *letters_.back();
}

// Scanned, then published when its time has come.
void correspondence_state::settle(correspondence& c) const {
  if (c.has(status::failed) || c.has(status::published)) return;
  const auto scanned = c.created + settings.scan_delay;
  if (!c.has(status::ready_for_publish) && time_.now() >= scanned)
    c.history.emplace_back(status::ready_for_publish, scanned);
  const auto due = std::max(c.publish_at, scanned + settings.publish_delay);
  if (c.has(status::ready_for_publish) && time_.now() >= due)
    c.history.emplace_back(status::published, time_.now());
}

correspondence* correspondence_state::find(std::string_view id) {
  for (const auto& each : letters_)
    if (each->id == id || each->reference == id) {
      settle(*each);
      return each.get();
    }
  return nullptr;
}

std::vector<correspondence*> correspondence_state::all() {
  std::vector<correspondence*> list;
  for (const auto& each : letters_) {
    settle(*each);
    list.push_back(each.get());
  }
  return list;
}

void correspondence_state::clear() {
  letters_.clear();
}

result<void> correspondence_state::act(std::string_view id, std::string_view what,
                                       std::string_view reason) {
  auto* letter = find(id);
  if (!letter) return permanent(sandbox_errc::not_found, "there is no such correspondence");
  const auto* done = std::ranges::find(deeds, what, &deed::name);
  if (done == deeds.end())
    return permanent(sandbox_errc::invalid_request,
                     fmt::format("act: \"{}\" is nothing that happens to a letter", what));
  const bool early = done->enters == status::published || done->enters == status::failed;
  if (!early && !letter->has(status::published))
    return permanent(sandbox_errc::invalid_request, "it is not published yet");
  if (done->enters == status::failed) letter->failure = reason.empty() ? "Failed" : reason;
  enter(*letter, done->enters);
  return {};
}

}  // namespace kp::sandbox
