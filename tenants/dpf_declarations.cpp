#include "tenants/dpf_declarations.hpp"
#include "tenants/usual_traits.hpp"

#include <fmt/format.h>

namespace kp::tenants {

namespace {

const setting_traits hidden{.restart = false, .secret = true};

const word_kind<svarut_form> form_kind{{{"rest", svarut_form::rest}, {"soap", svarut_form::soap}}};

declarations<svarut_account> declare_account() {
  declarations<svarut_account> all{svarut_account{}};
  all.add("organisation", text_kind{}, [](auto& s) -> auto& { return s.organisation; },
          "Whose account it is, nine digits.",
          {.restart = false, .fallback = "the organisation of the file"});
  all.add(
      "form", form_kind, [](auto& s) -> auto& { return s.form; },
      "In which form SvarUt is spoken to: rest, or soap for accounts that KS has not moved yet.",
      usual);
  all.add(
      "account_id", text_kind{}, [](auto& s) -> auto& { return s.account_id; },
      "rest: the account (konto) that is sent from, a UUID.", usual);
  all.add(
      "integration_id", text_kind{}, [](auto& s) -> auto& { return s.integration_id; },
      "rest: the integration, a UUID.", usual);
  all.add(
      "integration_password", secret_kind{},
      [](auto& s) -> auto& { return s.integration_password; }, "rest: its password.", hidden);
  all.add(
      "username", text_kind{}, [](auto& s) -> auto& { return s.username; },
      "soap: the user of the sender.", usual);
  all.add(
      "password", secret_kind{}, [](auto& s) -> auto& { return s.password; }, "soap: its password.",
      hidden);
  return all;
}

declarations<svarinn_system> declare_system() {
  declarations<svarinn_system> all{svarinn_system{}};
  all.add(
      "name", text_kind{}, [](auto& s) -> auto& { return s.name; },
      "What it is called here, in logs.", needed);
  all.add(
      "username", text_kind{}, [](auto& s) -> auto& { return s.username; },
      "The user of the receiver system at KS.", needed);
  all.add("password", secret_kind{}, [](auto& s) -> auto& { return s.password; }, "Its password.",
          {.required = true, .restart = false, .secret = true});
  all.add(
      "process", text_kind{}, [](auto& s) -> auto& { return s.process; },
      "The process that its letters get.", usual);
  all.add(
      "document_type", text_kind{}, [](auto& s) -> auto& { return s.document_type; },
      "The document type that its letters get.", usual);
  return all;
}

}  // namespace

std::optional<std::vector<std::string>> word_list_kind::read(const yaml_value& value,
                                                             value_reader& reader) const {
  if (!value.is_list()) {
    reader.refuse(value, reader.what + " must be a list", "Write it as [one, two].");
    return std::nullopt;
  }
  const auto items = value.items();
  if (items.size() > most) {
    reader.refuse(value, fmt::format("{} has more than {} items", reader.what, most),
                  "Remove those that are not used.");
    return std::nullopt;
  }
  std::vector<std::string> all;
  for (const auto& item : items) {
    auto word = reader.scalar(item);
    if (!word) return std::nullopt;
    all.push_back(*std::move(word));
  }
  return all;
}

const declarations<svarut_account>& svarut_account_settings() {
  static const auto all = declare_account();
  return all;
}

const declarations<svarinn_system>& svarinn_system_settings() {
  static const auto all = declare_system();
  return all;
}

}  // namespace kp::tenants
