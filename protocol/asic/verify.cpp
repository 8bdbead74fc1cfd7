#include "protocol/asic/asic.hpp"

#include "config/text.hpp"
#include "protocol/asic/manifests.hpp"
#include "protocol/asic/names.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "protocol/zip/zip.hpp"

#include <algorithm>
#include <map>
#include <set>

// The texts are those of the library that today's installations verify with (asic-and-crypto.md
// 11.1), so that operators find them where they looked before.

namespace kp::asic {

namespace {

using crypto::crypto_errc;

// Manifests and signatures are held in memory. Ten thousand files make a manifest of 3 MB.
constexpr std::size_t max_metadata_bytes = 16 * 1024 * 1024;
constexpr std::size_t max_metadata_total_bytes = 64 * 1024 * 1024;

error wrong(std::string text) {
  return permanent(crypto_errc::bad_format, std::move(text));
}
error unsigned_or_changed(std::string text) {
  return permanent(crypto_errc::bad_signature, std::move(text));
}

enum class kind {
  payload,
  folder,
  mimetype,
  cades_manifest,
  cades_signature,
  xades,
  listing,
  other
};

kind kind_of(const std::string& name) {
  if (name == names::mimetype) return kind::mimetype;
  if (!name.starts_with(names::metadata_folder))
    return name.ends_with('/') ? kind::folder : kind::payload;
  const auto file = to_lower(name.substr(names::metadata_folder.size()));
  if (file.empty()) return kind::folder;
  if (file.starts_with("asicmanifest") && file.ends_with(".xml")) return kind::cades_manifest;
  if (file.starts_with("signatures") && file.ends_with(".xml")) return kind::xades;
  if (file.starts_with("signature") && file.ends_with(".p7s")) return kind::cades_signature;
  return file == "manifest.xml" ? kind::listing : kind::other;
}

// SDP writes the names in XAdES as a form does: "a b" as "a+b" (asic-and-crypto.md 4).
std::string form_decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      if (const auto byte = from_hex(text.substr(i + 1, 2))) {
        plain += *byte;
        i += 2;
        continue;
      }
    }
    plain += text[i] == '+' ? ' ' : text[i];
  }
  return plain;
}

class verifier {
 public:
  verifier(zip::reader& container, unsigned_manifests without_signature)
      : container_(container), without_signature_(without_signature) {}

  result<verified> run() {
    for (std::size_t i = 0; i < container_.items().size(); ++i) KP_CHECK(take(i));
    for (const auto& [name, xml] : manifests_) KP_CHECK(check_manifest(xml));
    for (const auto& xml : xades_) KP_CHECK(check_xades(xml));
    for (const auto& [name, bytes] : signatures_)
      if (!used_signatures_.contains(name))
        return unsigned_or_changed("Signature not verified: " + name);
    for (const auto& name : found_.files)
      if (!covered_.contains(name)) return unsigned_or_changed("File not verified: " + name);
    if (found_.files.empty()) return wrong("The container holds no files.");
    return std::move(found_);
  }

 private:
  result<void> take(std::size_t index) {
    const auto& name = container_.items()[index].name;
    switch (kind_of(name)) {
      case kind::folder:
        return {};
      case kind::other:
        return wrong("Contains unknown metadata file: " + name);
      case kind::payload:
        return hash(index);
      case kind::mimetype: {
        KP_TRY(const auto type, metadata(index));
        if (type != names::container_type) return wrong("Content is not ASiC-E container.");
        return {};
      }
      case kind::xades: {
        KP_TRY(auto xml, metadata(index));
        xades_.push_back(std::move(xml));
        return {};
      }
      case kind::cades_manifest:
        return keep(index, manifests_);
      case kind::cades_signature:
        return keep(index, signatures_);
      case kind::listing: {
        KP_TRY(const auto ignored, metadata(index));
        return {};
      }
    }
    return {};
  }

