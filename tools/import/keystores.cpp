#include "tools/import/keystores.hpp"

#include "config/files.hpp"
#include "config/text.hpp"
#include "config/yaml.hpp"
#include "protocol/crypto/certificate.hpp"
#include "tenants/api_key.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace kp::importer {

namespace {

constexpr std::size_t largest_keystore = 1024 * 1024;
constexpr auto path_name = "difi.move.org.keystore.path";
constexpr auto alias_name = "difi.move.org.keystore.alias";
constexpr auto password_name = "difi.move.org.keystore.password";
constexpr auto type_name = "difi.move.org.keystore.type";

// For a POSIX shell.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

std::string pkcs12_beside(const std::string& path) {
  return std::filesystem::path(path).replace_extension(".p12").string();
}

bool is_java_keystore(std::string_view bytes) {
  return bytes.starts_with("\xFE\xED\xFE\xED") || bytes.starts_with("\xCE\xCE\xCE\xCE");
}

class finder {
 public:
  finder(installation& from, organisation_id owner, findings& report)
      : from_(from), owner_(owner), report_(report) {}

  std::optional<found_keystore> find() {
    const auto path = file_path();
    found_.alias = from_.text(alias_name);
    found_.password = from_.exact(password_name);
    const auto type = to_lower(from_.text(type_name).value_or("pkcs12"));
    if (!found_.password)
      say(password_name, "the installation has no password for its key store",
          "Write it into the file that keystore.password names.");
    else if (trim(*found_.password) != *found_.password)
      from_.report(report_, kind::step, password_name,
                   "the password begins or ends with space, which Java takes for a part of it",
                   "Remove the space if the key store has been opened without.");
    if (!path) return std::nullopt;
    found_.path = *path;
    auto bytes = read_file(*path, largest_keystore);
    if (type == "jks" || type == "jceks" || (bytes && is_java_keystore(*bytes))) {
      found_.path = pkcs12_beside(*path);
      bytes = read_file(found_.path, largest_keystore);
      if (!bytes) {
        say(path_name, "the hub reads PKCS#12 only, and this is a Java key store (JKS)",
            conversion(*path));
        return found_;
      }
    }
    if (!bytes) {
      say(path_name, "key store " + bytes.error().message,
          "Copy it there, or correct keystore.path in the new file.");
      return found_;
    }
    found_.content = tenants::sha256_hex_of(*bytes);
    if (found_.password) open(*bytes);
    return found_;
  }

 private:
  void say(std::string_view name, std::string why, std::string todo) {
    from_.report(report_, kind::problem, name, std::move(why), std::move(todo));
  }

  std::optional<std::string> file_path() {
    auto path = from_.text(path_name);
    if (!path) {
      say(path_name, "the installation names no key store",
          "Add keystore.path and keystore.password to the new file.");
      return std::nullopt;
    }
    for (const auto* scheme : {"classpath:", "vault:", "http:", "https:"}) {
      if (!path->starts_with(scheme)) continue;
      say(path_name, fmt::format("the hub reads key stores from files, not {}", scheme),
          "Save it as a file and add keystore.path and keystore.password to the new file.");
      return std::nullopt;
    }
    if (path->starts_with("file:")) path->erase(0, 5);
    if (path->starts_with("//")) path->erase(0, 2);
    return absolute_path(from_.folder(), *path);
  }

  std::string conversion(const std::string& old_path) const {
    return fmt::format(
        "Run: keytool -importkeystore -srckeystore {} -srcstoretype JKS{} -destkeystore {} "
        "-deststoretype PKCS12 (use the same password for both), and import again.",
        shell_quoted(old_path), found_.alias ? " -srcalias " + shell_quoted(*found_.alias) : "",
        shell_quoted(found_.path));
  }

  // Java finds an alias in any case; the hub does not.
  void open(const std::string& bytes) {
    auto opened = crypto::keystore::open_pkcs12(bytes, *found_.password, found_.alias);
    for (const auto& other : {lower_alias(), std::optional<std::string>{}}) {
      if (opened || !found_.alias) break;
      auto again = crypto::keystore::open_pkcs12(bytes, *found_.password, other);
      if (!again) continue;
      found_.alias = other;
      opened = std::move(again);
    }
    if (!opened) {
      say(path_name, fmt::format("key store {}: {}", found_.path, opened.error().message),
          "Check file, password and alias.");
      return;
    }
    found_.not_after = opened->leaf.not_after();
    const auto named = opened->leaf.organisation();
    if (!named || *named != owner_)
      say(path_name,
          fmt::format("the certificate in {} belongs to {}, not to {}", found_.path,
                      named ? named->to_string() : "no organisation", owner_.to_string()),
          "Give the organisation its own key store.");
  }

  std::optional<std::string> lower_alias() const {
    if (!found_.alias) return std::nullopt;
    return to_lower(*found_.alias);
  }

  installation& from_;
  organisation_id owner_;
  findings& report_;
  found_keystore found_;
};

}  // namespace

std::optional<found_keystore> find_keystore(installation& from, organisation_id owner,
                                            findings& report) {
  return finder(from, owner, report).find();
}

}  // namespace kp::importer
