#include "tools/crash/reader.hpp"

#include "config/byte_io.hpp"
#include "protocol/zip/zip.hpp"
#include "tests/tools/system/documents.hpp"
#include "tools/crash/copies.hpp"
#include "tools/crash/service_rules.hpp"
#include "tools/crash/writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <shared_mutex>
#include <thread>

namespace kp::crash {

namespace json = boost::json;

namespace {

constexpr std::chrono::milliseconds when_empty{60};
constexpr std::size_t max_entry = 64u << 20;

class reading {
 public:
  reading(client& by, model& all) : client_(by), model_(all) {}

  // Whether there was something.
  bool run() {
    const auto step = fmt::format("peek in {}", client_.who().name);
    std::shared_lock peeking(model_.peeking[client_.number()]);
    const auto peeked = client_.ask(step, "GET", "/api/messages/in/peek");
    if (peeked.status == 0) {
      peeking.unlock();
      take_what_was_locked();
      return false;
    }
    if (peeked.status == 204 || peeked.status == 503 || peeked.status == 429) return false;
    if (peeked.status != 200) {
      client_.found().add(step, "200 or 204", fmt::format("{} {}", peeked.status, peeked.body));
      return false;
    }
    const auto what = hold(peeked.json(), "peek");
    peeking.unlock();
    if (what) take(what);
    return true;
  }

 private:
  // A peek that was not answered may have locked something: nobody else is told of it, and whoever
  // knows the id of a locked message may take it.
  void take_what_was_locked() {
    const auto listed =
        client_.insist("list of the inbox", "GET", "/api/messages/in?size=1000").answer;
    const auto value = listed.json();
    boost::system::error_code missing;
    const auto* all = value.find_pointer("/content", missing);
    if (!all || !all->is_array()) return;
    for (const auto& each : all->get_array()) {
      const auto found = letter_of(each);
      if (found && was_locked(*found)) take(found);
    }
  }

  // Nobody peeks meanwhile: what is locked now and held by nobody was locked for this reader.
  bool was_locked(letter& what) {
    const std::unique_lock alone(model_.peeking[client_.number()]);
    {
      const std::scoped_lock lock(model_.mutex);
      if (what.held || what.received > 0) return false;
    }
    const auto path = "/api/messages/in/pop/" + id_here(what);
    const auto popped = client_.insist(step(what, "pop of what may be locked"), "GET", path).answer;
    if (popped.status != 200 && popped.status != 204) return false;
    const std::scoped_lock lock(model_.mutex);
    return what.held = true;
  }

  // Its id in the inbox.
  static const std::string& id_here(const letter& what) {
    return what.arrived_as.empty() ? what.id : what.arrived_as;
  }

  // What a document in the inbox belongs to: also a letter that its sender knows by another id, or
  // a receipt that no client has written.
  std::shared_ptr<letter> letter_of(const json::value& document) {
    const auto id = test::id_of(document);
    auto found = model_.find(id);
    if (found || !client_.who().beside_dpo()) return found;
    boost::system::error_code missing;
    for (const auto* pointer : {"/arkivmelding_kvittering/relatedToMessageId",
                                "/dialogmelding_kvittering/relatedToMessageId"})
      if (const auto* about = document.find_pointer(pointer, missing); about && about->is_string())
        return receipt_of(std::string(about->get_string()), id);
    found = sent_over_svarut(client_.where(), model_, id);
    if (!found) return nullptr;
    if (!found->arrived_as.empty())
      client_.found().add(step(*found, "arrival"), "it alone", "it has arrived as " + id + " too");
    model_.name_arrival(found, id);
    return found;
  }

  std::shared_ptr<letter> receipt_of(const std::string& message, const std::string& id) {
    const auto about = model_.find(message);
    if (!about || !rules_of(about->plan.via).receipted) return nullptr;
    auto made = std::make_shared<letter>();
    made->plan.via = about->plan.via;
    made->plan.from = made->plan.to = channels[about->plan.from].owner;
    made->name = "receipt of " + about->name;
    made->about = about;
    made->send_tried = true;
    const std::scoped_lock lock(model_.mutex);
    // Of two readers that see it at once the first one has named it.
    const auto [at, first] = model_.by_id.emplace(id, made);
    if (!first) return at->second;
    made->id = id;
    model_.receipts.push_back(made);
    // What was sent twice is receipted twice.
    if (about->receipted && rules_of(about->plan.via).asks_first)
      client_.found().add(step(*about, "receipt"), "one receipt", "another one, " + id);
    about->receipted = true;
    return made;
  }

