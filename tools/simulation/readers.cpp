#include "storage/keys.hpp"
#include "storage/lease.hpp"
#include "tools/simulation/clients.hpp"
#include "tools/simulation/town.hpp"

#include <boost/json.hpp>

namespace kp::simulation {

namespace {

using namespace std::chrono_literals;
using namespace kp::actors;
namespace json = boost::json;

std::string id_in(const std::string& body) {
  boost::system::error_code failed;
  const auto document = json::parse(body, failed);
  if (failed) return {};
  const auto* id = document.find_pointer(
      "/standardBusinessDocumentHeader/documentIdentification/instanceIdentifier", failed);
  return id && id->is_string() ? std::string(id->get_string()) : std::string();
}

class reader : public std::enable_shared_from_this<reader> {
 public:
  reader(world& in, std::size_t organisation, std::size_t channel)
      : in_(in), organisation_(organisation), channel_(channel) {}

  void next() {
    think(in_, 1s, 90s, [me = shared_from_this()] { me->peek(); });
  }

 private:
  using maybe = std::optional<api_answer>;

  void call(endpoint what, const std::string& argument, void (reader::*handle)(const maybe&)) {
    in_.call(organisation_, channel_, {what, "/api/messages/in", argument, {}, {}, {}},
             [me = shared_from_this(), handle](const maybe& answer) { ((*me).*handle)(answer); });
  }
  void say(const char* what) {
    in_.on.say("reader {} {} {} {}", organisation_, channels[channel_].name, what, letter_->id);
  }

  void peek() {
    asked_ = in_.on.now();
    call(endpoint::peek, {}, &reader::peeked);
  }
  void peeked(const maybe& answer) {
    if (!answer || answer->status != 200) {
      if (answer && answer->status < 500 && answer->status != 204)
        in_.on.finding("peek: {} {}", answer->status, answer->body);
      return next();
    }
    const auto id = id_in(answer->body);
    letter_ = in_.all.find(id);
    if (!letter_) return in_.on.finding("peek gives {}, which nobody wrote", id);
    say("peeks");
    check_peeked();
    const auto roll = in_.on.chance.below(100);
    if (roll < 45) return pop();
    if (roll < 75) return remove();
    if (roll < 85) return next();  // forgets about it
    think(in_, lock_timeout - 30s, lock_timeout + 2min,
          [me = shared_from_this()] { me->remove(); });
  }
  void check_peeked() {
    auto& l = *letter_;
    if (l.to != organisation_) in_.on.finding("{} is peeked by {}", l.id, organisation_);
    if (!l.send_tried) in_.on.finding("{} is peeked, and was never sent", l.id);
    if (l.removed) in_.on.finding("{} is peeked, and was removed before it was sent", l.id);
    if (l.deleted != 0) in_.on.finding("{} is peeked after its deletion was acknowledged", l.id);
    if (in_.on.now() < l.locked_until) in_.on.finding("{} is peeked while it is locked", l.id);
    l.locked_until = asked_ + lock_timeout;
    const auto key = storage::key_builder(id_of(organisation_), storage::record_kind::inbound_lock)
                         .text(l.id)
                         .str();
    const auto lock = storage::read_lease(*in_.kept.store, key).value();
    if (!lock) return;  // its time has passed while the answer was on its way
    if (lock->fence <= l.lock_fence)
      in_.on.finding("the lock of {} has fence {} after {}", l.id, lock->fence, l.lock_fence);
    l.lock_fence = lock->fence;
  }

  void pop() { call(endpoint::pop, letter_->id, &reader::popped); }
  void popped(const maybe& answer) {
    if (!answer || answer->status >= 500) return next();
    if (answer->status == 200) {
      const auto& ref = answer->content;
      const auto kept = ref ? in_.kept.files.find(ref->id) : in_.kept.files.end();
      if (kept == in_.kept.files.end())
        in_.on.finding("{} is popped, and its content is gone", letter_->id);
      else if (kept->second != packed(letter_->files))
        in_.on.finding("{} is popped with other content", letter_->id);
    } else if (answer->status == 204 ? !letter_->files.empty() : !may_be_gone()) {
      in_.on.finding("pop {}: {} {}", letter_->id, answer->status, answer->body);
    }
    remove();
  }

  // Its lock may have ended, or it has expired unread or was deleted by another reader.
  bool may_be_gone() const {
    return in_.on.now() >= asked_ + lock_timeout || in_.on.now() >= letter_->expires ||
           letter_->delete_tried;
  }
  void remove() {
    may_be_gone_ = may_be_gone();
    letter_->delete_tried = true;
    call(endpoint::remove_in, letter_->id, &reader::removed);
  }
  void removed(const maybe& answer) {
    if (!answer || answer->status >= 500) {
      if (in_.on.chance.chance(50)) return next();
      return think(in_, 1s, 20s, [me = shared_from_this()] { me->remove(); });
    }
    if (answer->status == 200) {
      say("deletes");
      if (++letter_->deleted > 1) in_.on.finding("{} is deleted twice", letter_->id);
      if (!letter_->about && in_.on.chance.chance(25))
        write_receipt(in_, organisation_, channel_, *letter_);
    } else if (!may_be_gone_ && !may_be_gone_now()) {
      in_.on.finding("delete {}: {} {}", letter_->id, answer->status, answer->body);
    }
    next();
  }
  bool may_be_gone_now() const {
    return in_.on.now() >= asked_ + lock_timeout || in_.on.now() >= letter_->expires;
  }

  world& in_;
  std::size_t organisation_, channel_;
  letter* letter_ = nullptr;
  time_point asked_{};
  bool may_be_gone_ = false;
};

}  // namespace

void begin_reader(world& in, std::size_t organisation, std::size_t channel) {
  std::make_shared<reader>(in, organisation, channel)->next();
}

}  // namespace kp::simulation
