#include "storage/keys.hpp"

#include "storage/big_endian.hpp"

namespace kp::storage {
namespace {

constexpr std::size_t usual_key_size = 64;

constexpr std::uint64_t sign_bit = 1ULL << 63;

}  // namespace

key_builder::key_builder(organisation_id organisation, record_kind kind) {
  key_.reserve(usual_key_size);
  append_big_endian(key_, organisation.number());
  key_.push_back(static_cast<char>(kind));
}

key_builder& key_builder::u8(std::uint8_t value) & {
  key_.push_back(static_cast<char>(value));
  return *this;
}

key_builder& key_builder::u32(std::uint32_t value) & {
  append_big_endian(key_, value);
  return *this;
}

key_builder& key_builder::u64(std::uint64_t value) & {
  append_big_endian(key_, value);
  return *this;
}

key_builder& key_builder::time(time_point value) & {
  return u64(static_cast<std::uint64_t>(value.time_since_epoch().count()) ^ sign_bit);
}

key_builder& key_builder::text(std::string_view value) & {
  key_.append(value);
  return *this;
}

key_builder& key_builder::text_part(std::string_view value) & {
  key_.append(value).push_back('\0');
  return *this;
}

std::uint64_t key_reader::integer(std::size_t bytes) {
  if (key_.size() < bytes) {
    whole_ = false;
    key_ = {};
    return 0;
  }
  std::uint64_t value = 0;
  for (const char c : key_.substr(0, bytes)) value = value << 8 | static_cast<unsigned char>(c);
  key_.remove_prefix(bytes);
  return value;
}

time_point key_reader::time() {
  return time_point(std::chrono::microseconds(static_cast<std::int64_t>(u64() ^ sign_bit)));
}

std::string prefix_end(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (end.empty()) return std::string(usual_key_size, '\xff');
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

std::string organisation_begin(organisation_id organisation) {
  return to_big_endian(organisation.number());
}

std::string organisation_end(organisation_id organisation) {
  return to_big_endian(organisation.number() + 1);
}

}  // namespace kp::storage
