#pragma once

#include "config/byte_io.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kp::crypto::detail {

// Pulls BER (X.690 §8) from a source, one element after the other, however large the elements are:
// definite and indefinite lengths, nested to a bound. Not for other rooms.
//
// enter() steps into a constructed element, leave() out of it; between them at_end() says whether
// another element follows. Errors: bad_format, also where the source ends too early; those of the
// source.
class ber_input {
 public:
  static constexpr std::size_t max_depth = 16;

  explicit ber_input(byte_source& from) : from_(from), buffer_(stream_chunk, '\0') {}

  // The identifier octet of the next element; 0 at the end of the element we are in.
  result<unsigned char> peek();
  result<bool> at_end();
  // Steps into the next element, which must be `identifier`.
  result<void> enter(unsigned char identifier);
  // Steps out; what is left inside must have been read.
  result<void> leave();
  // The next element as a whole, lengths made definite. too_large beyond `limit` bytes.
  result<std::string> take(std::size_t limit);

  // Begins the next element as a string of octets, in one piece or in nested segments; octets()
  // then fills `out` until there is nothing left and returns how many, 0 at the end. After the
  // end the input stands behind the element.
  result<void> enter_octets(unsigned char primitive, unsigned char constructed);
  result<std::size_t> octets(std::span<char> out);

 private:
  struct header {
    unsigned char identifier = 0;
    bool indefinite = false;
    std::uint64_t length = 0;
  };
  struct frame {
    bool indefinite = false;
    std::uint64_t end = 0;  // where it ends, or at the latest
  };

  result<bool> fill();  // false at the end of the source
  result<unsigned char> byte();
  result<header> read_header();
  result<void> push(const header&);
  result<void> take_into(std::string& into, std::size_t limit, std::size_t depth);

  std::uint64_t position() const { return base_ + used_; }
  std::uint64_t end() const;  // of the innermost element

  byte_source& from_;
  std::string buffer_;
  std::size_t used_ = 0;
  std::size_t filled_ = 0;
  std::uint64_t base_ = 0;  // position of buffer_[0]
  std::vector<frame> frames_;
  std::size_t octets_floor_ = 0;    // depth outside the string being read
  std::uint64_t segment_left_ = 0;  // of the piece being read
};

}  // namespace kp::crypto::detail
