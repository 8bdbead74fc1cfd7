#include "tools/kpctl/new_organisation.hpp"

#include "config/text.hpp"
#include "tenants/password.hpp"

#include <yaml-cpp/yaml.h>

#include <filesystem>

namespace kp::ctl {

namespace {

constexpr std::size_t password_bytes = 18;

std::string absolute(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

}  // namespace

void invent_sign_ins(new_organisation& who, random_source& random) {
  who.sign_ins.clear();
  for (const auto& channel : who.channels)
    who.sign_ins.emplace_back(who.number + "-" + channel, to_hex(random.bytes(password_bytes)));
}

std::string to_yaml(const new_organisation& who, random_source& random) {
  YAML::Emitter out;
  const auto text = [&](const char* key, const std::string& value) {
    out << YAML::Key << key << YAML::Value << YAML::DoubleQuoted << value;
  };
  out << YAML::BeginMap;
  text("number", who.number);
  if (!who.name.empty()) text("name", who.name);
  out << YAML::Key << "keystore" << YAML::Value << YAML::BeginMap;
  text("path", absolute(who.keystore));
  out << YAML::Key << "password" << YAML::Value << YAML::BeginMap;
  if (!who.password_variable.empty())
    text("env", who.password_variable);
  else
    text("file", absolute(who.password_file));
  out << YAML::EndMap;
  if (!who.alias.empty()) text("alias", who.alias);
  out << YAML::EndMap;
  out << YAML::Key << "services" << YAML::Value << YAML::BeginMap << YAML::Key << "dpo"
      << YAML::Value << YAML::BeginMap << YAML::Key << "enabled" << YAML::Value << true
      << YAML::EndMap << YAML::EndMap;
  out << YAML::Key << "channels" << YAML::Value << YAML::BeginSeq;
  for (std::size_t i = 0; i < who.channels.size(); ++i) {
    const auto& name = who.channels[i];
    const auto services = [&](const char* key) {
      out << YAML::Key << key << YAML::Value << YAML::Flow << YAML::BeginSeq << "DPO"
          << YAML::EndSeq;
    };
    out << YAML::BeginMap;
    text("name", name);
    services("sends");
    if (name == who.receiver)
      services("receives");
    else
      text("message_channel", name);  // by it the answers find back
    out << YAML::Key << "credentials" << YAML::Value << YAML::BeginSeq << YAML::BeginMap;
    text("user", who.sign_ins.at(i).first);
    text("password_hash", tenants::hash_password(who.sign_ins[i].second, random));
    out << YAML::EndMap << YAML::EndSeq << YAML::EndMap;
  }
  out << YAML::EndSeq << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace kp::ctl
