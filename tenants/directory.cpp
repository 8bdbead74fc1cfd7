#include "tenants/directory.hpp"

#include "config/text.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <mutex>
#include <new>
#include <unordered_map>

namespace kp::tenants {

namespace {

struct text_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

// HMAC-SHA-256 under a key that this process alone has and that is nowhere else than in its memory.
std::string keyed_hash(std::string_view user, std::string_view password) {
  static const std::string key = make_secure_random()->bytes(32);
  // No user name has a zero byte in it, so the two cannot run into each other.
  std::string both;
  both.reserve(user.size() + 1 + password.size());
  both.append(user).push_back('\0');
  both.append(password);
  std::string digest(32, '\0');
  unsigned int size = 0;
  const auto* done = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                          reinterpret_cast<const unsigned char*>(both.data()), both.size(),
                          reinterpret_cast<unsigned char*>(digest.data()), &size);
  wipe(both);
  if (!done) throw std::bad_alloc();  // SHA-256 is always there
  return digest;
}

// What an unknown user's password is compared with, so that it costs what a known one costs.
const std::string& nobodys_hash() {
  static const std::string hash =
      hash_password(make_secure_random()->bytes(32), *make_secure_random());
  return hash;
}

bool inside(const directory::seat& seat, const directory::scope& scope) {
  return (!scope.organisation || *scope.organisation == seat.owner->id) &&
         (!scope.channel || *scope.channel == seat.channel->name);
}

}  // namespace

struct directory::index {
  struct entry {
    directory::seat seat;
    const std::string* password_hash = nullptr;  // in the organisation that `seat` owns
    mutable std::mutex mutex;
    std::string remembered;  // keyed hash of the right password, empty until it has been seen

    bool remembers(std::string_view digest) const {
      const std::scoped_lock lock(mutex);
      return equals_in_constant_time(remembered, digest);
    }
  };
  std::unordered_map<std::string, entry, text_hash, std::equal_to<>> users;
  std::unordered_map<organisation_id, std::shared_ptr<const organisation>> organisations;
};

directory::directory(std::vector<std::shared_ptr<const organisation>> organisations)
    : organisations_(std::move(organisations)), index_(std::make_shared<index>()) {
  for (const auto& owner : organisations_) {
    index_->organisations.emplace(owner->id, owner);
    for (const auto& channel : owner->channels)
      for (const auto& credential : channel.credentials) {
        const auto [at, is_new] = index_->users.try_emplace(credential.user);
        if (!is_new) continue;
        at->second.seat = {owner, &channel};
        at->second.password_hash = &credential.password_hash;
      }
  }
  nobodys_hash();  // made now rather than in somebody's first request
}

directory::directory(std::vector<std::shared_ptr<const organisation>> organisations,
                     const directory& previous)
    : directory(std::move(organisations)) {
  for (auto& [user, now] : index_->users) {
    const auto before = previous.index_->users.find(user);
    if (before == previous.index_->users.end() ||
        *before->second.password_hash != *now.password_hash)
      continue;
    const std::scoped_lock lock(before->second.mutex);
    now.remembered = before->second.remembered;
  }
}

std::optional<directory::seat> directory::known(std::string_view user, std::string_view password,
                                                const scope& within) const {
  const auto digest = keyed_hash(user, password);
  const auto at = index_->users.find(user);
  if (at == index_->users.end() || !at->second.remembers(digest)) return std::nullopt;
  if (!inside(at->second.seat, within)) return std::nullopt;
  return at->second.seat;
}

std::optional<directory::seat> directory::authenticate(std::string_view user,
                                                       std::string_view password,
                                                       const scope& within) const {
  if (auto remembered = known(user, password, within)) return remembered;
  const auto at = index_->users.find(user);
  const bool found = at != index_->users.end();
  const bool right = verify_password(password, found ? *at->second.password_hash : nobodys_hash());
  if (!found || !right) return std::nullopt;
  auto digest = keyed_hash(user, password);
  {
    const std::scoped_lock lock(at->second.mutex);
    at->second.remembered = std::move(digest);
  }
  if (!inside(at->second.seat, within)) return std::nullopt;
  return at->second.seat;
}

std::shared_ptr<const organisation> directory::find(organisation_id id) const {
  const auto at = index_->organisations.find(id);
  return at == index_->organisations.end() ? nullptr : at->second;
}

}  // namespace kp::tenants
