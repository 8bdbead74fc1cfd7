#include "storage/blob_format.hpp"

#include "config/text.hpp"
#include "storage/big_endian.hpp"
#include "storage/keys.hpp"
#include "storage/record_io.hpp"
#include "storage/storage_error.hpp"

namespace kp::storage {
namespace {

constexpr std::string_view magic = "KNPB";
constexpr std::uint32_t file_version = 1;
constexpr std::uint8_t record_version = 1;
constexpr std::uint32_t largest_chunk = 16u << 20;  // of any version; bounds a reader's memory

}  // namespace

template <class Archive, class Record>
  requires std::same_as<std::remove_const_t<Record>, blob_record>
void fields(Archive& a, Record& r) {
  a(r.size, r.sha256, r.in_engine);
}

std::string encode(const blob_record& r) {
  return encode_record(record_version, r);
}

result<blob_record> decode_blob_record(std::string_view bytes) {
  return decode_record<blob_record>(bytes, record_version, "blob record");
}

std::string encode(const blob_header& h) {
  std::string bytes(magic);
  append_big_endian(bytes, file_version);
  append_big_endian(bytes, h.organisation.number());
  append_big_endian(bytes, h.chunk);
  bytes += from_hex(h.id).value_or(std::string());
  return bytes;
}

result<blob_header> decode_blob_header(std::string_view bytes) {
  if (bytes.size() != blob_header_size || !bytes.starts_with(magic))
    return permanent(storage_errc::corrupt, "this is no file of stored content");
  const auto version = *from_big_endian<std::uint32_t>(bytes.substr(4, 4));
  if (version > file_version)
    return permanent(storage_errc::unknown_format,
                     "this file of stored content was written by a newer program");
  blob_header header{
      organisation_id::from_number(*from_big_endian<std::uint32_t>(bytes.substr(8, 4))),
      to_hex(bytes.substr(16)), *from_big_endian<std::uint32_t>(bytes.substr(12, 4))};
  if (version == 0 || header.chunk == 0 || header.chunk > largest_chunk)
    return permanent(storage_errc::corrupt, "the header of this stored content cannot be read");
  return header;
}

result<chunk_cipher> chunk_cipher::make(std::string_view data_key, const blob_header& header) {
  auto bytes = encode(header);
  KP_TRY(auto key, derive_key(data_key, "knutepunkt blob " + bytes));
  return chunk_cipher(std::move(key), std::move(bytes));
}

chunk_cipher::~chunk_cipher() {
  wipe(key_);
}

std::string chunk_cipher::additional(std::uint64_t number, bool last) const {
  auto bytes = header_;
  append_big_endian(bytes, number);
  bytes.push_back(last ? '\1' : '\0');
  return bytes;
}

namespace {

std::string nonce_of(std::uint64_t number) {
  return std::string(gcm_nonce_size - sizeof number, '\0') + to_big_endian(number);
}

}  // namespace

result<void> chunk_cipher::seal(std::uint64_t number, bool last, std::string_view plain,
                                std::string& out) const {
  return storage::seal(key_, nonce_of(number), additional(number, last), plain, out);
}

result<std::size_t> chunk_cipher::unseal(std::uint64_t number, bool last,
                                         std::span<char> sealed) const {
  return storage::unseal(key_, nonce_of(number), additional(number, last), sealed);
}

bool is_blob_id(std::string_view text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string blob_key(organisation_id organisation, std::string_view id) {
  return key_builder(organisation, record_kind::blob).text(id).str();
}

std::string blob_bytes_key(organisation_id organisation, std::string_view id) {
  return key_builder(organisation, record_kind::blob_bytes).text(id).str();
}

std::string blob_path(const std::string& directory, organisation_id organisation,
                      std::string_view id) {
  return directory + '/' + organisation.to_string() + '/' + std::string(id.substr(0, 2)) + '/' +
         std::string(id);
}

}  // namespace kp::storage
