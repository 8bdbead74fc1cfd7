#include "tools/sandbox/dpi_package.hpp"

#include "tools/sandbox/freed_by.hpp"
#include "tools/sandbox/zip_file.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>

namespace kp::sandbox {

namespace {

constexpr std::size_t most_unpacked = 256 * 1024 * 1024;

using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using cms_ptr = std::unique_ptr<CMS_ContentInfo, freed_by<CMS_ContentInfo_free>>;
using oaep_ptr = std::unique_ptr<RSA_OAEP_PARAMS, freed_by<RSA_OAEP_PARAMS_free>>;

int algorithm_of(const X509_ALGOR* from) {
  return from ? OBJ_obj2nid(from->algorithm) : NID_undef;
}

// RSAES-OAEP with SHA-256, also in its mask (asic-and-crypto.md 6.2).
bool is_oaep_sha256(const X509_ALGOR* how) {
  if (algorithm_of(how) != NID_rsaesOaep || !how->parameter) return false;
  const oaep_ptr parameters(static_cast<RSA_OAEP_PARAMS*>(
      ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_OAEP_PARAMS), how->parameter)));
  if (!parameters || algorithm_of(parameters->hashFunc) != NID_sha256 ||
      algorithm_of(parameters->maskGenFunc) != NID_mgf1 || !parameters->maskGenFunc->parameter)
    return false;
  const std::unique_ptr<X509_ALGOR, freed_by<X509_ALGOR_free>> mask(static_cast<X509_ALGOR*>(
      ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(X509_ALGOR), parameters->maskGenFunc->parameter)));
  return algorithm_of(mask.get()) == NID_sha256;
}

std::vector<std::string> judge_envelope(CMS_ContentInfo* cms, std::string_view bytes) {
  std::vector<std::string> faults;
  if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_enveloped)
    faults.emplace_back("asic.cms is no EnvelopedData");
  auto* recipients = CMS_get0_RecipientInfos(cms);
  if (!recipients || sk_CMS_RecipientInfo_num(recipients) != 1) {
    faults.emplace_back("asic.cms is not for one recipient");
  } else {
    X509_ALGOR* how = nullptr;
    auto* one = sk_CMS_RecipientInfo_value(recipients, 0);
    if (CMS_RecipientInfo_type(one) != CMS_RECIPINFO_TRANS ||
        CMS_RecipientInfo_ktri_get0_algs(one, nullptr, nullptr, &how) != 1 || !is_oaep_sha256(how))
      faults.emplace_back("the key of asic.cms is not transported with OAEP and SHA-256");
  }
  // OpenSSL does not tell the content's cipher; its identifier stands before the content.
  constexpr std::string_view aes_256_cbc{"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2a", 11};
  if (bytes.substr(0, 4096).find(aes_256_cbc) == bytes.npos)
    faults.emplace_back("asic.cms is not encrypted with AES-256-CBC");
  return faults;
}

std::optional<std::string> decrypted(CMS_ContentInfo* cms, const rsa_key& key,
                                     const certificate& own) {
  const bio_ptr to(BIO_new(BIO_s_mem()));
  if (!to || CMS_decrypt(cms, key.raw(), own.raw(), nullptr, to.get(), CMS_BINARY) != 1) {
    ERR_clear_error();
    return {};
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(to.get(), &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

const std::string* find(const entry_list& entries, std::string_view name) {
  const auto at = std::ranges::find(entries, name, &entry_list::value_type::first);
  return at == entries.end() ? nullptr : &at->second;
}

}  // namespace

opened_package open_package(const std::string& bytes, const rsa_key& key, const certificate& own) {
  opened_package out;
  const bio_ptr from(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  const cms_ptr cms(d2i_CMS_bio(from.get(), nullptr));
  if (!cms) {
    ERR_clear_error();
    out.faults.emplace_back("asic.cms is no CMS");
    return out;
  }
  out.faults = judge_envelope(cms.get(), bytes);
  const auto plain = decrypted(cms.get(), key, own);
  if (!plain) {
    out.faults.emplace_back("asic.cms is encrypted for somebody else");
    return out;
  }
  auto entries = read_zip(*plain, most_unpacked);
  if (!entries) {
    out.faults.push_back("the document package is no ZIP: " + entries.error().message);
    return out;
  }
  out.entries = *std::move(entries);
  const auto* type = find(out.entries, "mimetype");
  if (!type || *type != "application/vnd.etsi.asic-e+zip" ||
      out.entries.front().first != "mimetype")
    out.faults.emplace_back("the document package is no ASiC-E");
  if (const auto* manifest = find(out.entries, "manifest.xml")) {
    out.manifest = *manifest;
    for (auto& fault : judge_manifest(*manifest, out.entries))
      out.faults.push_back(std::move(fault));
  } else {
    out.faults.emplace_back("manifest.xml is missing");
  }
  const auto* signatures = find(out.entries, "META-INF/signatures.xml");
  if (!signatures) {
    out.faults.emplace_back("META-INF/signatures.xml is missing");
    return out;
  }
  auto verdict = judge_xades(*signatures, out.entries);
  for (auto& fault : verdict.faults) out.faults.push_back(std::move(fault));
  if (verdict.signer) out.signer = verdict.signer->organisation_number();
  return out;
}

}  // namespace kp::sandbox
