#pragma once

#include "config/clock.hpp"
#include "config/ids.hpp"
#include "storage/engine.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// What was answered to requests that clients marked with a key of their own, so that a repeated one
// gets the same answer instead of being done twice. Written in the same commit as what the request
// did.

namespace kp::storage {

struct idempotent_answer {
  std::string content;  // SHA-256 of what was asked, 32 bytes
  message_id message;   // that it made
  std::uint32_t status = 0;
  std::string content_type;
  std::string body;
  time_point expires{};
};
std::string encode(const idempotent_answer&);
// Errors: as the other records (storage/codec.hpp).
result<idempotent_answer> decode_idempotent_answer(std::string_view bytes);

class idempotent_answers {
 public:
  idempotent_answers(const engine& store, organisation_id organisation);

  // `key`: SHA-256 of the client's key, 32 bytes. Also finds one that has expired and not been
  // swept yet.
  result<std::optional<idempotent_answer>> find(channel_number, std::string_view key) const;
  // In place of `before`, which must be what find() said (compare and set).
  void put(batch&, channel_number, std::string_view key,
           const std::optional<idempotent_answer>& before, const idempotent_answer& after) const;
  // Removes at most `limit` that have expired at `now`; true when there may be more. Requires that
  // they have not been replaced.
  result<bool> sweep(batch&, channel_number, time_point now, std::size_t limit) const;

 private:
  const engine& store_;
  organisation_id organisation_;
};

}  // namespace kp::storage
