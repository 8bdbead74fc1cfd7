#include "tenants/directory.hpp"

#include "config/text.hpp"
#include "tenants/api_key.hpp"
#include "tenants/password.hpp"

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

namespace {

// No part has a line break in it.
std::string token_key(std::string_view issuer, std::string_view consumer,
                      std::string_view client_id) {
  std::string key(issuer);
  key.append("\n").append(consumer).append("\n").append(client_id);
  return key;
}

}  // namespace

struct directory::index {
  struct entry {
    directory::seat seat;
    mutable std::mutex mutex;
    std::string remembered;  // keyed hash of the right password, empty until it has been seen

    bool remembers(std::string_view digest) const {
      const std::scoped_lock lock(mutex);
      return equals_in_constant_time(remembered, digest);
    }
  };
  template <class T>
  using by_text = std::unordered_map<std::string, T, text_hash, std::equal_to<>>;

  by_text<entry> users;
  by_text<directory::seat> api_keys;             // by public part
  by_text<directory::seat> certificates;         // by fingerprint
  by_text<directory::seat> subjects;             // of certificates
  by_text<std::vector<directory::seat>> tokens;  // by token_key
  std::unordered_map<organisation_id, std::shared_ptr<const organisation>> organisations;

  void add(const directory::seat& seat) {
    const auto& one = *seat.by;
    switch (one.kind()) {
      case credential_kind::password:
        if (const auto [at, is_new] = users.try_emplace(one.user); is_new) at->second.seat = seat;
        break;
      case credential_kind::api_key:
        api_keys.try_emplace(one.api_key, seat);
        break;
      case credential_kind::certificate:
        if (one.certificate_sha256.empty())
          subjects.try_emplace(one.certificate_subject, seat);
        else
          certificates.try_emplace(one.certificate_sha256, seat);
        break;
      case credential_kind::token:
        tokens[token_key(one.issuer, one.consumer, one.client_id)].push_back(seat);
        break;
      case credential_kind::none:
        break;
    }
  }
};

directory::directory(std::vector<std::shared_ptr<const organisation>> organisations)
    : organisations_(std::move(organisations)), index_(std::make_shared<index>()) {
  for (const auto& owner : organisations_) {
    index_->organisations.emplace(owner->id, owner);
    for (const auto& channel : owner->channels)
      for (const auto& one : channel.credentials) index_->add({owner, &channel, &one});
  }
  nobodys_hash();  // made now rather than in somebody's first request
}

directory::directory(std::vector<std::shared_ptr<const organisation>> organisations,
                     const directory& previous)
    : directory(std::move(organisations)) {
  for (auto& [user, now] : index_->users) {
    const auto before = previous.index_->users.find(user);
    if (before == previous.index_->users.end() ||
        before->second.seat.by->password_hash != now.seat.by->password_hash)
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
  const bool right =
      verify_password(password, found ? at->second.seat.by->password_hash : nobodys_hash());
  if (!found || !right) return std::nullopt;
  auto digest = keyed_hash(user, password);
  {
    const std::scoped_lock lock(at->second.mutex);
    at->second.remembered = std::move(digest);
  }
  if (!inside(at->second.seat, within)) return std::nullopt;
  return at->second.seat;
}

std::optional<directory::seat> directory::with_api_key(std::string_view key,
                                                       const scope& within) const {
  const auto id = api_key_id(key);
  const auto at = id ? index_->api_keys.find(*id) : index_->api_keys.end();
  if (at == index_->api_keys.end()) return std::nullopt;
  if (!equals_in_constant_time(sha256_hex_of(key), at->second.by->api_key_hash))
    return std::nullopt;
  if (!inside(at->second, within)) return std::nullopt;
  return at->second;
}

std::optional<directory::seat> directory::with_certificate(std::string_view sha256,
                                                           std::string_view subject,
                                                           const scope& within) const {
  auto at = index_->certificates.find(sha256);
  if (at == index_->certificates.end()) {
    at = index_->subjects.find(subject);
    if (at == index_->subjects.end()) return std::nullopt;
  }
  if (!inside(at->second, within)) return std::nullopt;
  return at->second;
}

std::vector<directory::seat> directory::with_token(const token_holder& holder,
                                                   const scope& within) const {
  std::vector<seat> found;
  // The narrowest first.
  for (const auto& [consumer, client] : {std::pair{holder.consumer, holder.client_id},
                                         {holder.consumer, std::string()},
                                         {std::string(), holder.client_id}}) {
    if (consumer.empty() && client.empty()) continue;
    const auto at = index_->tokens.find(token_key(holder.issuer, consumer, client));
    if (at == index_->tokens.end()) continue;
    for (const auto& each : at->second) {
      if (!holder.scopes.contains(each.by->scope) || !inside(each, within)) continue;
      const auto same = [&](const seat& other) { return other.channel == each.channel; };
      if (std::ranges::none_of(found, same)) found.push_back(each);
    }
  }
  return found;
}

std::shared_ptr<const organisation> directory::find(organisation_id id) const {
  const auto at = index_->organisations.find(id);
  return at == index_->organisations.end() ? nullptr : at->second;
}

}  // namespace kp::tenants
