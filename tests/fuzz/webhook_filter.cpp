#include "protocol/webhooks/filter.hpp"
#include "tests/fuzz/must.hpp"

#include <string>

// A filter that is read says the same whenever it is asked; another part never lets more through.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kp;
  const auto input = fuzz::text(data, size);
  const auto read = webhooks::filter::parse(input);
  if (!read) return 0;
  const auto narrower = webhooks::filter::parse(std::string(input) + "&status=LEVERT");
  for (const std::string_view status : {"LEVERT", "FEIL", ""})
    for (const auto via : all_services)
      for (const auto way : {direction::outgoing, direction::incoming}) {
        const webhooks::filtered one{status, via, way};
        const bool through = read->matches(one);
        fuzz::must(through == read->matches(one), "asking changes nothing");
        if (narrower && narrower->matches(one))
          fuzz::must(through && status == "LEVERT", "another part only narrows");
      }
  return 0;
}
