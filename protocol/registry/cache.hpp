#pragma once

#include "config/clock.hpp"

#include <list>
#include <map>
#include <utility>

namespace kp::registry {

// The last `bound` answers by use; least recently used leave first.
template <class Key, class Value>
class recent {
 public:
  explicit recent(std::size_t bound) : bound_(bound) {}

  // What was kept less than `age` before `now`, or nullptr. Good until the next call.
  template <class Duration>
  const Value* find(const Key& key, time_point now, Duration age) {
    const auto found = places_.find(key);
    if (found == places_.end() || now - found->second->since >= age) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->value;
  }
  void keep(const Key& key, Value value, time_point now) {
    if (bound_ == 0) return;
    drop(key);
    if (entries_.size() >= bound_) drop(Key(entries_.back().key));
    entries_.push_front({key, std::move(value), now});
    places_[key] = entries_.begin();
  }
  void drop(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return;
    entries_.erase(found->second);
    places_.erase(found);
  }

 private:
  struct entry {
    Key key;
    Value value;
    time_point since;
  };
  std::size_t bound_;
  std::list<entry> entries_;
  std::map<Key, typename std::list<entry>::iterator> places_;
};

}  // namespace kp::registry
