#include "tools/kpctl/commands.hpp"

#include "protocol/http/url.hpp"

#include <boost/json/serialize.hpp>
#include <CLI/CLI.hpp>

#include <cstdio>

namespace kp::ctl {

int fail(std::string_view why) {
  std::fprintf(stderr, "kpctl: %.*s\n", static_cast<int>(why.size()), why.data());
  return 1;
}

int print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return std::fflush(stdout) == 0 ? 0 : fail("standard output cannot be written");
}

int session::show(const boost::json::value& answer, view how) const {
  return print(as_json ? boost::json::serialize(answer) + "\n" : how(answer));
}

int session::ask_and_show(const order& what, view how) const {
  const auto answer = ask(at, what);
  if (!answer) return fail(answer.error().message);
  return show(*answer, how);
}

CLI::App& commands::add(const char* name, const char* help, work run, CLI::App* under) {
  auto* made = (under ? *under : root_).add_subcommand(name, help)->fallthrough();
  all_.push_back({made, std::move(run)});
  return *made;
}

CLI::App& commands::add_group(const char* name, const char* help) {
  return *root_.add_subcommand(name, help)->fallthrough()->require_subcommand(1);
}

int commands::run(const session& given) const {
  for (const auto& one : all_)
    if (*one.app) return one.run(given);
  return wrong_usage;
}

std::string path_of(const std::string& number, const std::string& tail) {
  return "/admin/organisations/" + http::encode_component(number) + tail;
}

}  // namespace kp::ctl