  std::shared_ptr<letter> hold(const json::value& document, const std::string& doing) {
    const auto id = test::id_of(document);
    const auto found = letter_of(document);
    const auto step = fmt::format("{} in {}: {}", doing, client_.who().name, id);
    if (!found) {
      client_.found().add(step, "a letter that somebody has written", "one that nobody knows");
      return nullptr;
    }
    const std::scoped_lock lock(model_.mutex);
    if (found->plan.to != client_.who().owner)
      client_.found().add(step, "a letter to " + std::string(organisations[found->plan.to].name),
                          "it is shown to " + std::string(organisations[client_.who().owner].name));
    if (!found->send_tried)
      client_.found().add(step, "no letter that has not been sent", found->name);
    if (found->received > 0)
      client_.found().add(step, "no letter whose delete was acknowledged", found->name);
    if (found->held) {
      client_.found().add(step, "no letter that another reader holds", found->name);
      return nullptr;
    }
    found->held = true;
    return found;
  }

  void release(letter& what, bool received) {
    const std::scoped_lock lock(model_.mutex);
    what.held = false;
    if (received) ++what.received;
  }

  std::string step(const letter& what, const std::string& doing) const {
    return fmt::format("{} ({}) in {}: {}", what.name, what.id, client_.who().name, doing);
  }

  void take(const std::shared_ptr<letter>& which) {
    auto& what = *which;
    const auto popped =
        client_.insist(step(what, "pop"), "GET", "/api/messages/in/pop/" + id_here(what));
    const unsigned wanted_status = what.about ? 204 : 200;  // a receipt has no files
    if (popped.answer.status != wanted_status) {
      if (popped.answer.status != 0)
        client_.found().add(step(what, "pop"), std::to_string(wanted_status),
                            fmt::format("{} {}", popped.answer.status, popped.answer.body));
      return release(what, false);
    }
    if (!what.about) compare(what, popped.answer.body);
    const auto deleted =
        client_.insist(step(what, "delete"), "DELETE", "/api/messages/in/" + id_here(what));
    const bool gone = deleted.unclear && deleted.answer.status == 404;
    if (deleted.answer.status != 200 && !gone) {
      if (deleted.answer.status != 0)
        client_.found().add(step(what, "delete"), "200, or 404 after an unclear answer",
                            fmt::format("{} {}", deleted.answer.status, deleted.answer.body));
      return release(what, false);
    }
    release(what, true);
    if (what.plan.receipt) write_receipt(client_, model_, which);
  }

  void compare(const letter& what, const std::string& container) {
    const auto files = files_in(container);
    if (!files) {
      client_.found().add(step(what, "open"), "a container",
                          fmt::format("{} bytes that are none", container.size()));
      return;
    }
    for (const auto& [name, bytes] : *files)
      if (const auto mark = foreign_mark(bytes, client_.who().owner))
        client_.found().add(step(what, "open"), "nothing of others", name + " with " + *mark);
    if (*files == what.files || is_svarut_copy(what, *files)) return;
    std::string sizes;
    for (const auto& [name, bytes] : *files) sizes += fmt::format(" {} {}", name, bytes.size());
    client_.found().add(step(what, "open"), "the files that were acknowledged: " + wanted(what),
                        "others:" + sizes);
  }

  // SvarUt carries no arkivmelding.xml: its receiver's hub writes one, from the same title.
  static bool is_svarut_copy(const letter& what, const std::map<std::string, std::string>& files) {
    if (what.plan.via != service::dpf || files.size() != what.files.size()) return false;
    return std::ranges::all_of(files, [&](const auto& file) {
      const auto& [name, bytes] = file;
      const auto sent = what.files.find(name);
      if (sent == what.files.end()) return false;
      return name == "arkivmelding.xml" ? bytes.find(what.mark) != std::string::npos
                                        : bytes == sent->second;
    });
  }

  static std::string wanted(const letter& what) {
    std::string sizes;
    for (const auto& [name, bytes] : what.files) sizes += fmt::format(" {} {}", name, bytes.size());
    return sizes;
  }

  client& client_;
  model& model_;
};

}  // namespace

std::optional<std::map<std::string, std::string>> files_in(const std::string& container) {
  std::map<std::string, std::string> files;
  const auto zip = zip::reader::open(std::make_shared<string_random_access>(container));
  if (!zip) return std::nullopt;
  for (std::size_t i = 0; i < (*zip)->items().size(); ++i) {
    const auto& name = (*zip)->items()[i].name;
    const auto entry = (*zip)->read(i);
    if (!entry) return std::nullopt;
    const auto bytes = read_all(**entry, max_entry);
    if (!bytes) return std::nullopt;
    if (name != "mimetype" && name != "manifest.xml" && !name.starts_with("META-INF/"))
      files[name] = *bytes;
  }
  return files;
}

void read_letters(client& by, model& all, std::stop_token stop) {
  reading here(by, all);
  while (!stop.stop_requested())
    if (!here.run()) std::this_thread::sleep_for(when_empty);
}

}  // namespace kp::crash
