#include "tools/sandbox/broker_state.hpp"

#include "config/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kp::sandbox {

namespace {

constexpr std::array transfer_names{"Initialized", "UploadStarted",          "UploadProcessing",
                                    "Published",   "AllConfirmedDownloaded", "Purged",
                                    "Failed"};
constexpr std::array recipient_names{"Initialized", "DownloadStarted", "DownloadConfirmed"};

template <class E, class Names>
std::optional<E> parse(std::string_view text, const Names& names) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (equals_ignoring_case(text, names[i])) return static_cast<E>(i);
  return {};
}

// Between ranged downloads that each would count as one (DownloadFileHandler's debounce).
constexpr std::chrono::minutes ranged_debounce{5};

std::unexpected<broker_code> refuse(broker_code code) {
  return std::unexpected(code);
}

}  // namespace

std::string_view to_string(transfer_status s) {
  return transfer_names[static_cast<std::size_t>(s)];
}
std::string_view to_string(recipient_status s) {
  return recipient_names[static_cast<std::size_t>(s)];
}
std::optional<transfer_status> parse_transfer_status(std::string_view text) {
  return parse<transfer_status>(text, transfer_names);
}
std::optional<recipient_status> parse_recipient_status(std::string_view text) {
  return parse<recipient_status>(text, recipient_names);
}

const recipient* transfer::find(std::string_view organisation) const {
  const auto at = std::ranges::find(recipients, organisation, &recipient::organisation);
  return at == recipients.end() ? nullptr : &*at;
}

outcome<const transfer*> broker_state::initialize(transfer made) {
  if (transfers_.size() >= max_transfers) return refuse(broker_code::storage_not_ready);
  return &add(std::move(made));
}

outcome<std::unique_ptr<file_writer>> broker_state::begin_upload(
    std::string_view id, std::string_view caller, std::optional<std::uint64_t> length) {
  auto* found = settled(id);
  if (!found) return refuse(broker_code::transfer_not_found);
  if (found->sender != caller) return refuse(broker_code::no_access);
  if (found->status() > transfer_status::upload_started)
    return refuse(broker_code::already_uploaded);
  if (length && *length > settings.max_bytes) return refuse(broker_code::too_large);
  auto writer = file_writer::create(fmt::format("{}/{}.{}", folder_, found->id, random_.uuid()));
  if (!writer) return refuse(broker_code::storage_not_ready);
  enter(*found, transfer_status::upload_started, time_.broker_now());
  return std::move(*writer);
}

outcome<void> broker_state::finish_upload(std::string_view id, file_writer& written, bool malware) {
  auto* found = settled(id);
  if (!found) return refuse(broker_code::transfer_not_found);
  // Another upload of the same transfer came first; Broker answers success and keeps that one.
  if (found->status() != transfer_status::upload_started) return {};
  const auto now = time_.broker_now();
  const auto checksum = written.md5();
  if (!found->checksum.empty() && found->checksum != checksum) {
    enter(*found, transfer_status::failed, now, "Checksum mismatch");
    return refuse(broker_code::checksum_mismatch);
  }
  found->checksum = checksum;
  found->size = written.size();
  found->content = written.file();
  found->malware = malware;
  enter(*found, transfer_status::upload_processing, now);
  settle(*found);
  return {};
}

void broker_state::abort_upload(std::string_view id) {
  auto* found = settled(id);
  if (found && found->status() == transfer_status::upload_started)
    enter(*found, transfer_status::failed, time_.broker_now(),
          "Error occurred while uploading fileTransfer");
}

std::vector<std::string> broker_state::search(const search_filter& filter) {
  struct hit {
    time_point at;
    const transfer* found;
  };
  std::vector<hit> hits;
  const auto mine = by_party_.find(filter.caller);
  if (mine == by_party_.end()) return {};
  for (auto* candidate : mine->second) {
    settle(*candidate);
    if (candidate->resource != filter.resource) continue;
    if (filter.status && candidate->status() != *filter.status) continue;
    const auto* as_recipient = candidate->find(filter.caller);
    if (filter.recipient) {  // then only the recipient's side counts, whatever the role
      if (!as_recipient || as_recipient->status != *filter.recipient) continue;
    } else if (!(filter.as_recipient && as_recipient) &&
               !(filter.as_sender && candidate->sender == filter.caller)) {
      continue;
    }
    const auto at = filter.status ? candidate->history.back().at : candidate->created;
    const bool both = filter.from && filter.to;  // BETWEEN, with both ends; else without
    if (filter.from && (at < *filter.from || (!both && at == *filter.from))) continue;
    if (filter.to && (at > *filter.to || (!both && at == *filter.to))) continue;
    hits.push_back({at, candidate});
  }
  std::ranges::sort(hits, [&](const hit& a, const hit& b) {
    const auto left = std::pair(a.at, a.found->sequence),
               right = std::pair(b.at, b.found->sequence);
    return filter.ascending ? left < right : right < left;
  });
  std::vector<std::string> out;
  for (const auto& hit : hits) {
    if (out.size() == max_search_results) break;
    out.push_back(hit.found->id);
  }
  return out;
}

