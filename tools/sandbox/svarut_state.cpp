#include "tools/sandbox/svarut_state.hpp"

#include "config/text.hpp"
#include "tools/sandbox/sandbox_error.hpp"
#include "tools/sandbox/svarut_cms.hpp"
#include "tools/sandbox/zip_file.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::size_t max_filename_characters = 226;
// A ZIP without entries, which libzip does not write.
constexpr std::string_view empty_zip("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22);

error refused(std::string why) {
  return permanent(sandbox_errc::invalid_request, std::move(why));
}

std::int64_t epoch_milliseconds(time_point at) {
  return std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

bool legal_filename(std::string_view name) {
  const auto characters = std::ranges::count_if(
      name, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
  return !name.empty() && static_cast<std::size_t>(characters) <= max_filename_characters &&
         name.find_first_of("*:\"\\/<>|?") == std::string_view::npos;
}

json::value or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

}  // namespace

std::optional<std::string> svarut_state::decrypt(std::string_view cms) const {
  auto plain = open_cms(cms, key_, own_);
  if (!plain) return {};
  return *std::move(plain);
}

result<void> svarut_state::accept(svarut_forsendelse what) {
  if (sent_.size() >= max_forsendelser) return refused("there are too many forsendelser already");
  if (find(what.id)) return refused("Duplikat forsendelsesid");
  if (trim(what.title).empty()) return refused("Ugyldig innhold: tittel mangler");
  std::set<std::string> names;
  for (const auto& document : what.documents) {
    if (!legal_filename(document.filename))
      return refused("Ugyldig innhold: filnavn " + document.filename);
    if (!names.insert(to_lower(document.filename)).second)
      return refused("Ugyldig innhold: filnavn er ikke unikt " + document.filename);
    if (document.content.empty()) return refused("Kan ikke lagre tomt dokument");
  }
  if (!what.type.empty() && std::ranges::find(types, what.type) == types.end())
    return refused("Ugyldig innhold: forsendelsetype " + what.type);
  what.changed = time_.now();
  if (const auto* receiver = receiver_of(what.receiver, what.type))
    KP_CHECK(deliver(what, *receiver));
  else
    what.status = "VARSLET";
  sent_.push_back(std::move(what));
  return {};
}

result<void> svarut_state::deliver(svarut_forsendelse& what, const svarinn_receiver& to) {
  std::vector<std::pair<std::string, std::string>> entries;
  json::array files;
  for (const auto& document : what.documents) {
    entries.emplace_back(document.filename, document.content);
    files.push_back({{"filnavn", document.filename},
                     {"mimetype", document.mime_type},
                     {"sha256hash", to_hex(sha256(document.content))},
                     {"dokumentType", nullptr},
                     {"size", document.content.size()}});
  }
  std::string zip(empty_zip);
  if (!entries.empty()) {
    KP_TRY(zip, make_zip(entries));
  }
  KP_TRY(auto payload, make_cms(zip, *to.certificate));
  json::object entry{
      {"avsender", {{"navn", "Sandbox"}, {"poststed", "Oslo"}, {"postnr", "0151"}}},
      {"mottaker", what.to},
      {"id", what.id},
      {"tittel", what.title},
      {"date", epoch_milliseconds(time_.now())},
      {"metadataFraAvleverendeSystem", what.metadata},
      {"metadataForImport", {{"sakssekvensnummer", 0}, {"saksaar", 0}}},
      {"status", "Klar for mottak"},
      {"niva", what.level4 ? "4" : "3"},
      {"filmetadata", std::move(files)},
      {"svarSendesTil", what.replies_go_to},
      {"svarPaForsendelse", or_null(what.reply_to)},
      {"forsendelseType", or_null(what.type)},
      {"eksternRef", what.external_reference},
      {"lenker", json::array()},
      {"downloadUrl", fmt::format("{}/tjenester/svarinn/forsendelse/{}", base_url, what.id)}};
  what.status = "KLAR_FOR_MOTTAK";
  what.system = to.name;
  return insert({what.id, to.name, std::move(entry), std::move(payload)});
}

svarut_forsendelse* svarut_state::find(std::string_view id) {
  const auto found = std::ranges::find(sent_, id, &svarut_forsendelse::id);
  return found == sent_.end() ? nullptr : &*found;
}

const svarinn_receiver* svarut_state::receiver_of(std::string_view organisation,
                                                  std::string_view type) const {
  const svarinn_receiver* untyped = nullptr;
  for (const auto& [name, receiver] : receivers) {
    if (!receiver.organisations.contains(std::string(organisation))) continue;
    if (!type.empty() && receiver.type == type) return &receiver;
    if (receiver.type.empty() && !untyped) untyped = &receiver;
  }
  return untyped;
}

std::optional<std::int64_t> svarut_state::level_of(std::string_view organisation,
                                                   std::optional<std::int64_t> wanted) const {
  std::optional<std::int64_t> best;
  for (const auto& [name, receiver] : receivers) {
    if (!receiver.type.empty() || !receiver.organisations.contains(std::string(organisation)))
      continue;
    if (wanted ? receiver.level == *wanted : !best || receiver.level > *best) best = receiver.level;
  }
  return best;
}

result<void> svarut_state::insert(svarinn_item item) {
  if (items_.size() >= max_forsendelser) return refused("SvarInn holds too much already");
  items_.push_back(std::move(item));
  return {};
}

std::vector<const svarinn_item*> svarut_state::waiting(std::string_view receiver,
                                                       std::size_t most) const {
  std::vector<const svarinn_item*> out;
  for (const auto& item : items_)
    if (item.receiver == receiver && out.size() < most) out.push_back(&item);
  return out;
}

const svarinn_item* svarut_state::find_item(std::string_view receiver, std::string_view id) const {
  for (const auto& item : items_)
    if (item.receiver == receiver && item.id == id) return &item;
  return nullptr;
}

bool svarut_state::receipt(std::string_view receiver, std::string_view id) {
  if (!find_item(receiver, id)) return false;
  receipts_.push_back({{"id", id}, {"receiver", receiver}, {"accepted", true}});
  set_status(id, "LEST");
  remove_item(receiver, id);
  return true;
}

bool svarut_state::refuse(std::string_view receiver, std::string_view id, const std::string& why,
                          bool permanent) {
  if (!find_item(receiver, id)) return false;
  receipts_.push_back({{"id", id},
                       {"receiver", receiver},
                       {"accepted", false},
                       {"feilmelding", why},
                       {"permanent", permanent}});
  if (permanent) {
    set_status(id, "VARSLET");
    remove_item(receiver, id);
  }
  return true;
}

void svarut_state::remove_item(std::string_view receiver, std::string_view id) {
  std::erase_if(
      items_, [&](const svarinn_item& item) { return item.receiver == receiver && item.id == id; });
}

void svarut_state::set_status(std::string_view id, std::string_view status) {
  if (auto* sent = find(id)) {
    sent->status = status;
    sent->changed = time_.now();
  }
}

}  // namespace kp::sandbox
