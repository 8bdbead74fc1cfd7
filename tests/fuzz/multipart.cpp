#include "protocol/api/upload.hpp"
#include "tests/fuzz/must.hpp"

#include <algorithm>

namespace {

using namespace kp;

class recorder final : public api::multipart_parser::events {
 public:
  result<void> begin(const api::multipart_parser::part& one) override {
    fuzz::must(!open_, "a part ends before the next begins");
    open_ = true;
    all += "begin " + one.name + '|' + one.filename.value_or("-") + '|' +
           one.content_type.value_or("-") + '\n';
    fuzz::must(++parts <= api::multipart_parser::max_parts, "there is a bound on parts");
    return {};
  }
  result<void> data(std::string_view bytes) override {
    fuzz::must(open_, "data is of a part");
    all += bytes;
    return {};
  }
  result<void> end() override {
    fuzz::must(open_, "only what began ends");
    open_ = false;
    all += "\nend\n";
    return {};
  }
  std::string all;
  std::size_t parts = 0;

 private:
  bool open_ = false;
};

std::string fed(std::string_view body, std::size_t piece, bool& good) {
  recorder to;
  api::multipart_parser parser("b", to);
  good = true;
  while (good && !body.empty()) {
    good = parser.feed(body.substr(0, piece)).has_value();
    body.remove_prefix(std::min(piece, body.size()));
  }
  good = good && parser.finish().has_value();
  return to.all;
}

}  // namespace

// How the network cuts a body into pieces makes no difference.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto body = fuzz::text(data, size);
  static_cast<void>(api::multipart_parser::boundary_of(body));
  static_cast<void>(api::parse_content_disposition(body));
  bool at_once = false, in_pieces = false;
  const auto whole = fed(body, body.size(), at_once);
  const auto cut = fed(body, 1 + data[0] % 7, in_pieces);
  fuzz::must(at_once == in_pieces, "pieces are accepted as the whole is");
  if (at_once) fuzz::must(whole == cut, "pieces say what the whole says");
  return 0;
}
