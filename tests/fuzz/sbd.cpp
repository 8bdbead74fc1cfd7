#include "protocol/sbd/document.hpp"
#include "tests/fuzz/must.hpp"

// A document that is read can be validated, and written so that it is read as the same again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kp;
  const time_point now{std::chrono::seconds(1'770'000'000)};
  const auto read = sbd::parse(fuzz::text(data, size), now);
  if (!read) return 0;
  static_cast<void>(sbd::validate_for_create(*read, now));
  static_cast<void>(sbd::make_status(*read, "LEVERT", now, std::chrono::hours(24), "instance"));
  const auto written = sbd::to_text(*read);
  const auto again = sbd::parse(written, now);
  fuzz::must(again.has_value(), "what was written is read again");
  fuzz::must(sbd::to_text(*again) == written, "what is read again is the same");
  return 0;
}
