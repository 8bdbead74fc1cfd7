#include "tools/load/limits.hpp"

#include "tools/load/connection.hpp"
#include "tools/load/figures.hpp"
#include "tools/load/receiver.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <memory>
#include <thread>
#include <vector>

namespace kp::load {

namespace {

namespace asio = boost::asio;
using steady = std::chrono::steady_clock;

struct free_openssl {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
  void operator()(EVP_CIPHER_CTX* p) const { EVP_CIPHER_CTX_free(p); }
  void operator()(PKCS12* p) const { PKCS12_free(p); }
};
template <class T>
using owned = std::unique_ptr<T, free_openssl>;

// How often `one` can be done in a second.
template <class One>
double rate(std::chrono::milliseconds how_long, One one) {
  const auto begin = steady::now();
  std::uint64_t done = 0;
  while (steady::now() - begin < how_long) {
    if (!one()) return 0;
    ++done;
  }
  return static_cast<double>(done) / std::chrono::duration<double>(steady::now() - begin).count();
}

// A record as large as a small group of commits, appended and synced.
double syncs(const limits_options& o) {
  const auto path = o.folder + "/kp-bench-sync";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return 0;
  const std::string record(4096, 'x');
  const auto found = rate(o.each, [&] {
    return ::write(file, record.data(), record.size()) == static_cast<ssize_t>(record.size()) &&
           ::fdatasync(file) == 0;
  });
  ::close(file);
  ::unlink(path.c_str());
  return found;
}

owned<EVP_PKEY> key_of(const limits_options& o) {
  std::ifstream words(o.password_file);
  std::string password;
  std::getline(words, password);
  std::FILE* file = std::fopen(o.keystore.c_str(), "rb");
  if (!file) return nullptr;
  const owned<PKCS12> store(d2i_PKCS12_fp(file, nullptr));
  std::fclose(file);
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  STACK_OF(X509)* others = nullptr;
  if (store) PKCS12_parse(store.get(), password.c_str(), &key, &certificate, &others);
  X509_free(certificate);
  sk_X509_pop_free(others, X509_free);
  return owned<EVP_PKEY>(key);
}

double signs(const limits_options& o) {
  const auto key = key_of(o);
  if (!key) return 0;
  const auto threads = std::max(1u, std::thread::hardware_concurrency());
  std::atomic<double> all = 0;
  {
    std::vector<std::jthread> running;
    for (unsigned i = 0; i < threads; ++i)
      running.emplace_back([&] {
        const std::string text(1024, 'x');
        std::string signature(1024, '\0');
        all += rate(o.each, [&] {
          const owned<EVP_MD_CTX> one(EVP_MD_CTX_new());
          auto size = signature.size();
          return EVP_DigestSignInit(one.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
                 EVP_DigestSign(one.get(), reinterpret_cast<unsigned char*>(signature.data()),
                                &size, reinterpret_cast<const unsigned char*>(text.data()),
                                text.size()) == 1;
        });
      });
  }
  return all;
}

constexpr std::size_t block = 1u << 20;
constexpr double gigabyte = 1e9;

double hashes(const limits_options& o) {
  const std::string text(block, 'x');
  unsigned char digest[EVP_MAX_MD_SIZE];
  const auto blocks = rate(o.each, [&] {
    return EVP_Digest(text.data(), text.size(), digest, nullptr, EVP_sha256(), nullptr) == 1;
  });
  return blocks * static_cast<double>(block) / gigabyte;
}

double ciphers(const limits_options& o) {
  const owned<EVP_CIPHER_CTX> one(EVP_CIPHER_CTX_new());
  const unsigned char key[32] = {}, iv[12] = {};
  const std::string text(block, 'x');
  std::vector<unsigned char> out(block + 64);
  const auto blocks = rate(o.each, [&] {
    int size = 0;
    return EVP_EncryptInit_ex(one.get(), EVP_aes_256_gcm(), nullptr, key, iv) == 1 &&
           EVP_EncryptUpdate(one.get(), out.data(), &size,
                             reinterpret_cast<const unsigned char*>(text.data()),
                             static_cast<int>(text.size())) == 1;
  });
  return blocks * static_cast<double>(block) / gigabyte;
}

asio::awaitable<void> exchange_until(const target& to, steady::time_point end,
                                     std::uint64_t& done) {
  connection c(co_await asio::this_coro::executor, to);
  if (const auto opened = co_await c.open(); !opened) co_return;
  while (steady::now() < end) {
    std::vector<connection::field> no_fields;
    std::string body(1024, 'x');
    const auto answer = co_await c.exchange("POST", "/", std::move(no_fields), std::move(body));
    if (!answer) co_return;
    ++done;
  }
}

// A server that does nothing in one thread, sixteen connections in another.
double exchanges(const limits_options& o) {
  receiver idle;
  target to;
  to.port = idle.port();
  asio::io_context network{1};
  std::uint64_t done = 0;
  const auto begin = steady::now();
  for (int i = 0; i < 16; ++i)
    asio::co_spawn(network, exchange_until(to, begin + o.each, done), asio::detached);
  network.run();
  return static_cast<double>(done) / std::chrono::duration<double>(steady::now() - begin).count();
}

}  // namespace

int measure_limits(const limits_options& o) {
  bool all = true;
  const auto tell = [&](const char* name, const char* what, double value) {
    all = all && value > 0;
    fmt::print("  {:<52} {:>12.1f}\n", what, value);
    note(o.figures, name, value);
  };
  fmt::print("this machine, {} processors:\n", std::thread::hardware_concurrency());
  tell("syncs", "synced writes of 4 KiB /s", syncs(o));
  tell("signs", "signatures /s, all processors", signs(o));
  tell("hash", "SHA-256 GB/s, one processor", hashes(o));
  tell("cipher", "AES-256-GCM GB/s, one processor", ciphers(o));
  tell("http", "HTTP exchanges over loopback /s", exchanges(o));
  if (all) return 0;
  fmt::print(stderr,
             "kp-bench: not everything could be measured; see that --folder and --keystore "
             "are there\n");
  return 1;
}

}  // namespace kp::load
