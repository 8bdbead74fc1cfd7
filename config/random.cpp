#include "config/random.hpp"

#include <openssl/rand.h>

#include <cstdlib>
#include <cstring>
#include <mutex>

namespace kp {

namespace {

class secure_random final : public random_source {
 public:
  std::string bytes(std::size_t count) override {
    std::string out(count, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) != 1)
      std::abort();
    return out;
  }
};

class seeded_random final : public random_source {
 public:
  explicit seeded_random(std::uint64_t seed) : engine_(seed) {}
  std::string bytes(std::size_t count) override {
    const std::scoped_lock lock(mutex_);
    std::string out(count, '\0');
    for (auto& c : out) c = static_cast<char>(engine_() & 0xff);
    return out;
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace

std::string random_source::uuid() {
  auto raw = bytes(16);
  raw[6] = static_cast<char>((raw[6] & 0x0f) | 0x40);
  raw[8] = static_cast<char>((raw[8] & 0x3f) | 0x80);
  constexpr char hex[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    const auto byte = static_cast<unsigned char>(raw[i]);
    text += hex[byte >> 4];
    text += hex[byte & 0x0f];
  }
  return text;
}

message_id random_source::new_message_id() {
  return *message_id::parse(uuid());
}

conversation_id random_source::new_conversation_id() {
  return *conversation_id::parse(uuid());
}

double random_source::unit() {
  const auto raw = bytes(8);
  std::uint64_t value = 0;
  std::memcpy(&value, raw.data(), sizeof value);
  return static_cast<double>(value >> 11) * 0x1.0p-53;
}

std::shared_ptr<random_source> make_secure_random() {
  return std::make_shared<secure_random>();
}

std::shared_ptr<random_source> make_seeded_random(std::uint64_t seed) {
  return std::make_shared<seeded_random>(seed);
}

}  // namespace kp
