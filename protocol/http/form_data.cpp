#include "protocol/http/form_data.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::http {

namespace {

using source = std::shared_ptr<const random_access_source>;

// Sources one after the other, as one.
class joined final : public random_access_source {
 public:
  explicit joined(const std::vector<source>& pieces) {
    for (const auto& each : pieces) {
      pieces_.push_back({size_, each});
      size_ += each->size();
    }
  }

  std::uint64_t size() const override { return size_; }

  result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override {
    std::size_t done = 0;
    while (done < out.size() && offset + done < size_) {
      const auto at = offset + done;
      const auto after = std::ranges::upper_bound(pieces_, at, {}, &piece::begin);
      const auto& [begin, from] = *std::prev(after);
      const auto most = std::min<std::uint64_t>(out.size() - done, begin + from->size() - at);
      KP_TRY(const auto count,
             from->read_at(at - begin, out.subspan(done, static_cast<std::size_t>(most))));
      if (count == 0) break;  // it is shorter than it said
      done += count;
    }
    return done;
  }

 private:
  struct piece {
    std::uint64_t begin;
    source from;
  };
  std::vector<piece> pieces_;
  std::uint64_t size_ = 0;
};

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"')
      out += "%22";
    else if (c == '\r')
      out += "%0D";
    else if (c == '\n')
      out += "%0A";
    else
      out += c;
  }
  return out + '"';
}

}  // namespace

std::string form_content_type(const std::string& boundary) {
  return "multipart/form-data; boundary=" + boundary;
}

source make_form_data(const std::vector<form_part>& parts, const std::string& boundary) {
  std::vector<source> pieces;
  std::string text;
  const auto flush = [&] {
    if (!text.empty()) pieces.push_back(std::make_shared<string_random_access>(std::move(text)));
    text.clear();
  };
  for (const auto& part : parts) {
    text +=
        fmt::format("--{}\r\nContent-Disposition: form-data; name={}", boundary, quoted(part.name));
    if (part.filename) text += "; filename=" + quoted(*part.filename);
    text += fmt::format("\r\nContent-Type: {}\r\n\r\n", part.content_type);
    if (part.file) {
      flush();
      if (part.file->size() > 0) pieces.push_back(part.file);
    } else {
      text += part.text;
    }
    text += "\r\n";
  }
  text += fmt::format("--{}--\r\n", boundary);
  flush();
  return std::make_shared<joined>(pieces);
}

}  // namespace kp::http
