#pragma once

#include "config/clock.hpp"
#include "config/ids.hpp"
#include "storage/records.hpp"
#include "storage/storage_error.hpp"

#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

// The bytes of records. A record is a version byte and then its fields in order:
//   integers         LEB128 varints of unsigned 64 bits
//   times            microseconds since 1970 as a zigzag varint
//   enums and bools  one byte
//   texts and ids    varint length, bytes
//   optionals        one byte 0 or 1, then the value
//   lists            varint count, then the values
// Each record's fields are listed once, as fields(archive, record), for reading and writing alike.

namespace kp::storage {

// Whether the byte is a value of the enum; a stored byte that is not is corruption.
constexpr bool is_known(service v) {
  return v <= service::dph;
}
constexpr bool is_known(direction v) {
  return v == direction::outgoing || v == direction::incoming;
}
constexpr bool is_known(content_state v) {
  return v <= content_state::unreadable;
}
constexpr bool is_known(status_name v) {
  return v <= status_name::innkommende_levert;
}
constexpr bool is_known(outbox_kind v) {
  return v == outbox_kind::message || v == outbox_kind::status;
}
constexpr bool is_known(transfer_state v) {
  return v >= transfer_state::downloading && v <= transfer_state::left_alone;
}

template <class T>
concept byte_enum = std::is_enum_v<T> && sizeof(T) == 1;

class record_writer {
 public:
  explicit record_writer(std::uint8_t version) : version_(version) {
    bytes_.reserve(usual_record_size);
    byte(version);
  }
  template <class... Fields>
  void operator()(const Fields&... all) {
    (put(all), ...);
  }
  std::uint8_t version() const { return version_; }
  std::string take() && { return std::move(bytes_); }

 private:
  static constexpr std::size_t usual_record_size = 256;

  void byte(std::uint8_t v) { bytes_.push_back(static_cast<char>(v)); }
  void put(bool v) { byte(v ? 1 : 0); }
  void put(std::uint32_t v) { put(std::uint64_t{v}); }
  void put(std::uint64_t v) {
    for (; v >= 0x80; v >>= 7) byte(static_cast<std::uint8_t>(v | 0x80));
    byte(static_cast<std::uint8_t>(v));
  }
  void put(time_point v) {
    const std::int64_t n = v.time_since_epoch().count();
    put((static_cast<std::uint64_t>(n) << 1) ^ static_cast<std::uint64_t>(n >> 63));
  }
  void put(const std::string& v) {
    put(std::uint64_t{v.size()});
    bytes_.append(v);
  }
  template <class Tag>
  void put(const uuid_id<Tag>& v) {
    put(v.to_string());
  }
  void put(channel_number v) { put(static_cast<std::uint32_t>(v)); }
  void put(byte_enum auto v) { byte(static_cast<std::uint8_t>(v)); }
  template <class T>
  void put(const std::optional<T>& v) {
    put(v.has_value());
    if (v) put(*v);
  }
  template <class T>
  void put(const std::vector<T>& v) {
    put(std::uint64_t{v.size()});
    for (const auto& each : v) put(each);
  }
  template <class Record>
    requires std::is_class_v<Record>
  void put(const Record& v) {
    fields(*this, v);
  }

  std::uint8_t version_;
  std::string bytes_;
};

class record_reader {
 public:
  explicit record_reader(std::string_view bytes) : left_(bytes) { version_ = byte(); }

  template <class... Fields>
  void operator()(Fields&... all) {
    (take(all), ...);
  }
  std::uint8_t version() const { return version_; }  // 0: none
  // Everything was well formed and has been read.
  bool complete() const { return good_ && left_.empty(); }

 private:
  std::uint8_t byte() {
    if (left_.empty()) {
      good_ = false;
      return 0;
    }
    const auto v = static_cast<std::uint8_t>(left_.front());
    left_.remove_prefix(1);
    return v;
  }
  void take(bool& v) {
    const auto b = byte();
    v = b == 1;
    good_ = good_ && b <= 1;
  }
  void take(std::uint64_t& v) {
    v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto b = byte();
      v |= std::uint64_t{b & 0x7fu} << shift;
      if (shift == 63 && b > 1) break;
      if (b < 0x80) return;
    }
    good_ = false;
  }
  void take(std::uint32_t& v) {
    std::uint64_t wide = 0;
    take(wide);
    v = static_cast<std::uint32_t>(wide);
    good_ = good_ && v == wide;
  }
  void take(time_point& v) {
    std::uint64_t n = 0;
    take(n);
    v = time_point(std::chrono::microseconds(static_cast<std::int64_t>((n >> 1) ^ (~(n & 1) + 1))));
  }
  void take(std::string& v) {
    std::uint64_t size = 0;
    take(size);
    if (!good_ || size > left_.size()) {
      good_ = false;
      return;
    }
    v.assign(left_.substr(0, static_cast<std::size_t>(size)));
    left_.remove_prefix(static_cast<std::size_t>(size));
  }
  template <class Tag>
  void take(uuid_id<Tag>& v) {
    std::string text;
    take(text);
    if (text.empty()) return;  // the id of nothing
    if (auto id = uuid_id<Tag>::parse(text))
      v = *std::move(id);
    else
      good_ = false;
  }
  void take(channel_number& v) {
    std::uint32_t n = 0;
    take(n);
    v = channel_number{n};
  }
  template <byte_enum Enum>
  void take(Enum& v) {
    v = static_cast<Enum>(byte());
    good_ = good_ && is_known(v);
  }
  template <class T>
  void take(std::optional<T>& v) {
    bool there = false;
    take(there);
    if (there && good_) take(v.emplace());
  }
  template <class T>
  void take(std::vector<T>& v) {
    std::uint64_t count = 0;
    take(count);
    if (count > left_.size()) good_ = false;  // each takes a byte at least
    for (std::uint64_t i = 0; good_ && i < count; ++i) take(v.emplace_back());
  }
  template <class Record>
    requires std::is_class_v<Record>
  void take(Record& v) {
    fields(*this, v);
  }

  std::string_view left_;
  bool good_ = true;
  std::uint8_t version_ = 0;
};

template <class Record>
std::string encode_record(std::uint8_t version, const Record& record) {
  record_writer writer(version);
  fields(writer, record);
  return std::move(writer).take();
}

// `name` is for the sentence. Errors: unknown_format (a version beyond `newest`), corrupt.
template <class Record>
result<Record> decode_record(std::string_view bytes, std::uint8_t newest, std::string_view name) {
  record_reader reader(bytes);
  const auto version = reader.version();
  if (version > newest)
    return permanent(storage_errc::unknown_format,
                     fmt::format("stored {} has version {}, and this program knows versions up to "
                                 "{}; a newer one has written it",
                                 name, version, newest));
  Record record;
  if (version > 0) fields(reader, record);
  if (version == 0 || !reader.complete())
    return permanent(storage_errc::corrupt, fmt::format("stored {} cannot be read", name));
  return record;
}

}  // namespace kp::storage
