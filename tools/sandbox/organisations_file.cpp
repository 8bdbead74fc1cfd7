#include "config/text.hpp"
#include "tools/sandbox/jwt.hpp"
#include "tools/sandbox/sandbox.hpp"
#include "tools/sandbox/stored_file.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include <filesystem>
#include <set>

namespace kp::sandbox {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

result<void> write_keystore(const json::object& answer, const std::string& folder) {
  const auto* store = object_at(answer, "keystore");
  if (!store) return {};  // registered with a certificate of its own
  const auto bytes = from_base64(text_at(*store, "base64"));
  if (!bytes) return permanent(sandbox_errc::file, "the sandbox answered no keystore");
  const auto base = fmt::format("{}/{}", folder, text_at(answer, "number"));
  KP_CHECK(write_file(base + ".p12", *bytes, true));
  return write_file(base + ".password", text_at(*store, "password"), true);
}

result<std::set<std::string>> known_numbers(sandbox& box) {
  KP_TRY(const auto listed, box.control("GET", "/control/organisations"));
  std::set<std::string> out;
  for (const auto& each : listed.as_array()) out.insert(text_at(each.as_object(), "number"));
  return out;
}

result<void> post_each(sandbox& box, const json::object& from, std::string_view name,
                       const std::string& path) {
  const auto* list = array_at(from, name);
  if (!list) return {};
  for (const auto& body : *list)
    if (auto done = box.control("POST", path, body); !done)
      return with_context(std::move(done).error(), name);
  return {};
}

result<std::size_t> register_each(sandbox& box, const json::array& list, const std::string& file,
                                  const std::string& keystores, const std::set<std::string>& known,
                                  const std::function<bool()>& stop) {
  std::size_t registered = 0;
  for (const auto& body : list) {
    if (stop && stop()) break;
    const auto* one = body.if_object();
    const auto number = one ? text_at(*one, "number") : std::string();
    if (!keystores.empty() && known.contains(number) &&
        fs::exists(fmt::format("{}/{}.p12", keystores, number)))
      continue;
    auto answer = box.control("POST", "/control/organisations", body);
    if (!answer)
      return with_context(std::move(answer).error(),
                          fmt::format("{}: organisation \"{}\"", file, number));
    if (!keystores.empty()) KP_CHECK(write_keystore(answer->as_object(), keystores));
    ++registered;
  }
  return registered;
}

}  // namespace

result<std::size_t> register_from_file(sandbox& box, const std::string& file,
                                       const std::string& keystores,
                                       const std::function<bool()>& stop) {
  KP_TRY(const auto text, read_file(file));
  boost::system::error_code ec;
  auto value = json::parse(text, ec);
  if (ec) return permanent(sandbox_errc::file, fmt::format("{}: {}", file, ec.message()));
  if (value.is_array()) value = json::object{{"organisations", std::move(value)}};
  const auto* all = value.if_object();
  const auto* list = all ? array_at(*all, "organisations") : nullptr;
  if (!list)
    return permanent(sandbox_errc::file,
                     file + ": an array of organisations, or an object that has one, is missing");
  if (!keystores.empty()) {
    std::error_code problem;
    fs::create_directories(keystores, problem);
    if (problem)
      return permanent(sandbox_errc::file,
                       fmt::format("cannot make {}: {}", keystores, problem.message()));
  }
  KP_TRY(const auto known, known_numbers(box));
  box.hold_state();
  const auto registered = register_each(box, *list, file, keystores, known, stop);
  KP_CHECK(box.write_state());
  if (!registered) return registered.error();
  KP_CHECK(post_each(box, *all, "systemUsers", "/control/systemusers"));
  KP_CHECK(post_each(box, *all, "delegations", "/control/delegations"));
  return *registered;
}

}  // namespace kp::sandbox
