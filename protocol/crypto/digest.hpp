#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>

namespace kp::crypto {

enum class digest_algorithm { md5, sha1, sha256 };

// A running hash. md5 is for the Broker's checksum field only.
class digest {
 public:
  explicit digest(digest_algorithm);
  ~digest();
  digest(digest&&) noexcept;
  digest& operator=(digest&&) noexcept;
  void update(std::string_view bytes);
  std::string finish();  // raw bytes; call once

 private:
  struct deleter {
    void operator()(EVP_MD_CTX*) const;
  };
  std::unique_ptr<EVP_MD_CTX, deleter> context_;
};

std::string sha256(std::string_view bytes);

}  // namespace kp::crypto
