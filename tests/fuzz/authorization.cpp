#include "protocol/http/authorization.hpp"
#include "tests/fuzz/must.hpp"

// Whatever the field says, it is at most one kind of credentials, of a form that the rest relies
// on.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kp;
  http::headers all;
  all.add("Authorization", std::string(fuzz::text(data, size)));
  const auto read = http::read_authorization(all);
  fuzz::must(!std::holds_alternative<http::no_credentials>(read), "the field was there");
  if (const auto* basic = std::get_if<http::basic_credentials>(&read))
    fuzz::must(basic->user.find(':') == std::string::npos, "no user has a colon");
  if (const auto* bearer = std::get_if<http::bearer_credentials>(&read)) {
    fuzz::must(!bearer->token.empty(), "a token is something");
    for (const char c : bearer->token) fuzz::must(c > ' ' && c < 0x7f, "a token is printable");
  }
  all.add("authorization", "Basic dTpw");
  fuzz::must(std::holds_alternative<http::bad_credentials>(http::read_authorization(all)),
             "of two fields none is believed");
  return 0;
}
