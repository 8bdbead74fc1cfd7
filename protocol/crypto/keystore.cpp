#include "protocol/crypto/certificate.hpp"

#include "protocol/crypto/openssl.hpp"

#include <openssl/provider.h>

#include <algorithm>

namespace kp::crypto {

namespace {

using namespace detail;

using lib_ctx_ptr = std::unique_ptr<OSSL_LIB_CTX, freed_by<OSSL_LIB_CTX_free>>;
using provider_ptr = std::unique_ptr<OSSL_PROVIDER, freed_by<OSSL_PROVIDER_unload>>;
using pkcs8_ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, freed_by<PKCS8_PRIV_KEY_INFO_free>>;

void free_bags(STACK_OF(PKCS12_SAFEBAG) * bags) {
  sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}
void free_safes(STACK_OF(PKCS7) * safes) {
  sk_PKCS7_pop_free(safes, PKCS7_free);
}
using bags_ptr = std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), freed_by<free_bags>>;
using safes_ptr = std::unique_ptr<STACK_OF(PKCS7), freed_by<free_safes>>;

// A bag may hold bags; nothing in use nests deeper than one level.
constexpr int max_bag_depth = 4;

struct entry {
  std::optional<std::string> alias;  // friendlyName
  std::string local_id;              // binds a key to its certificate
};

struct key_entry : entry {
  private_key key;
};
struct certificate_entry : entry {
  certificate cert;
};

struct entries {
  std::vector<key_entry> keys;
  std::vector<certificate_entry> certificates;
};

entry describe(const PKCS12_SAFEBAG* bag) {
  entry found;
  if (char* name = PKCS12_get_friendlyname(const_cast<PKCS12_SAFEBAG*>(bag))) {
    found.alias = name;
    OPENSSL_free(name);
  }
  const ASN1_TYPE* id = PKCS12_SAFEBAG_get0_attr(bag, NID_localKeyID);
  if (id != nullptr && id->type == V_ASN1_OCTET_STRING)
    found.local_id.assign(
        reinterpret_cast<const char*>(ASN1_STRING_get0_data(id->value.octet_string)),
        static_cast<std::size_t>(ASN1_STRING_length(id->value.octet_string)));
  return found;
}

class unpacker {
 public:
  unpacker(std::string password, OSSL_LIB_CTX* context)
      : password_(std::move(password)), context_(context) {}
  ~unpacker() { OPENSSL_cleanse(password_.data(), password_.size()); }
  unpacker(const unpacker&) = delete;
  unpacker& operator=(const unpacker&) = delete;

  // False when something does not decrypt; the reason is OpenSSL's.
  bool unpack(const PKCS12* file, entries& into) const {
    const safes_ptr safes(PKCS12_unpack_authsafes(file));
    if (!safes) return false;
    for (int i = 0; i < sk_PKCS7_num(safes.get()); ++i) {
      PKCS7* safe = sk_PKCS7_value(safes.get(), i);
      bags_ptr bags;
      if (PKCS7_type_is_data(safe))
        bags.reset(PKCS12_unpack_p7data(safe));
      else if (PKCS7_type_is_encrypted(safe))
        bags.reset(PKCS12_unpack_p7encdata(safe, password_.data(), length()));
      else
        continue;
      if (!bags || !take(bags.get(), into, 0)) return false;
    }
    return true;
  }

 private:
  int length() const { return static_cast<int>(password_.size()); }

  bool take(const STACK_OF(PKCS12_SAFEBAG) * bags, entries& into, int depth) const {
    if (depth >= max_bag_depth) return false;
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); ++i)
      if (!take(sk_PKCS12_SAFEBAG_value(bags, i), into, depth)) return false;
    return true;
  }

  bool take(const PKCS12_SAFEBAG* bag, entries& into, int depth) const {
    switch (PKCS12_SAFEBAG_get_nid(bag)) {
      case NID_keyBag:
        return add_key(bag, PKCS12_SAFEBAG_get0_p8inf(bag), into);
      case NID_pkcs8ShroudedKeyBag: {
        const pkcs8_ptr opened(
            PKCS12_decrypt_skey_ex(bag, password_.data(), length(), context_, nullptr));
        return opened && add_key(bag, opened.get(), into);
      }
      case NID_certBag: {
        const x509_ptr x509(PKCS12_SAFEBAG_get1_cert(bag));
        // Read again from its bytes, so that nothing points at a library context that goes away.
        auto cert = certificate::from_der(to_der<i2d_X509>(x509.get()));
        if (x509 && cert) into.certificates.push_back({describe(bag), std::move(*cert)});
        return true;  // SDSI certificates and the like are none of ours
      }
      case NID_safeContentsBag:
        return take(PKCS12_SAFEBAG_get0_safes(bag), into, depth + 1);
      default:
        return true;
    }
  }

  static bool add_key(const PKCS12_SAFEBAG* bag, const PKCS8_PRIV_KEY_INFO* info, entries& into) {
    std::shared_ptr<EVP_PKEY> key(EVP_PKCS82PKEY(info), EVP_PKEY_free);
    if (!key) return false;
    into.keys.push_back({describe(bag), private_key(std::move(key))});
    return true;
  }

  std::string password_;
  OSSL_LIB_CTX* context_;
};

// What OpenSSL keeps out of its default provider (RC2), in a context of its own so that nothing
// else of the process begins to accept old algorithms.
struct legacy_context {
  lib_ctx_ptr context{OSSL_LIB_CTX_new()};
  provider_ptr old_algorithms{OSSL_PROVIDER_load(context.get(), "legacy")};
  provider_ptr the_others{OSSL_PROVIDER_load(context.get(), "default")};
  bool ready() const { return old_algorithms && the_others; }
};

