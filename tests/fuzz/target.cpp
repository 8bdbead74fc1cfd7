#include "protocol/http/target.hpp"
#include "actors/route.hpp"
#include "config/text.hpp"
#include "tests/fuzz/must.hpp"

// No target walks around the checks of a path, and every path has a route.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kp;
  const auto target = http::parse_target(fuzz::text(data, size));
  if (!target) return 0;
  const auto& path = target->path;
  fuzz::must(path == "*" || path.starts_with('/'), "a path is absolute");
  fuzz::must(is_utf8(path), "a path is UTF-8");
  const auto padded = path + '/';
  for (const char* bad : {"/../", "/./", "\\"})
    fuzz::must(padded.find(bad) == std::string::npos, "a path goes nowhere but down");
  for (const char c : path)
    fuzz::must(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "a path is printable");
  for (const char* method : {"GET", "HEAD", "POST", "PUT", "DELETE", "BREW"}) {
    const auto way = actors::find_route(method, path, "multipart/form-data; boundary=b");
    if (const auto* no = std::get_if<actors::route::refusal>(&way.to))
      fuzz::must(no->why.status == 404 || no->why.status == 405, "a refusal says why");
    if (const auto* to = std::get_if<actors::route::call>(&way.to))
      fuzz::must(to->argument.find('/') == std::string::npos, "an argument is one segment");
  }
  return 0;
}
