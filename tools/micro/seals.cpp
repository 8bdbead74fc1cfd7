#include "config/byte_io.hpp"
#include "protocol/crypto/cms.hpp"
#include "protocol/crypto/digest.hpp"
#include "storage/sealing.hpp"
#include "tests/protocol/crypto/test_keys.hpp"

#include <benchmark/benchmark.h>

#include <vector>

// What a message costs in signatures, envelopes and sealed content.

namespace {

using namespace kp;

const crypto::keystore& keys() {
  static const auto one = test::make_identity({{"CN", "SENDER"}, {"serialNumber", "910077473"}});
  return one;
}

void sign_detached(benchmark::State& state) {
  const std::string manifest(1024, 'm');
  const auto& signer = keys();  // made once
  for (auto _ : state)
    benchmark::DoNotOptimize(
        crypto::sign_detached(manifest, signer, crypto::digest_algorithm::sha256));
}
BENCHMARK(sign_detached);

void verify_detached(benchmark::State& state) {
  const std::string manifest(1024, 'm');
  const auto signature = crypto::sign_detached(manifest, keys(), crypto::digest_algorithm::sha256);
  if (!signature) return state.SkipWithError("it cannot be signed");
  for (auto _ : state) benchmark::DoNotOptimize(crypto::verify_detached(manifest, *signature));
}
BENCHMARK(verify_detached);

result<std::unique_ptr<byte_source>> enveloping(byte_source& plain) {
  return crypto::envelop(plain, keys().leaf, crypto::key_transport::oaep_sha256,
                         crypto::content_cipher::aes_256_cbc);
}

// Reads to the end as a sender does, into the same memory again and again.
std::size_t drained(byte_source& from) {
  static std::vector<char> buffer(stream_chunk);
  std::size_t all = 0;
  for (;;) {
    const auto count = from.read(buffer);
    if (!count || *count == 0) return all;
    all += *count;
  }
}

void envelop(benchmark::State& state) {
  [[maybe_unused]] const auto& receiver = keys();  // made once
  const std::string plain(static_cast<std::size_t>(state.range(0)), 'p');
  for (auto _ : state) {
    string_source from(plain);
    const auto sealed = enveloping(from);
    if (!sealed) return state.SkipWithError("it cannot be enveloped");
    benchmark::DoNotOptimize(drained(**sealed));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(envelop)->Arg(4 << 10)->Arg(1 << 20);

void open_envelope(benchmark::State& state) {
  const std::string plain(static_cast<std::size_t>(state.range(0)), 'p');
  string_source unsealed(plain);
  const auto made = enveloping(unsealed);
  if (!made) return state.SkipWithError("it cannot be enveloped");
  const auto sealed = read_all(**made, plain.size() + (1u << 20)).value_or("");
  for (auto _ : state) {
    string_source from(sealed);
    auto opened = crypto::open_envelope(from, std::span(&keys(), 1));
    if (!opened) return state.SkipWithError("it cannot be opened");
    benchmark::DoNotOptimize(drained(**opened));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(open_envelope)->Arg(4 << 10)->Arg(1 << 20);

void digest(benchmark::State& state) {
  const std::string bytes(static_cast<std::size_t>(state.range(0)), 'd');
  for (auto _ : state) benchmark::DoNotOptimize(crypto::sha256(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(digest)->Arg(4 << 10)->Arg(1 << 20);

// One chunk of a stored file.
void seal_chunk(benchmark::State& state) {
  const std::string key(storage::cipher_key_size, 'k'), nonce(storage::gcm_nonce_size, 'n');
  const std::string plain(256 * 1024, 'p');
  for (auto _ : state) {
    std::string out;
    benchmark::DoNotOptimize(storage::seal(key, nonce, "bound to", plain, out));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(plain.size()));
}
BENCHMARK(seal_chunk);

}  // namespace
