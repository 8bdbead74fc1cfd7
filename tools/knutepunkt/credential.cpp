#include "tools/knutepunkt/credential.hpp"

#include "config/config_error.hpp"
#include "config/text.hpp"
#include "tenants/api_key.hpp"
#include "tenants/password.hpp"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace kp {

namespace {

constexpr std::size_t longest_password = 1024;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

// The terminal neither shows what is typed nor turns Ctrl-C into a signal, which would leave it so.
class quiet_terminal {
 public:
  quiet_terminal() : changed_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!changed_) return;
    auto quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
  }
  ~quiet_terminal() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  quiet_terminal(const quiet_terminal&) = delete;
  quiet_terminal& operator=(const quiet_terminal&) = delete;
  bool is_quiet() const { return changed_; }

 private:
  termios before_{};
  bool changed_;
};

error refuse(std::string why) {
  return permanent(config_errc::invalid_value, std::move(why));
}

result<std::string> read_line() {
  std::string line;
  for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar()) {
    if (line.size() == longest_password)
      return refuse(fmt::format("the password is longer than {} bytes", longest_password));
    line += static_cast<char>(c);
  }
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty()) return refuse("the password is empty");
  if (std::ranges::any_of(line, is_control))
    return refuse("the password has control characters, or was broken off");
  if (!is_utf8(line)) return refuse("the password is not UTF-8 text");
  return line;
}

result<std::string> prompt(const char* text) {
  std::fputs(text, stderr);
  auto line = read_line();
  std::fputs("\n", stderr);
  return line;
}

// A scalar in single quotes, YAML 1.2.2 section 7.3.2.
std::string single_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

}  // namespace

result<std::string> ask_password(bool from_pipe) {
  if (from_pipe) return read_line();
  const quiet_terminal terminal;
  if (!terminal.is_quiet())
    return permanent(config_errc::not_readable,
                     "there is no terminal to ask at; give --password-stdin and the password on "
                     "standard input");
  KP_TRY(auto first, prompt("Password: "));
  KP_TRY(auto second, prompt("The same again: "));
  const bool same = first == second;
  wipe(second);
  if (!same) return refuse("the two passwords differ");
  return first;
}

result<std::string> credential_lines(const std::string& user, const std::string& password,
                                     random_source& random) {
  if (user.find(':') != std::string::npos)
    return refuse("the user name has a colon, which HTTP Basic does not allow; choose another");
  if (std::ranges::any_of(user, is_control) || !is_utf8(user))
    return refuse("the user name has control characters; choose another");
  if (trim(user) != user) return refuse("the user name begins or ends with space");
  const auto hash =
      fmt::format("password_hash: \"{}\"\n", tenants::hash_password(password, random));
  if (user.empty()) return hash;
  return fmt::format("      - user: {}\n        {}", single_quoted(user), hash);
}

api_key_lines new_api_key_lines(random_source& random) {
  auto made = tenants::make_api_key(random);
  return {std::move(made.key),
          fmt::format("      - api_key: {}\n        api_key_hash: {}\n", made.id, made.hash)};
}

}  // namespace kp
