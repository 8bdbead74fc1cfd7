#include "protocol/asic/asic.hpp"

#include "config/text.hpp"
#include "protocol/asic/manifests.hpp"
#include "protocol/asic/names.hpp"
#include "protocol/asic/xades.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "protocol/zip/zip.hpp"

#include <algorithm>

namespace kp::asic {

namespace {

using crypto::crypto_errc;
using opened = result<std::unique_ptr<byte_source>>;

// Sums up a file while it is read into the container, so that it is read once.
class hashing_source final : public byte_source {
 public:
  hashing_source(std::unique_ptr<byte_source> of, std::string& digest)
      : of_(std::move(of)), digest_(digest) {}

  result<std::size_t> read(std::span<char> out) override {
    KP_TRY(const auto count, of_->read(out));
    if (count > 0)
      running_.update(std::string_view(out.data(), count));
    else if (digest_.empty())
      digest_ = running_.finish();
    return count;
  }

 private:
  std::unique_ptr<byte_source> of_;
  crypto::digest running_{crypto::digest_algorithm::sha256};
  std::string& digest_;
};

opened text(std::string bytes) {
  return std::make_unique<string_source>(std::move(bytes));
}

error bad_name(const std::string& name, const char* why) {
  return permanent(crypto_errc::bad_format, "the file name \"" + name + "\" " + why);
}

result<void> check_name(const std::string& name) {
  const auto folder = names::metadata_folder;
  if (equals_ignoring_case(std::string_view(name).substr(0, folder.size()), folder))
    return bad_name(name, "is in META-INF/, which belongs to the container");
  if (name == names::mimetype) return bad_name(name, "belongs to the container");
  if (name.empty() || name.back() == '/') return bad_name(name, "names no file");
  if (!is_utf8(name)) return bad_name("?", "is no UTF-8");
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(name, is_control)) return bad_name("?", "has control characters");
  return {};
}

// What the entries hand on to each other while the archive is written: the digests to the manifest,
// its signature to the entry after it.
struct assembly {
  std::vector<reference> files;
  std::string signature_name;
  std::string signature;
  const crypto::keystore& signer;
  const build_options& options;

  result<void> check_digests() const {
    for (const auto& file : files)
      if (file.digest.empty())
        return permanent(crypto_errc::internal, "\"" + file.name + "\" was not read to its end");
    return {};
  }
  opened manifest() {
    KP_CHECK(check_digests());
    auto xml = asic_manifest_xml(signature_name, files, options.marks_root);
    KP_TRY(signature, crypto::sign_detached(xml, signer, options.signature_digest));
    return text(std::move(xml));
  }
  opened xades() const {
    KP_CHECK(check_digests());
    KP_TRY(auto xml, sign_xades(files, signer, options.signing_time));
    return text(std::move(xml));
  }
};

void add_signature(std::vector<zip::entry>& entries, assembly& parts) {
  if (parts.options.form == signature_form::xades) {
    entries.push_back(
        {std::string(names::xades_signature), false, [&parts] { return parts.xades(); }});
    return;
  }
  const auto& name = parts.options.manifest_name;
  entries.push_back({name.empty() ? std::string(names::asic_manifest) : name, false,
                     [&parts] { return parts.manifest(); }});
  entries.push_back({parts.signature_name, false, [&parts] { return text(parts.signature); }});
}

}  // namespace

result<void> build(const std::shared_ptr<spool>& to, const std::optional<manifest>& inner,
                   std::vector<file> files, const crypto::keystore& signer,
                   const build_options& options) {
  for (const auto& file : files) KP_CHECK(check_name(file.name));
  if (inner)
    files.insert(files.begin(), {std::string(names::inner_manifest), "application/xml",
                                 [xml = to_xml(*inner)]() -> opened { return text(xml); }});

  const auto suffix = options.signature_id.empty() ? std::string() : "-" + options.signature_id;
  assembly parts{{}, "META-INF/signature" + suffix + ".p7s", {}, signer, options};
  for (const auto& file : files) parts.files.push_back({file.name, file.mime_type, {}, {}});

  std::vector<zip::entry> entries;
  entries.push_back({std::string(names::mimetype), true,
                     [] { return text(std::string(names::container_type)); }});
  for (std::size_t i = 0; i < files.size(); ++i)
    entries.push_back({files[i].name, false,
                       [&file = files[i], &digest = parts.files[i].digest]() -> opened {
                         KP_TRY(auto source, file.open());
                         return std::make_unique<hashing_source>(std::move(source), digest);
                       },
                       files[i].size_hint});
  add_signature(entries, parts);
  entries.push_back({std::string(names::opendocument_manifest), false,
                     [&parts] { return text(opendocument_manifest_xml(parts.files)); }});
  return zip::write(to, std::move(entries), std::string(names::zip_comment));
}

}  // namespace kp::asic
