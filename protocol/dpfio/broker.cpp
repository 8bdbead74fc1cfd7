#include "protocol/dpfio/broker.hpp"

#include "config/log.hpp"
#include "protocol/dpfio/amqp_link.hpp"
#include "protocol/dpfio/dpfio_error.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace kp::dpfio {

namespace {

constexpr std::size_t frames_at_once = 64;  // of one connection before the others have their turn
// Also without traffic each connection is looked at this often, for heartbeats.
constexpr std::chrono::milliseconds between_looks{1000};
constexpr std::chrono::seconds patience_at_end{3};
constexpr std::uint16_t usual_port = 5672, usual_tls_port = 5671;

error over() {
  return transient(dpfio_errc::broker_lost, "the connection to the AMQP broker is over");
}

struct connection {
  broker_options options;
  std::shared_ptr<broker_listener> listener;
  std::unique_ptr<amqp_link> link;  // of the thread that has its turn
  std::atomic<bool> let_go{false};
  std::chrono::steady_clock::time_point looked_at{};
};
using connection_ptr = std::shared_ptr<connection>;

struct acknowledgement {
  connection_ptr of;
  std::uint16_t channel = 0;
  std::uint64_t tag = 0;
  std::function<void(result<void>)> then;
};

}  // namespace

result<broker_address> parse_broker_url(std::string_view url) {
  const auto bad = [&] {
    return permanent(dpfio_errc::bad_address,
                     fmt::format("\"{}\" is no address of an AMQP broker; write amqps://host or "
                                 "amqps://host:port",
                                 url));
  };
  broker_address out;
  constexpr std::string_view tls = "amqps://", plain = "amqp://";
  auto rest = url;
  if (rest.starts_with(tls))
    rest.remove_prefix(tls.size());
  else if (rest.starts_with(plain))
    rest.remove_prefix(plain.size());
  else
    return bad();
  out.tls = url.starts_with(tls);
  out.port = out.tls ? usual_tls_port : usual_port;
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("/@?# ") != std::string_view::npos) return bad();
  const auto colon = rest.find(':');
  out.host = std::string(rest.substr(0, colon));
  if (colon != std::string_view::npos) {
    const auto digits = rest.substr(colon + 1);
    const auto end = digits.data() + digits.size();
    const auto [stopped, failed] = std::from_chars(digits.data(), end, out.port);
    if (failed != std::errc() || stopped != end || out.port == 0) return bad();
  }
  if (out.host.empty()) return bad();
  return out;
}

// Shared with the threads, which may outlive the owner while a name is being looked up.
struct broker_io::parts : std::enable_shared_from_this<broker_io::parts> {
  parts(spool_factory& spools_, broker_threads threads_) : spools(spools_), threads(threads_) {}
  ~parts() {
    if (bell >= 0) ::close(bell);
  }

  spool_factory& spools;
  broker_threads threads;
  int bell = -1;  // an eventfd that wakes the reading thread

  std::mutex mutex;
  std::condition_variable work;   // for those who connect
  std::condition_variable ended;  // when a thread has ended
  std::deque<connection_ptr> to_open, to_close;
  std::vector<connection_ptr> fresh;  // opened, for the reading thread
  std::vector<acknowledgement> acknowledgements;
  std::size_t running = 0;
  bool started = false;
  bool stopping = false;

  void start() {  // under the mutex
    if (started) return;
    started = true;
    bell = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    running = threads.connecting + 1;
    for (std::size_t i = 0; i < threads.connecting; ++i)
      std::thread([own = shared_from_this()] { own->run(&parts::connect); }).detach();
    std::thread([own = shared_from_this()] { own->run(&parts::read); }).detach();
  }

  void run(void (parts::*what)()) {
    (this->*what)();
    const std::scoped_lock lock(mutex);
    --running;
    ended.notify_all();
  }

