#include "protocol/dpi/form.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::dpi {

namespace {

// Text, a file, and text again, as one.
class framed final : public random_access_source {
 public:
  framed(std::string before, std::shared_ptr<const random_access_source> inner, std::string after)
      : before_(std::move(before)), inner_(std::move(inner)), after_(std::move(after)) {}

  std::uint64_t size() const override { return before_.size() + inner_->size() + after_.size(); }

  result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override {
    std::size_t done = 0;
    while (done < out.size() && offset + done < size()) {
      KP_TRY(const auto count, read_part(offset + done, out.subspan(done)));
      if (count == 0) break;  // the file is shorter than it said
      done += count;
    }
    return done;
  }

 private:
  result<std::size_t> read_part(std::uint64_t offset, std::span<char> out) const {
    if (offset < before_.size()) return copy(before_, offset, out);
    offset -= before_.size();
    if (offset < inner_->size()) {
      const auto most = std::min<std::uint64_t>(out.size(), inner_->size() - offset);
      return inner_->read_at(offset, out.first(static_cast<std::size_t>(most)));
    }
    return copy(after_, offset - inner_->size(), out);
  }

  static std::size_t copy(const std::string& from, std::uint64_t offset, std::span<char> out) {
    return from.copy(out.data(), out.size(), static_cast<std::size_t>(offset));
  }

  std::string before_;
  std::shared_ptr<const random_access_source> inner_;
  std::string after_;
};

}  // namespace

std::shared_ptr<const random_access_source> make_form(
    const std::string& jws, std::shared_ptr<const random_access_source> package,
    const std::string& boundary) {
  auto before = fmt::format(
      "--{0}\r\nContent-Disposition: form-data; name=\"forretningsmelding\"; "
      "filename=\"sbd.jwt\"\r\nContent-Type: application/jwt\r\n\r\n{1}\r\n"
      "--{0}\r\nContent-Disposition: form-data; name=\"dokumentpakke\"; "
      "filename=\"asic.cms\"\r\nContent-Type: application/cms\r\n\r\n",
      boundary, jws);
  return std::make_shared<framed>(std::move(before), std::move(package),
                                  fmt::format("\r\n--{}--\r\n", boundary));
}

}  // namespace kp::dpi
