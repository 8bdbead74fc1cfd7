#include "admin/backups.hpp"

#include "admin/tenant_access.hpp"
#include "config/log.hpp"
#include "storage/backup.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <mutex>

namespace kp::admin {

namespace {

namespace json = boost::json;

constexpr std::size_t max_order = 8192;  // bytes of a body

// How the last backup fares.
struct progress {
  std::string folder, by;
  time_point begun{};
  std::optional<time_point> ended;
  storage::backup_manifest made;
  std::string failure;
};

json::object tell(const std::optional<progress>& now) {
  if (!now) return {{"state", "none"}};
  const bool failed = !now->failure.empty();
  json::object out{{"state", !now->ended ? "running"
                             : failed    ? "failed"
                                         : "done"},
                   {"folder", now->folder},
                   {"begun", format_timestamp(now->begun)},
                   {"by", now->by}};
  if (now->ended) out["ended"] = format_timestamp(*now->ended);
  if (failed) out["message"] = now->failure;
  if (now->ended && !failed) {
    out["files"] = now->made.files;
    out["fileBytes"] = now->made.file_bytes;
  }
  return out;
}

class backups_module : public std::enable_shared_from_this<backups_module> {
 public:
  explicit backups_module(const actors::hub_parts& hub) : hub_(hub) {}

  http::awaitable<answer> show(request) { co_return json_answer(seen()); }

  http::awaitable<answer> begin(request asked) {
    const auto order = read_order(asked.body, {"folder"});
    if (!order) co_return problem_answer(400, order.error().message);
    const auto folder = text_of(*order, "folder");
    if (!folder) co_return problem_answer(400, folder.error().message);
    if (!*folder || (*folder)->empty() || (*folder)->front() != '/')
      co_return problem_answer(400,
                               "Say in the body where to: {\"folder\": \"/…\"}, a folder of the "
                               "hub's machine that is to be made.");
    if (!is_free(**folder, asked.by()))
      co_return problem_answer(409, "A backup is being made; /admin/backups tells how far it is.");
    boost::asio::post(thread_, [me = shared_from_this(), to = **folder] { me->make(to); });
    co_return json_answer(seen());
  }

 private:
  json::object seen() const {
    const std::scoped_lock lock(mutex_);
    return tell(now_);
  }

  bool is_free(const std::string& folder, const std::string& by) {
    const std::scoped_lock lock(mutex_);
    if (now_ && !now_->ended) return false;
    now_ = progress{folder, by, hub_.context->time.now(), {}, {}, {}};
    return true;
  }

  void make(const std::string& folder) {
    const auto made = storage::make_backup(*hub_.backup, folder, hub_.context->time);
    if (made)
      log(log_level::info, "a backup has been made",
          {{"folder", folder}, {"files", std::to_string(made->files)}});
    else
      log(log_level::error, "a backup failed: " + made.error().message, {{"folder", folder}});
    const std::scoped_lock lock(mutex_);
    now_->ended = hub_.context->time.now();
    if (made)
      now_->made = *made;
    else
      now_->failure = made.error().message;
  }

  actors::hub_parts hub_;
  mutable std::mutex mutex_;
  std::optional<progress> now_;
  boost::asio::thread_pool thread_{1};
};

}  // namespace

void add_backups(routes& all, const actors::hub_parts& hub) {
  if (!hub.backup) return;  // a store in memory
  const auto here = std::make_shared<backups_module>(hub);
  const std::string path = "/admin/backups";
  all.add({"GET", path, access::read,
           [here](request asked) { return here->show(std::move(asked)); }, 0});
  all.add({"POST", path, access::operate,
           [here](request asked) { return here->begin(std::move(asked)); }, max_order});
}

}  // namespace kp::admin
