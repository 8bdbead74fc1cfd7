#include "tools/import/organisation_draft.hpp"

#include "config/setting_kinds.hpp"

#include <yaml-cpp/yaml.h>

namespace kp::importer {

namespace {

std::string lower(service which) {
  std::string name(to_string(which));
  for (auto& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return name;
}

class writer {
 public:
  explicit writer(bool trial) : trial_(trial) {}

  std::string write(const organisation_draft& of) {
    out_.SetIndent(2);
    out_ << YAML::Comment("Made by `kpctl import`. All keys: docs/organisation.md.");
    for (const auto& file : of.sources) out_ << YAML::Newline << YAML::Comment("From " + file);
    out_ << YAML::Newline << YAML::BeginMap;
    put("number", of.id.to_string());
    if (of.keystore) {
      out_ << YAML::Key << "keystore" << YAML::Value;
      keystore(*of.keystore);
    }
    if (!of.previous_keystores.empty()) {
      out_ << YAML::Key << "previous_keystores" << YAML::Value << YAML::BeginSeq;
      for (const auto& one : of.previous_keystores) keystore(one);
      out_ << YAML::EndSeq;
    }
    if (of.client_id) {
      out_ << YAML::Key << "maskinporten" << YAML::Value << YAML::BeginMap;
      put("client_id", *of.client_id);
      out_ << YAML::EndMap;
    }
    services(of);
    out_ << YAML::Key << "channels" << YAML::Value << YAML::BeginSeq;
    for (const auto& one : of.channels) channel(one);
    out_ << YAML::EndSeq << YAML::EndMap;
    return std::string(out_.c_str()) + "\n";
  }

 private:
  template <class T>
  void put(const char* key, const T& value) {
    out_ << YAML::Key << key << YAML::Value << value;
  }
  template <class T>
  void put_if(const char* key, const std::optional<T>& value) {
    if (value) put(key, *value);
  }

  template <class List, class Text>
  void put_list(const char* key, const List& list, Text text) {
    if (list.empty()) return;
    out_ << YAML::Key << key << YAML::Value << YAML::Flow << YAML::BeginSeq;
    for (const auto& one : list) out_ << text(one);
    out_ << YAML::EndSeq;
  }
  void put_services(const char* key, const std::set<service>& all) {
    put_list(key, all, [](service one) { return std::string(to_string(one)); });
  }

  void keystore(const keystore_draft& store) {
    out_ << YAML::BeginMap;
    put("path", store.path);
    put_if("alias", store.alias);
    secret("password", store.password_file);
    out_ << YAML::EndMap;
  }

  void secret(const char* key, const std::string& file) {
    out_ << YAML::Key << key << YAML::Value << YAML::Flow << YAML::BeginMap;
    if (trial_)
      put("env", std::string("KP_IMPORT_TRIAL"));
    else
      put("file", file);
    out_ << YAML::EndMap;
  }

  void services(const organisation_draft& of) {
    if (of.enabled.empty()) return;
    out_ << YAML::Key << "services" << YAML::Value << YAML::BeginMap;
    for (const auto which : of.enabled) {
      out_ << YAML::Key << lower(which) << YAML::Value << YAML::BeginMap;
      put("enabled", true);
      if (which == service::dpo) dpo(of);
      if (which == service::dpf) svarut(of.svarut);
      if (const auto more = of.values.find(which); more != of.values.end())
        for (const auto& one : more->second)
          std::visit([&](const auto& value) { setting(one.key.c_str(), value); }, one.value);
      out_ << YAML::EndMap;
    }
    out_ << YAML::EndMap;
  }

  template <class T>
  void setting(const char* key, const T& value) {
    put(key, value);
  }
  void setting(const char* key, const secret_setting& value) { secret(key, value.file); }

  void dpo(const organisation_draft& of) {
    if (of.system_user_organisation || of.system_user_name) {
      out_ << YAML::Key << "system_user" << YAML::Value << YAML::BeginMap;
      put_if("organisation", of.system_user_organisation);
      put_if("name", of.system_user_name);
      out_ << YAML::EndMap;
    }
    if (!of.reportees.empty()) {
      out_ << YAML::Key << "reportees" << YAML::Value << YAML::BeginSeq;
      for (const auto& one : of.reportees) {
        out_ << YAML::BeginMap;
        put("organisation", one.organisation);
        put("name", one.name);
        out_ << YAML::EndMap;
      }
      out_ << YAML::EndSeq;
    }
    put_if("client_id", of.dpo_client_id);
    put_if("default_ttl_hours", of.dpo_ttl_hours);
    if (of.dpo_upload_limit) put("upload_size_limit", size_kind{}.show(*of.dpo_upload_limit));
  }

  void svarut(const svarut_draft& of) {
    if (!of.accounts.empty()) {
      out_ << YAML::Key << "accounts" << YAML::Value << YAML::BeginSeq;
      for (const auto& one : of.accounts) {
        out_ << YAML::BeginMap;
        put("organisation", one.organisation);
        put("form", std::string(one.rest ? "rest" : "soap"));
        if (one.rest) {
          put("account_id", one.account_id);
          put("integration_id", one.integration_id);
          secret("integration_password", one.password_file);
        } else {
          put("username", one.user);
          secret("password", one.password_file);
        }
        out_ << YAML::EndMap;
      }
      out_ << YAML::EndSeq;
    }
    if (!of.receivers.empty()) {
      out_ << YAML::Key << "receivers" << YAML::Value << YAML::BeginSeq;
      for (const auto& one : of.receivers) {
        out_ << YAML::BeginMap;
        put("name", one.name);
        put("username", one.user);
        secret("password", one.password_file);
        put_if("process", one.process);
        put_if("document_type", one.document_type);
        out_ << YAML::EndMap;
      }
      out_ << YAML::EndSeq;
    }
    if (of.digital_only) put("digital_only", true);
    put_if("billing_code", of.billing_code);
    put_if("fallback_sender", of.fallback_sender);
    put_list("not_printed", of.not_printed, [](const std::string& one) { return one; });
  }

  void channel(const channel_draft& one) {
    out_ << YAML::BeginMap;
    put("name", one.name);
    put_services("sends", one.sends);
    put_services("receives", one.receives);
    put_if("message_channel", one.message_channel);
    put_if("lock_timeout_minutes", one.lock_timeout_minutes);
    put_services("status_queue", one.status_queue);
    const auto nested = [&](const char* key, auto inside) {
      out_ << YAML::Key << key << YAML::Value << YAML::BeginMap;
      inside();
      out_ << YAML::EndMap;
    };
    if (one.dpi_channel)
      nested("dpi", [&] {
        put("channel", *one.dpi_channel);
        put_if("concurrency", one.dpi_concurrency);
      });
    const auto itself = [](const auto& value) { return value; };
    if (!one.dpfio_accounts.empty())
      nested("dpfio", [&] { put_list("accounts", one.dpfio_accounts, itself); });
    if (!one.her_ids.empty()) nested("dph", [&] { put_list("her_ids", one.her_ids, itself); });
    if (one.credential) {
      out_ << YAML::Key << "credentials" << YAML::Value << YAML::BeginSeq << YAML::BeginMap;
      put("user", one.credential->user);
      put("password_hash", one.credential->password_hash);
      out_ << YAML::EndMap << YAML::EndSeq;
    }
    out_ << YAML::EndMap;
  }

  bool trial_;
  YAML::Emitter out_;
};

}  // namespace

std::string to_yaml(const organisation_draft& of, bool trial) {
  return writer(trial).write(of);
}

}  // namespace kp::importer
