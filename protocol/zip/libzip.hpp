#pragma once

#include "config/error.hpp"
#include "protocol/crypto/crypto_error.hpp"

#include <zip.h>

#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <utility>

// What the files of this room share of libzip's C interface. Not for other rooms.

namespace kp::zip::detail {

using crypto::crypto_errc;

// libzip knows numbers only; the sentence of whoever really failed is kept here.
struct first_failure {
  std::optional<error> reason;
  zip_int64_t keep(error e) {
    if (!reason) reason = std::move(e);
    return -1;
  }
};

// A zip_error_t that is finished when it goes.
struct scoped_error {
  zip_error_t value;
  scoped_error() { zip_error_init(&value); }
  ~scoped_error() { zip_error_fini(&value); }
  scoped_error(const scoped_error&) = delete;
  scoped_error& operator=(const scoped_error&) = delete;
};

// Base of what stands behind a zip_source_t. A failed command leaves its zip error in `error_`.
class callback_source {
 public:
  virtual ~callback_source() = default;
  virtual zip_int64_t run(void* data, std::uint64_t length, zip_source_cmd_t command) = 0;

 protected:
  zip_int64_t fail(int zip_code) {
    zip_error_set(&error_.value, zip_code, 0);
    return -1;
  }
  zip_int64_t report(void* data, std::uint64_t length) const {
    return zip_error_to_data(&error_.value, data, length);
  }
  static std::span<char> span_of(void* data, std::uint64_t length) {
    return {static_cast<char*>(data), static_cast<std::size_t>(length)};
  }

  scoped_error error_;
};

// The C function for all of them. Exceptions must not travel through libzip.
inline zip_int64_t run_callback(void* state, void* data, zip_uint64_t length,
                                zip_source_cmd_t command) noexcept {
  try {
    return static_cast<callback_source*>(state)->run(data, length, command);
  } catch (const std::exception&) {
    return -1;
  }
}

// Reasons that are about the bytes, not about us or the disk.
inline crypto_errc code_of(int zip_code) {
  switch (zip_code) {
    case ZIP_ER_NOZIP:
    case ZIP_ER_INCONS:
    case ZIP_ER_CRC:
    case ZIP_ER_EOF:
    case ZIP_ER_ZLIB:
    case ZIP_ER_COMPRESSED_DATA:
    case ZIP_ER_MULTIDISK:
    case ZIP_ER_SEEK:
    case ZIP_ER_INVAL:
      return crypto_errc::bad_format;
    case ZIP_ER_COMPNOTSUPP:
    case ZIP_ER_ENCRNOTSUPP:
    case ZIP_ER_NOPASSWD:
      return crypto_errc::unsupported;
    default:
      return crypto_errc::internal;
  }
}

inline error failure(std::string what, zip_error_t* reason, first_failure& first) {
  if (first.reason) return *std::exchange(first.reason, std::nullopt);
  what.append(": ").append(zip_error_strerror(reason));
  return permanent(code_of(zip_error_code_zip(reason)), std::move(what));
}

}  // namespace kp::zip::detail
