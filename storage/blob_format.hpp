#pragma once

#include "config/ids.hpp"
#include "storage/blobs.hpp"
#include "storage/sealing.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// How a blob lies in the engine and on disk.
//
// A file is a header and the chunks one after another, each with its tag; every chunk but the last
// is full. A small blob is one chunk, kept at record_kind::blob_bytes. Every blob has a key of its
// own (HKDF of the organisation's data key over organisation and id), so the chunk's number can be
// the nonce.

namespace kp::storage {

struct blob_header {
  organisation_id organisation;
  std::string id;  // 32 hex digits
  std::uint32_t chunk = blobs::chunk;
};

inline constexpr std::size_t blob_header_size = 32;

// "KNPB" | version u32 | organisation u32 | chunk size u32 | id, 16 bytes; big-endian.
std::string encode(const blob_header&);
// Errors: corrupt, unknown_format.
result<blob_header> decode_blob_header(std::string_view bytes);

struct blob_record {
  std::uint64_t size = 0;
  std::string sha256;
  bool in_engine = false;
};
std::string encode(const blob_record&);
result<blob_record> decode_blob_record(std::string_view bytes);

// Encrypts and decrypts the chunks of one blob.
class chunk_cipher {
 public:
  static result<chunk_cipher> make(std::string_view data_key, const blob_header& header);
  chunk_cipher(chunk_cipher&&) = default;
  chunk_cipher& operator=(chunk_cipher&&) = default;
  ~chunk_cipher();

  // Appends ciphertext and tag to `out`.
  result<void> seal(std::uint64_t number, bool last, std::string_view plain,
                    std::string& out) const;
  // In place; returns the size of the plaintext. Errors: corrupt.
  result<std::size_t> unseal(std::uint64_t number, bool last, std::span<char> sealed) const;

 private:
  chunk_cipher(std::string key, std::string header)
      : key_(std::move(key)), header_(std::move(header)) {}
  std::string additional(std::uint64_t number, bool last) const;
  std::string key_;
  std::string header_;
};

// Where the parts of a blob file are.
struct blob_layout {
  std::uint64_t size = 0;  // plaintext
  std::uint64_t chunk = blobs::chunk;

  std::uint64_t chunks() const { return (size + chunk - 1) / chunk; }
  std::uint64_t file_size() const { return blob_header_size + size + chunks() * gcm_tag_size; }
  std::uint64_t offset_of(std::uint64_t number) const {
    return blob_header_size + number * (chunk + gcm_tag_size);
  }
  std::size_t plain_size_of(std::uint64_t number) const {
    return static_cast<std::size_t>(std::min(chunk, size - number * chunk));
  }
};

bool is_blob_id(std::string_view text);  // 32 lower-case hex digits

std::string blob_key(organisation_id, std::string_view id);
std::string blob_bytes_key(organisation_id, std::string_view id);

// <directory>/<organisation>/<first two digits of the id>/<id>
std::string blob_path(const std::string& directory, organisation_id, std::string_view id);
inline constexpr std::string_view unfinished_suffix = ".tmp";

// blob_writer.cpp
std::unique_ptr<blobs::writer> make_blob_writer(const std::string& directory, blob_header header,
                                                chunk_cipher cipher);
// blob_reader.cpp. Errors: not_found, corrupt, io.
result<std::shared_ptr<random_access_source>> open_blob_bytes(std::string sealed,
                                                              const blob_record& record,
                                                              const chunk_cipher& cipher);
result<std::shared_ptr<random_access_source>> open_blob_file(const std::string& path,
                                                             organisation_id, std::string_view id,
                                                             const blob_record& record,
                                                             std::string_view data_key);

}  // namespace kp::storage
