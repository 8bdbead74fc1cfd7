#include "tools/crash/reader.hpp"

#include "config/byte_io.hpp"
#include "protocol/zip/zip.hpp"
#include "tests/tools/system/documents.hpp"
#include "tools/crash/writer.hpp"

#include <fmt/format.h>

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
    const auto id = test::id_of(peeked.json());
    const auto what = hold(id, "peek");
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
      const auto id = test::id_of(each);
      const auto found = model_.find(id);
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
    const auto path = "/api/messages/in/pop/" + what.id;
    const auto popped = client_.insist(step(what, "pop of what may be locked"), "GET", path).answer;
    if (popped.status != 200 && popped.status != 204) return false;
    const std::scoped_lock lock(model_.mutex);
    return what.held = true;
  }

  std::shared_ptr<letter> hold(const std::string& id, const std::string& doing) {
    const auto found = model_.find(id);
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
    const auto popped = client_.insist(step(what, "pop"), "GET", "/api/messages/in/pop/" + what.id);
    const unsigned wanted_status = what.about ? 204 : 200;  // a receipt has no files
    if (popped.answer.status != wanted_status) {
      if (popped.answer.status != 0)
        client_.found().add(step(what, "pop"), std::to_string(wanted_status),
                            fmt::format("{} {}", popped.answer.status, popped.answer.body));
      return release(what, false);
    }
    if (!what.about) compare(what, popped.answer.body);
    const auto deleted =
        client_.insist(step(what, "delete"), "DELETE", "/api/messages/in/" + what.id);
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
    if (*files == what.files) return;
    std::string sizes;
    for (const auto& [name, bytes] : *files) sizes += fmt::format(" {} {}", name, bytes.size());
    client_.found().add(step(what, "open"), "the files that were acknowledged: " + wanted(what),
                        "others:" + sizes);
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