  result<std::string> metadata(std::size_t index) {
    const auto& item = container_.items()[index];
    if (item.size > max_metadata_bytes || metadata_bytes_ + item.size > max_metadata_total_bytes)
      return permanent(crypto_errc::too_large, "\"" + item.name + "\" is larger than allowed");
    metadata_bytes_ += item.size;
    KP_TRY(const auto source, container_.read(index));
    return read_all(*source, max_metadata_bytes);
  }

  result<void> keep(std::size_t index, std::map<std::string, std::string>& into) {
    KP_TRY(auto bytes, metadata(index));
    // Readers would differ in which of the two counts.
    if (!into.emplace(container_.items()[index].name, std::move(bytes)).second)
      return wrong("Contains file twice: " + container_.items()[index].name);
    return {};
  }

  result<void> hash(std::size_t index) {
    const auto& name = container_.items()[index].name;
    KP_TRY(const auto source, container_.read(index));
    crypto::digest running(crypto::digest_algorithm::sha256);
    std::string chunk(stream_chunk, '\0');
    for (;;) {
      KP_TRY(const auto count, source->read(chunk));
      if (count == 0) break;
      running.update(std::string_view(chunk).substr(0, count));
    }
    if (!digests_.emplace(name, running.finish()).second)
      return wrong("Contains file twice: " + name);
    found_.files.push_back(name);
    return {};
  }

  result<void> check_manifest(const std::string& xml) {
    KP_TRY(const auto manifest, parse_asic_manifest(xml));
    if (manifest.signature_name.empty()) {
      if (without_signature_ == unsigned_manifests::refused)
        return wrong("Unable to read content as XML.");
      return cover(manifest);
    }
    const auto signature = signatures_.find(manifest.signature_name);
    if (signature == signatures_.end())
      return unsigned_or_changed("Signature not verified: " + manifest.signature_name);
    auto signer = crypto::verify_detached(xml, signature->second);
    if (!signer) return unsigned_or_changed("Unable to verify signature.");
    used_signatures_.insert(signature->first);
    KP_CHECK(cover(manifest));
    found_.signers.push_back(*std::move(signer));
    return {};
  }

  result<void> cover(const asic_manifest& manifest) {
    for (const auto& file : manifest.files) {
      KP_TRY(auto name, check(file, file.name));
      covered_.insert(std::move(name));
    }
    return {};
  }

  result<void> check_xades(const std::string& xml) {
    KP_TRY(const auto files, parse_xades(xml));
    for (const auto& file : files) {
      KP_TRY(auto name,
             check(file, digests_.contains(file.name) ? file.name : form_decoded(file.name)));
      // Nobody's signature stands behind these digests, so they must not stand in for one where
      // there are signatures: anybody could add a file that way.
      if (manifests_.empty()) covered_.insert(std::move(name));
    }
    return {};
  }

  // The payload entry that the reference is right about.
  result<std::string> check(const reference& file, const std::string& name) {
    // The second is no identifier that anybody defined, but early versions wrote it.
    if (file.digest_algorithm != names::sha256_algorithm &&
        file.digest_algorithm != "http://www.w3.org/2000/09/xmldsig#sha256")
      return unsigned_or_changed("Wrong digest method for file " + name);
    const auto digest = digests_.find(name);
    if (digest == digests_.end()) return unsigned_or_changed("File not verified: " + name);
    if (digest->second != file.digest)
      return unsigned_or_changed("Mismatching digest for file " + name);
    return name;
  }

  zip::reader& container_;
  unsigned_manifests without_signature_;
  std::uint64_t metadata_bytes_ = 0;
  std::map<std::string, std::string> digests_;     // of payload entries
  std::map<std::string, std::string> manifests_;   // by name
  std::map<std::string, std::string> signatures_;  // by name
  std::vector<std::string> xades_;
  std::set<std::string> used_signatures_;
  std::set<std::string> covered_;
  verified found_;
};

}  // namespace

result<verified> verify(std::shared_ptr<const random_access_source> container,
                        unsigned_manifests without_signature) {
  KP_TRY(const auto opened, zip::reader::open(std::move(container)));
  return verifier(*opened, without_signature).run();
}

}  // namespace kp::asic
