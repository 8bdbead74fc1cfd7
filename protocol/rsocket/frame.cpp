#include "protocol/rsocket/frame.hpp"

#include <fmt/format.h>

namespace kp::rsocket {

namespace {

constexpr std::size_t length_bytes = 3;
constexpr std::size_t header_bytes = 6;
constexpr std::uint32_t stream_mask = 0x7fffffff;
constexpr std::uint16_t flag_mask = 0x3ff;
constexpr unsigned flag_bits = 10;

void put(std::string& to, std::uint64_t value, std::size_t bytes) {
  for (std::size_t left = bytes; left > 0; --left)
    to.push_back(static_cast<char>(value >> (8 * (left - 1)) & 0xff));
}

std::uint64_t take(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

error bad(std::string_view what) {
  return permanent(rsocket_errc::bad_frame, fmt::format("this is no RSocket frame: {}", what));
}

}  // namespace

std::string encode(const frame& one) {
  std::string out;
  out.reserve(length_bytes + header_bytes + one.body.size());
  put(out, header_bytes + one.body.size(), length_bytes);
  put(out, one.stream & stream_mask, 4);
  put(out, static_cast<std::uint64_t>(one.type) << flag_bits | (one.flags & flag_mask), 2);
  out += one.body;
  return out;
}

frame make_setup(const setup& wanted) {
  frame out;
  out.type = frame_type::setup;
  put(out.body, 1, 2);
  put(out.body, 0, 2);
  put(out.body, static_cast<std::uint64_t>(wanted.keepalive.count()), 4);
  put(out.body, static_cast<std::uint64_t>(wanted.lifetime.count()), 4);
  for (const auto& type : {wanted.metadata_type, wanted.data_type}) {
    put(out.body, type.size(), 1);
    out.body += type;
  }
  return out;
}

frame make_keepalive(bool respond, std::string_view data) {
  frame out;
  out.type = frame_type::keepalive;
  out.flags = respond ? flag::respond : std::uint16_t{0};
  put(out.body, 0, 8);  // the position, which counts when connections are resumed only
  out.body += data;
  return out;
}

result<frame> make_request(std::uint32_t stream, frame_type type, std::string_view metadata,
                           std::string_view data) {
  if (header_bytes + length_bytes + metadata.size() + data.size() > longest_frame)
    return permanent(rsocket_errc::too_large, "a request is larger than an RSocket frame can be");
  frame out;
  out.stream = stream;
  out.type = type;
  out.flags = flag::metadata;
  put(out.body, metadata.size(), length_bytes);
  out.body += metadata;
  out.body += data;
  return out;
}

result<content> content_of(const frame& one) {
  content out;
  std::string_view left = one.body;
  if (one.has(flag::metadata)) {
    if (left.size() < length_bytes) return bad("the length of metadata is missing");
    const auto size = static_cast<std::size_t>(take(left, 0, length_bytes));
    left.remove_prefix(length_bytes);
    if (left.size() < size) return bad("metadata is cut");
    out.metadata = std::string(left.substr(0, size));
    left.remove_prefix(size);
  }
  out.data = std::string(left);
  return out;
}

result<failure> failure_of(const frame& one) {
  if (one.body.size() < 4) return bad("an error without a code");
  return failure{static_cast<std::uint32_t>(take(one.body, 0, 4)), one.body.substr(4)};
}

result<std::optional<frame>> frame_reader::next() {
  if (bytes_.size() < length_bytes) return std::optional<frame>{};
  const auto size = static_cast<std::size_t>(take(bytes_, 0, length_bytes));
  if (size > longest_)
    return permanent(rsocket_errc::too_large, fmt::format("a frame of {} bytes came", size));
  if (size < header_bytes) return bad("shorter than its header");
  if (bytes_.size() < length_bytes + size) return std::optional<frame>{};
  const std::string_view whole = std::string_view(bytes_).substr(length_bytes, size);
  frame out;
  const auto stream = take(whole, 0, 4);
  if (stream > stream_mask) return bad("the number of its stream is too high");
  out.stream = static_cast<std::uint32_t>(stream);
  const auto kind = take(whole, 4, 2);
  out.type = static_cast<frame_type>(kind >> flag_bits);
  out.flags = static_cast<std::uint16_t>(kind & flag_mask);
  out.body = std::string(whole.substr(header_bytes));
  bytes_.erase(0, length_bytes + size);
  return std::optional<frame>{std::move(out)};
}

}  // namespace kp::rsocket