outcome<const transfer*> broker_state::overview(std::string_view id, std::string_view caller) {
  const auto* found = settled(id);
  if (!found) return refuse(broker_code::transfer_not_found);
  if (found->sender != caller && !found->find(caller)) return refuse(broker_code::no_access);
  return found;
}

outcome<const transfer*> broker_state::may_download(std::string_view id, std::string_view caller) {
  const auto* found = settled(id);
  if (!found) return refuse(broker_code::transfer_not_found);
  if (!found->find(caller)) return refuse(broker_code::no_access);
  if (found->status() != transfer_status::published &&
      found->status() != transfer_status::all_confirmed)
    return refuse(broker_code::not_available);
  if (!found->content) return refuse(broker_code::no_file_uploaded);
  return found;
}

void broker_state::mark_downloaded(std::string_view id, std::string_view caller, bool whole_file) {
  auto* found = settled(id);
  auto* to = found ? recipient_of(*found, caller) : nullptr;
  if (!to) return;
  const auto now = time_.broker_now();
  if (!whole_file && to->status == recipient_status::download_started &&
      now - to->changed < ranged_debounce)
    return;
  to->status = recipient_status::download_started;
  to->changed = now;
  to->history.emplace_back(to->status, now);
}

outcome<void> broker_state::confirm(std::string_view id, std::string_view caller) {
  auto* found = settled(id);
  if (!found) return refuse(broker_code::transfer_not_found);
  auto* to = recipient_of(*found, caller);
  if (!to) return refuse(broker_code::no_access);
  // Broker looks at the place of the file, which a purge leaves behind.
  if (!found->content && found->status() != transfer_status::purged)
    return refuse(broker_code::no_file_uploaded);
  if (found->status() != transfer_status::published) return refuse(broker_code::not_published);
  if (to->status == recipient_status::download_confirmed) return {};
  if (to->status != recipient_status::download_started)
    return refuse(broker_code::confirm_before_download);
  const auto now = time_.broker_now();
  to->status = recipient_status::download_confirmed;
  to->changed = now;
  to->history.emplace_back(to->status, now);
  if (std::ranges::all_of(found->recipients, [](const recipient& each) {
        return each.status == recipient_status::download_confirmed;
      }))
    enter(*found, transfer_status::all_confirmed, now);
  return {};
}

result<const transfer*> broker_state::inject(transfer made, std::string_view content) {
  const auto name = random_.uuid();
  KP_TRY(auto writer, file_writer::create(fmt::format("{}/{}", folder_, name)));
  KP_CHECK(writer->write(content));
  made.checksum = writer->md5();
  made.size = writer->size();
  made.content = writer->file();
  auto& added = add(std::move(made));
  added.published = added.created;
  enter(added, transfer_status::published, added.created);
  settle(added);
  return &added;
}

const transfer* broker_state::find(std::string_view id) {
  return settled(id);
}

std::vector<const transfer*> broker_state::all() {
  std::vector<const transfer*> out;
  for (auto& [id, each] : transfers_) {
    settle(each);
    out.push_back(&each);
  }
  std::ranges::sort(out, {}, &transfer::sequence);
  return out;
}

transfer* broker_state::settled(std::string_view id) {
  const auto at = transfers_.find(id);
  if (at == transfers_.end()) return nullptr;
  settle(at->second);
  return &at->second;
}

// What happened by itself since somebody looked: scan, expiry, purge after the grace period.
void broker_state::settle(transfer& t) {
  const auto now = time_.broker_now();
  if (t.status() == transfer_status::upload_processing) {
    const auto scanned = t.history.back().at + settings.scan_delay;
    if (now >= scanned && t.malware) {
      t.content.reset();
      enter(t, transfer_status::failed, scanned, "Malware detected");
    } else if (now >= scanned) {
      t.published = scanned;
      enter(t, transfer_status::published, scanned);
    }
  }
  if (t.status() == transfer_status::purged) return;
  const bool confirmed = t.status() == transfer_status::all_confirmed && settings.purge_confirmed;
  const auto end = confirmed ? t.history.back().at + settings.grace : t.expires;
  if (now < end) return;
  t.content.reset();
  enter(t, transfer_status::purged, end);
}

void broker_state::enter(transfer& t, transfer_status status, time_point at, std::string text) {
  t.history.push_back({status, at, std::move(text)});
}

transfer& broker_state::add(transfer made) {
  made.id = random_.uuid();
  made.sequence = next_sequence_++;
  if (made.created == time_point{}) made.created = time_.broker_now();
  made.expires = made.created + settings.time_to_live;
  enter(made, transfer_status::initialized, made.created);
  for (auto& to : made.recipients) {
    to.changed = made.created;
    to.history.emplace_back(to.status, made.created);
  }
  auto key = made.id;
  auto& kept = transfers_.emplace(std::move(key), std::move(made)).first->second;
  by_party_[kept.sender].push_back(&kept);
  for (const auto& to : kept.recipients)
    if (to.organisation != kept.sender) by_party_[to.organisation].push_back(&kept);
  return kept;
}

recipient* broker_state::recipient_of(transfer& t, std::string_view organisation) {
  const auto at = std::ranges::find(t.recipients, organisation, &recipient::organisation);
  return at == t.recipients.end() ? nullptr : &*at;
}

}  // namespace kp::sandbox
