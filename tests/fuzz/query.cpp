#include "protocol/api/page.hpp"
#include "tests/fuzz/must.hpp"

// Any query is some page of something, within bounds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kp;
  const auto query = api::query::parse(fuzz::text(data, size));
  const auto page = api::parse_page_query(query);
  fuzz::must(page.size >= 1, "a page has room");
  static_cast<void>(api::to_page({}, page, 7, !page.sort.empty()));
  for (const char* name : {"messageId", "process", "from", "", "sort"}) {
    const auto first = query.find(name);
    fuzz::must(first.has_value() == query.has(name), "what is found is there");
    fuzz::must(first.has_value() == !query.all(name).empty(), "the first is one of all");
  }
  return 0;
}