pkcs12_ptr parse(std::string_view bytes, OSSL_LIB_CTX* context) {
  PKCS12* file = PKCS12_init_ex(NID_pkcs7_data, context, nullptr);
  const auto bio = memory_bio(bytes);
  const bool parsed = d2i_PKCS12_bio(bio.get(), &file) != nullptr;
  // A failure leaves the object ours, or has freed it and cleared the pointer.
  pkcs12_ptr owned(file);
  return parsed ? std::move(owned) : nullptr;
}

error no_pkcs12(std::string_view bytes) {
  const auto magic = bytes.substr(0, 4);
  if (magic == "\xFE\xED\xFE\xED" || magic == "\xCE\xCE\xCE\xCE")
    return permanent(
        crypto_errc::bad_format,
        "this is a Java key store (JKS or JCEKS), not PKCS#12; convert it with: keytool "
        "-importkeystore -srckeystore old.jks -destkeystore new.p12 -deststoretype PKCS12");
  if (bytes.find("-----BEGIN ") != bytes.npos)
    return permanent(crypto_errc::bad_format,
                     "this is PEM, not PKCS#12; convert it with: openssl pkcs12 -export -in "
                     "chain.pem -inkey key.pem -out new.p12");
  return failure(crypto_errc::bad_format, "not a PKCS#12 file");
}

std::string names_of(const std::vector<key_entry>& keys) {
  std::string names;
  for (const auto& key : keys)
    names.append(names.empty() ? "" : ", ").append(key.alias ? "\"" + *key.alias + "\"" : "(none)");
  return names;
}

result<const key_entry*> choose(const std::vector<key_entry>& keys,
                                const std::optional<std::string>& alias) {
  if (keys.empty()) return permanent(crypto_errc::bad_format, "the key store holds no private key");
  if (!alias) {
    if (keys.size() == 1) return &keys.front();
    return permanent(crypto_errc::bad_format, "the key store holds several private keys (" +
                                                  names_of(keys) + "); say which by its alias");
  }
  const auto found = std::ranges::find(keys, alias, &key_entry::alias);
  if (found == keys.end())
    return permanent(crypto_errc::bad_format, "the key store holds no private key with alias \"" +
                                                  *alias + "\"; it has " + names_of(keys));
  return &*found;
}

bool fits(const key_entry& key, const certificate& cert) {
  const bool same = X509_check_private_key(cert.native(), key.key.native()) == 1;
  clear_errors();
  return same;
}

bool issued_by(const certificate& child, const certificate& issuer) {
  return X509_NAME_cmp(X509_get_issuer_name(child.native()),
                       X509_get_subject_name(issuer.native())) == 0;
}

// Leaf upwards, each certificate the issuer of the one before; unrelated ones stay out.
std::vector<certificate> chain_of(const certificate& leaf,
                                  const std::vector<certificate_entry>& all) {
  std::vector<certificate> chain;
  const certificate* below = &leaf;
  while (chain.size() < all.size() && !issued_by(*below, *below)) {
    const auto above = std::ranges::find_if(
        all, [&](const certificate_entry& other) { return issued_by(*below, other.cert); });
    if (above == all.end()) break;
    chain.push_back(above->cert.shared());
    below = &above->cert;
  }
  return chain;
}

result<keystore> assemble(const entries& found, const std::optional<std::string>& alias) {
  KP_TRY(const auto* key, choose(found.keys, alias));
  // A renewed certificate may sit beside the old one for the same key: the entry's own id decides.
  const certificate_entry* leaf = nullptr;
  for (const auto& candidate : found.certificates) {
    if (!fits(*key, candidate.cert)) continue;
    const bool bound = !key->local_id.empty() && candidate.local_id == key->local_id;
    if (leaf == nullptr || bound) leaf = &candidate;
    if (bound) break;
  }
  if (leaf == nullptr)
    return permanent(crypto_errc::bad_format,
                     "the key store holds no certificate for the private key " +
                         (key->alias ? "\"" + *key->alias + "\"" : std::string("it holds")));
  return keystore{key->key, leaf->cert, chain_of(leaf->cert, found.certificates)};
}

}  // namespace

result<keystore> keystore::open_pkcs12(std::string_view bytes, std::string_view password,
                                       const std::optional<std::string>& alias) {
  clear_errors();
  const auto file = parse(bytes, nullptr);
  if (!file) return no_pkcs12(bytes);
  const std::string secret(password);
  const bool sealed = PKCS12_mac_present(file.get()) == 1;
  if (sealed &&
      PKCS12_verify_mac(file.get(), secret.data(), static_cast<int>(secret.size())) != 1) {
    clear_errors();
    return permanent(crypto_errc::bad_password, "the password does not open the key store");
  }
  entries found;
  if (unpacker(secret, nullptr).unpack(file.get(), found)) return assemble(found, alias);

  // Either the contents have another password than the seal, or their cipher is an old one.
  clear_errors();
  const legacy_context legacy;
  if (!legacy.ready())
    return failure(crypto_errc::unsupported,
                   "the key store does not open with today's algorithms, and OpenSSL's legacy "
                   "provider (for RC2 and the like) is not installed");
  found = {};
  const auto again = parse(bytes, legacy.context.get());
  if (again && unpacker(secret, legacy.context.get()).unpack(again.get(), found))
    return assemble(found, alias);
  return failure(crypto_errc::bad_password,
                 sealed ? "the key inside has another password than the key store; they must be "
                          "the same"
                        : "the password does not open the key store");
}

}  // namespace kp::crypto
