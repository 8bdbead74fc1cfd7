#pragma once

#include "protocol/dpf/svarut.hpp"

namespace kp::dpf {

// Below the address of SvarUt.
inline constexpr std::string_view soap_path = "/tjenester/forsendelseservice/ForsendelsesServiceV9";

struct soap_settings {
  std::string url;  // with soap_path
  std::string username, password;
};

// SvarUt's ForsendelsesServiceV9: SOAP 1.2 with MTOM (dpf.md 6). `http` must outlive it.
std::unique_ptr<svarut> make_soap_svarut(http::client& http, soap_settings settings);

}  // namespace kp::dpf
