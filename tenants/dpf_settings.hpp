#pragma once

#include "config/problem.hpp"
#include "config/secret.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

// What an organisation's file says of DPF: KS SvarUt, which sends, and KS SvarInn, which receives.

namespace kp::tenants {

// Which of its two forms SvarUt is spoken to in.
enum class svarut_form { rest, soap };

// By what one organisation sends with SvarUt.
struct svarut_account {
  std::string organisation;  // nine digits, whose account it is
  svarut_form form = svarut_form::rest;
  std::string account_id, integration_id;  // rest
  secret integration_password;
  std::string username;  // soap
  secret password;
  source_position where{};
};

// A receiver system of SvarInn; one organisation may have several, for types of its own.
struct svarinn_system {
  std::string name;
  std::string username;
  secret password;
  std::string process = "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0";
  std::string document_type = "urn:no:difi:arkivmelding:xsd::arkivmelding";
  source_position where{};
};

struct dpf_settings {
  bool enabled = false;
  source_position where{};
  std::vector<svarut_account> accounts;
  bool digital_only = false;
  std::string billing_code;
  std::vector<std::string> not_printed;  // file extensions; "*" is all but PDF
  std::uint64_t upload_size_limit = 1ull << 30;
  std::chrono::hours default_ttl{24};
  bool report_failures = false;  // AVVIST, IKKE_LEVERT and FEILET_UNDER_MOTTAK end in FEIL
  bool receipts = true;          // an arkivmelding_kvittering when it has been read
  std::chrono::seconds status_interval{60};  // of fresh letters; older ones are asked more seldom
  std::chrono::hours follow_for{180 * 24};
  std::vector<svarinn_system> receivers;
  std::string fallback_sender = "999999999";
  std::chrono::seconds poll_interval{900};
  std::chrono::seconds quiet_poll_interval{900};
  std::uint32_t refuse_after = 0;  // tries of what cannot be opened; 0: never
};

// Whether clients made for one serve the other.
bool same_clients(const dpf_settings&, const dpf_settings&);
bool same_use(const dpf_settings&, const dpf_settings&);

// What is wrong with it, each with what to do. `number`: of the organisation, whose account one
// without an organisation is; filled in. `sends`, `receives`: whether a channel of the hub does.
std::vector<problem> check_dpf(dpf_settings&, const std::string& number, bool sends, bool receives);

}  // namespace kp::tenants
