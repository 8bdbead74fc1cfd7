#include "config/text.hpp"
#include "protocol/sbd/document.hpp"

#include <benchmark/benchmark.h>

// What is read and written of every message: its SBD, and Base64 of what lies in JSON.

namespace {

using namespace kp;

constexpr std::string_view text =
    R"({"standardBusinessDocumentHeader":{"headerVersion":"1.0","sender":[{"identifier":{)"
    R"("authority":"iso6523-actorid-upis","value":"0192:910077473"}}],"receiver":[{"identifier":{)"
    R"("authority":"iso6523-actorid-upis","value":"0192:910075918"}}],"documentIdentification":{)"
    R"("standard":"urn:no:difi:arkivmelding:xsd::arkivmelding","typeVersion":"2.0",)"
    R"("instanceIdentifier":"3380ed76-5d4c-43e7-aa70-8ed8d97e4835","type":"arkivmelding",)"
    R"("creationDateAndTime":"2026-01-15T10:00:00+01:00"},"businessScope":{"scope":[{)"
    R"("type":"ConversationId","instanceIdentifier":"43fbe161-7aac-4c9f-a888-d8167aab4144",)"
    R"("identifier":"urn:no:difi:profile:arkivmelding:administrasjon:ver1.0","scopeInformation":[{)"
    R"("expectedResponseDateTime":"2026-01-16T10:00:00+01:00"}]}]}},)"
    R"("arkivmelding":{"sikkerhetsnivaa":3,"hoveddokument":"arkivmelding.xml"}})";
const time_point now(std::chrono::seconds(1'768'467'600));

void parse_sbd(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(sbd::parse(text, now));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(parse_sbd);

void write_sbd(benchmark::State& state) {
  const auto document = sbd::parse(text, now);
  if (!document) return state.SkipWithError("the document is none");
  for (auto _ : state) benchmark::DoNotOptimize(sbd::to_text(*document));
}
BENCHMARK(write_sbd);

void encode_base64(benchmark::State& state) {
  const std::string bytes(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(to_base64(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(encode_base64)->Arg(1 << 10)->Arg(1 << 20);

void decode_base64(benchmark::State& state) {
  const auto encoded = to_base64(std::string(static_cast<std::size_t>(state.range(0)), 'x'));
  for (auto _ : state) benchmark::DoNotOptimize(from_base64(encoded));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(decode_base64)->Arg(1 << 10)->Arg(1 << 20);

}  // namespace