  void ring() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(bell, &one, sizeof one);
  }

  // ---- connecting and saying good-bye
  void connect() {
    std::unique_lock lock(mutex);
    for (;;) {
      work.wait(lock, [this] { return stopping || !to_open.empty() || !to_close.empty(); });
      if (stopping) return;
      const bool opens = to_close.empty();
      auto& queue = opens ? to_open : to_close;
      const auto each = queue.front();
      queue.pop_front();
      lock.unlock();
      if (opens)
        open(each);
      else
        end(*each);
      lock.lock();
    }
  }

  void open(const connection_ptr& each) {
    if (each->let_go) return;
    auto made = amqp_link::open(each->options, spools);
    each->options.password.clear();
    if (!made) {
      if (!each->let_go) each->listener->closed(made.error());
      each->listener.reset();
      return;
    }
    each->link = *std::move(made);
    {
      const std::scoped_lock lock(mutex);
      if (stopping) return;
      fresh.push_back(each);
    }
    ring();
  }

  static void end(connection& each) {
    each.link->close();
    each.link.reset();
  }

  // ---- reading
  void read() {
    std::vector<connection_ptr> all;
    std::vector<pollfd> sockets;
    bool more = false;
    for (;;) {
      sockets.assign(1, {bell, POLLIN, 0});
      for (const auto& each : all) sockets.push_back({each->link->socket(), POLLIN, 0});
      const auto wait = more ? 0 : static_cast<int>(between_looks.count());
      if (::poll(sockets.data(), static_cast<nfds_t>(sockets.size()), wait) < 0) {
        for (auto& each : sockets) each.revents = 0;
      }
      std::vector<acknowledgement> done;
      std::vector<connection_ptr> opened;
      {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto taken = ::read(bell, &count, sizeof count);
        const std::scoped_lock lock(mutex);
        if (stopping) break;
        done.swap(acknowledgements);
        opened.swap(fresh);
      }
      acknowledge(all, done);
      more = false;
      const auto now = std::chrono::steady_clock::now();
      for (std::size_t i = 0; i < all.size(); ++i) {
        auto& each = all[i];
        if (!each->link) continue;  // it failed while acknowledging
        const bool due = sockets[i + 1].revents != 0 || each->link->has_more() ||
                         now - each->looked_at >= between_looks;
        if (each->let_go || due) more = turn(each, now) || more;
      }
      std::erase_if(all, [](const auto& each) { return !each->link; });
      for (auto& each : opened) begin(all, std::move(each));
      more = more || !opened.empty();
    }
    for (auto& each : all) each->link.reset();
  }

  void begin(std::vector<connection_ptr>& all, connection_ptr each) {
    if (each->let_go) return part(each);
    each->listener->opened(each->link->refused());
    all.push_back(std::move(each));
  }

  // Whether there may be more to read at once.
  bool turn(const connection_ptr& each, std::chrono::steady_clock::time_point now) {
    each->looked_at = now;
    for (std::size_t i = 0; i < frames_at_once; ++i) {
      if (each->let_go) {
        part(each);
        return false;
      }
      std::optional<delivery> complete;
      const auto stepped = each->link->step(complete);
      if (!stepped) {
        fail(each, stepped.error());
        return false;
      }
      if (!*stepped) return false;
      if (complete) each->listener->arrived(*std::move(complete));
    }
    return true;
  }

  static void fail(const connection_ptr& each, const error& why) {
    each->link.reset();
    if (!each->let_go) each->listener->closed(why);
    each->listener.reset();
  }

  // Those who connect say good-bye, since that waits for an answer.
  void part(const connection_ptr& each) {
    each->listener.reset();
    auto leaving = std::make_shared<connection>();
    leaving->link = std::move(each->link);
    const std::scoped_lock lock(mutex);
    to_close.push_back(std::move(leaving));
    work.notify_one();
  }

  static void acknowledge(const std::vector<connection_ptr>& all,
                          std::vector<acknowledgement>& done) {
    for (auto& each : done) {
      const auto known = std::ranges::find(all, each.of);
      if (known == all.end() || !each.of->link) {
        each.then(over());
        continue;
      }
      auto sent = each.of->link->acknowledge(each.channel, each.tag);
      if (!sent) fail(each.of, sent.error());
      each.then(std::move(sent));
    }
  }
};

namespace {

class handle final : public broker_connection {
 public:
  handle(connection_ptr of, std::function<void(acknowledgement)> acknowledge,
         std::function<void()> ring)
      : of_(std::move(of)), acknowledge_(std::move(acknowledge)), ring_(std::move(ring)) {}
  ~handle() override {
    of_->let_go = true;
    ring_();
  }
  void acknowledge(std::uint16_t channel, std::uint64_t tag,
                   std::function<void(result<void>)> then) override {
    acknowledge_({of_, channel, tag, std::move(then)});
  }

 private:
  connection_ptr of_;
  std::function<void(acknowledgement)> acknowledge_;
  std::function<void()> ring_;
};

}  // namespace

broker_io::broker_io(spool_factory& spools, broker_threads threads)
    : parts_(std::make_shared<parts>(spools, threads)) {}

broker_io::~broker_io() {
  std::unique_lock lock(parts_->mutex);
  parts_->stopping = true;
  std::vector<acknowledgement> left;
  left.swap(parts_->acknowledgements);
  if (!parts_->started) return;
  parts_->work.notify_all();
  parts_->ring();
  // One that looks up a name or connects is not waited for; it finds that it is over and ends.
  parts_->ended.wait_for(lock, patience_at_end, [this] { return parts_->running == 0; });
  lock.unlock();
  for (auto& each : left) each.then(over());
}

std::unique_ptr<broker_connection> broker_io::open(broker_options options,
                                                   std::shared_ptr<broker_listener> listener) {
  auto made = std::make_shared<connection>();
  made->options = std::move(options);
  made->listener = std::move(listener);
  {
    const std::scoped_lock lock(parts_->mutex);
    parts_->start();
    parts_->to_open.push_back(made);
    parts_->work.notify_one();
  }
  const auto own = parts_;
  return std::make_unique<handle>(
      made,
      [own](acknowledgement one) {
        {
          const std::scoped_lock lock(own->mutex);
          if (!own->stopping) {
            own->acknowledgements.push_back(std::move(one));
            own->ring();
            return;
          }
        }
        one.then(over());
      },
      [own] { own->ring(); });
}

}  // namespace kp::dpfio
