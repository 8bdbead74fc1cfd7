#include "protocol/crypto/ber_input.hpp"

#include "protocol/crypto/crypto_error.hpp"
#include "protocol/crypto/der.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace kp::crypto::detail {

namespace {

error malformed(const char* what) {
  return permanent(crypto_errc::bad_format, what);
}

}  // namespace

result<bool> ber_input::fill() {
  if (used_ < filled_) return true;
  base_ += filled_;
  used_ = filled_ = 0;
  KP_TRY(filled_, from_.read(buffer_));
  return filled_ > 0;
}

std::uint64_t ber_input::end() const {
  return frames_.empty() ? std::numeric_limits<std::uint64_t>::max() : frames_.back().end;
}

result<unsigned char> ber_input::byte() {
  if (position() >= end()) return malformed("an ASN.1 element ends too early");
  KP_TRY(const bool more, fill());
  if (!more) return malformed("the content is cut off");
  return static_cast<unsigned char>(buffer_[used_++]);
}

result<unsigned char> ber_input::peek() {
  if (position() >= end()) {
    if (frames_.back().indefinite) return malformed("an ASN.1 element ends too early");
    return static_cast<unsigned char>(0);
  }
  KP_TRY(const bool more, fill());
  if (!more) return malformed("the content is cut off");
  return static_cast<unsigned char>(buffer_[used_]);
}

result<bool> ber_input::at_end() {
  KP_TRY(const auto identifier, peek());
  return identifier == 0;
}

result<ber_input::header> ber_input::read_header() {
  header found;
  KP_TRY(found.identifier, byte());
  if ((found.identifier & 0x1f) == 0x1f) return malformed("an ASN.1 tag is too large");
  if (found.identifier == 0) return malformed("an ASN.1 element is missing");
  KP_TRY(const auto first, byte());
  if (first == 0x80) {
    if ((found.identifier & tag::constructed) == 0) return malformed("an ASN.1 length is missing");
    found.indefinite = true;
    return found;
  }
  found.length = first;
  if (first > 0x80) {
    const int octets = first & 0x7f;
    if (octets > 8) return malformed("an ASN.1 length is wrong");
    found.length = 0;
    for (int i = 0; i < octets; ++i) {
      KP_TRY(const auto octet, byte());
      found.length = found.length << 8 | octet;
    }
  }
  if (found.length > end() - position())
    return malformed("an ASN.1 element is longer than what holds it");
  return found;
}

result<void> ber_input::push(const header& of) {
  if (frames_.size() >= max_depth) return malformed("ASN.1 elements are nested too deeply");
  frames_.push_back({of.indefinite, of.indefinite ? end() : position() + of.length});
  return {};
}

result<void> ber_input::enter(unsigned char identifier) {
  KP_TRY(const auto found, peek());
  if (found != identifier) return malformed("an ASN.1 element is not the expected one");
  KP_TRY(const auto read, read_header());
  return push(read);
}

result<void> ber_input::leave() {
  const frame inner = frames_.back();
  if (inner.indefinite) {
    for (int i = 0; i < 2; ++i) {
      KP_TRY(const auto zero, byte());
      if (zero != 0) return malformed("the end of an ASN.1 element is missing");
    }
  } else if (position() != inner.end) {
    return malformed("an ASN.1 element holds more than expected");
  }
  frames_.pop_back();
  return {};
}

result<void> ber_input::take_into(std::string& into, std::size_t limit, std::size_t depth) {
  if (depth > max_depth) return malformed("ASN.1 elements are nested too deeply");
  KP_TRY(const auto read, read_header());
  std::string content;
  if ((read.identifier & tag::constructed) != 0) {
    KP_CHECK(push(read));
    for (;;) {
      KP_TRY(const bool ended, at_end());
      if (ended) break;
      KP_CHECK(take_into(content, limit, depth + 1));
    }
    KP_CHECK(leave());
  } else {
    if (read.length > limit)
      return permanent(crypto_errc::too_large, "an ASN.1 element is larger than allowed");
    for (std::uint64_t left = read.length; left > 0;) {
      KP_TRY(const bool more, fill());
      if (!more) return malformed("the content is cut off");
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, filled_ - used_));
      content.append(buffer_, used_, count);
      used_ += count;
      left -= count;
    }
  }
  if (into.size() + content.size() > limit)
    return permanent(crypto_errc::too_large, "an ASN.1 element is larger than allowed");
  into += der(read.identifier, content);
  return {};
}

result<std::string> ber_input::take(std::size_t limit) {
  std::string element;
  KP_CHECK(take_into(element, limit, 0));
  return element;
}

result<void> ber_input::enter_octets(unsigned char primitive, unsigned char constructed) {
  octets_floor_ = frames_.size();
  segment_left_ = 0;
  KP_TRY(const auto identifier, peek());
  if (identifier == constructed) return enter(constructed);
  if (identifier != primitive) return malformed("an ASN.1 element is not the expected one");
  KP_TRY(const auto read, read_header());
  segment_left_ = read.length;
  return {};
}

result<std::size_t> ber_input::octets(std::span<char> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    if (segment_left_ > 0) {
      KP_TRY(const bool more, fill());
      if (!more) return malformed("the content is cut off");
      const auto count = static_cast<std::size_t>(
          std::min<std::uint64_t>({segment_left_, filled_ - used_, out.size() - done}));
      std::memcpy(out.data() + done, buffer_.data() + used_, count);
      used_ += count;
      segment_left_ -= count;
      done += count;
      continue;
    }
    if (frames_.size() <= octets_floor_) break;
    KP_TRY(const auto identifier, peek());
    if (identifier == 0) {
      KP_CHECK(leave());
      continue;
    }
    if ((identifier & ~tag::constructed) != tag::octet_string)
      return malformed("a segment of the content is no OCTET STRING");
    KP_TRY(const auto read, read_header());
    if ((identifier & tag::constructed) != 0)
      KP_CHECK(push(read));
    else
      segment_left_ = read.length;
  }
  return done;
}

}  // namespace kp::crypto::detail
