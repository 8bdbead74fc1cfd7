#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

// Keys and certificates of thousands of organisations rest as DER, a quarter of the size of
// OpenSSL's objects. Inside the room only.

namespace kp::crypto::detail {

// Keeps what was parsed last; the oldest of a thousand makes room.
void keep_a_while(std::shared_ptr<const void> parsed);

// An object of OpenSSL that is parsed from its DER when it is used. Safe to use from several
// threads.
template <class T>
class parsed_when_used {
 public:
  using parser = std::shared_ptr<T> (*)(const std::string& der);  // of what was a T before

  // Without DER (a key that cannot leave its provider) the object itself is kept.
  parsed_when_used(std::string der, std::shared_ptr<T> parsed, parser parse)
      : der_(std::move(der)), parse_(parse), parsed_(parsed) {
    if (der_.empty())
      always_ = std::move(parsed);
    else
      keep_a_while(std::move(parsed));
  }

  std::shared_ptr<T> get() const {
    const std::scoped_lock lock(guard_);
    if (auto known = parsed_.lock()) return known;
    auto fresh = parse_(der_);
    parsed_ = fresh;
    keep_a_while(fresh);
    return fresh;
  }
  std::string& der() { return der_; }
  const std::string& der() const { return der_; }

 private:
  std::string der_;
  parser parse_;
  std::shared_ptr<T> always_;
  mutable std::mutex guard_;
  mutable std::weak_ptr<T> parsed_;
};

}  // namespace kp::crypto::detail
