#include "tools/crash/copies.hpp"

#include "config/text.hpp"
#include "tools/crash/contents.hpp"
#include "tools/sandbox/keys.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace kp::crash {

namespace json = boost::json;

namespace {

constexpr std::string_view stays_here = "arkivmelding.xml";

std::string text_at(const json::value& in, const char* member) {
  const auto* object = in.if_object();
  const auto* found = object ? object->if_contains(member) : nullptr;
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::string digest(const std::string& bytes) {
  return to_hex(sandbox::sha256(bytes));
}

// How a service tells of what it has been given.
struct register_of {
  service via;
  const char* path;       // of the control call that lists it
  const char* message;    // members: its id,
  const char* sender;     // who sent it,
  const char* files;      // its files,
  const char* file_name;  // and of those: the name,
  const char* bytes;      // and "sha256" or "base64"; none when only sizes are told
};
constexpr register_of registers[]{
    {service::dpv, "/control/correspondence", "sendersReference", "caller", "files", "fileName",
     "sha256"},
    {service::dpf, "/control/svarut/forsendelser", "externalReference", "sender", "documents",
     "filename", "sha256"},
    {service::dpi, "/control/dpi/shipments", "id", "account", "files", "name", ""},
    {service::dph, "/control/dph/messages", "messageId", "", "files", "name", "base64"},
};

class counting {
 public:
  counting(place& where, model& all, findings& found)
      : place_(where), model_(all), findings_(found) {}

  std::map<std::string, std::size_t> run() {
    for (const auto& each : registers) read(each);
    const std::scoped_lock lock(model_.mutex);
    for (const auto& [id, what] : model_.by_id)
      if (what->plan.via == service::dpe && !what->plan.incoming && what->taken > 0)
        counts_[what->id] = what->taken;
    return counts_;
  }

 private:
  void read(const register_of& from) {
    const auto all = place_.control("GET", from.path);
    if (!all.is_array())
      return findings_.add(from.path, "a list", json::serialize(all).substr(0, 200));
    for (const auto& one : all.get_array()) {
      if (from.via == service::dph &&
          (!one.at("sentHere").as_bool() || one.at("isAppRec").as_bool()))
        continue;
      count(from, one);
    }
  }

  void count(const register_of& from, const json::value& one) {
    const auto id = text_at(one, from.message);
    const auto step = fmt::format("{} at {}", id, to_string(from.via));
    const auto what = model_.find(id);
    if (!what) return findings_.add(step, "a letter that somebody has written", "one unknown");
    ++counts_[id];
    const auto owner = channels[what->plan.from].owner;
    if (what->plan.via != from.via)
      findings_.add(step, std::string(to_string(what->plan.via)), "it was given to this one");
    if (!what->send_tried) findings_.add(step, "no letter that has not been sent", what->name);
    if (*from.sender && text_at(one, from.sender) != organisations[owner].number)
      findings_.add(step, organisations[owner].number, "it is from " + text_at(one, from.sender));
    if (const auto mark = foreign_mark(json::serialize(one), owner))
      findings_.add(step, "nothing of others", *mark);
    if (const auto* faults = one.as_object().if_contains("faults");
        faults && !faults->as_array().empty())
      findings_.add(step, "nothing that its receiver finds fault with", json::serialize(*faults));
    compare(step, from, *what, one);
  }

  void compare(const std::string& step, const register_of& from, const letter& what,
               const json::value& one) {
    std::map<std::string, std::string> wanted, there;
    for (const auto& [name, bytes] : what.files)
      if (from.via == service::dph || name != stays_here) wanted[name] = told(from, bytes);
    for (const auto& each : one.at(from.files).as_array()) {
      const auto name = text_at(each, from.file_name);
      // Beside the letter's files a package of DPI has its manifest and signatures.
      if (from.via == service::dpi && !what.files.contains(name)) continue;
      there[name] = *from.bytes ? text_at(each, from.bytes)
                                : fmt::format("{} bytes", each.at("size").to_number<std::size_t>());
    }
    if (there == wanted) return;
    std::string names;
    for (const auto& [name, bytes] : there)
      names += fmt::format(" {} {}", name, bytes.substr(0, 64));
    findings_.add(step, "the files that were acknowledged of " + what.name, "others:" + names);
  }

  static std::string told(const register_of& from, const std::string& bytes) {
    const std::string_view how = from.bytes;
    return how == "sha256"   ? digest(bytes)
           : how == "base64" ? to_base64(bytes)
                             : fmt::format("{} bytes", bytes.size());
  }

  place& place_;
  model& model_;
  findings& findings_;
  std::map<std::string, std::size_t> counts_;
};

}  // namespace

std::map<std::string, std::size_t> copies_by_message(place& where, model& all, findings& found) {
  return counting(where, all, found).run();
}

std::shared_ptr<letter> sent_over_svarut(place& where, model& all, const std::string& id_at_ks) {
  const auto sent = where.control("GET", "/control/svarut/forsendelser");
  if (!sent.is_array()) return nullptr;
  for (const auto& each : sent.get_array())
    if (text_at(each, "id") == id_at_ks) return all.find(text_at(each, "externalReference"));
  return nullptr;
}

}  // namespace kp::crash
