#include "tools/sandbox/fiks_state.hpp"

#include "config/random.hpp"

namespace kp::sandbox {

const fiks_account* fiks_state::find(std::string_view id) const {
  const auto found = accounts.find(id);
  return found == accounts.end() ? nullptr : &found->second;
}

fiks_account* fiks_state::find(std::string_view id) {
  const auto found = accounts.find(id);
  return found == accounts.end() ? nullptr : &found->second;
}

std::string fiks_state::keep(std::string account, std::string bytes,
                             std::chrono::milliseconds life) {
  // Kept for a day longer than the message lives (dpfio.md 5.3).
  constexpr std::chrono::hours longer{24};
  if (documents.size() >= max_fiks_documents) documents.erase(documents.begin());
  auto id = random_.uuid();
  documents[id] = {std::move(account), std::move(bytes), time_.now() + life + longer};
  return id;
}

result<std::optional<std::string>> fiks_state::post(const mail& what) {
  fiks_delivery out;
  out.queue = fiks_queue_of(what.to);
  out.headers = {{"melding-id", what.id}, {"type", what.type}, {"avsender-id", what.from}};
  if (!what.from_name.empty()) out.headers["avsender-navn"] = what.from_name;
  if (what.reply_to) out.headers["svar-til"] = *what.reply_to;
  if (what.reply_to_type) out.headers["svar-til-type"] = *what.reply_to_type;
  for (const auto& [name, value] : what.headers)
    out.headers["egendefinert-header." + std::string(name)] = value;
  out.expiration = std::to_string(what.ttl.count());
  std::optional<std::string> document;
  if (!what.body.empty() && (what.as_document || what.body.size() > largest_body)) {
    document = keep(what.to, what.body, what.ttl);
    out.headers["dokumentlager-id"] = *document;
  } else {
    out.body = what.body;
  }
  KP_CHECK(broker.publish(out));
  return document;
}

}  // namespace kp::sandbox
