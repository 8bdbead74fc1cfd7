#pragma once

#include "protocol/dpf/svarut.hpp"

namespace kp::dpf {

struct soap_settings {
  std::string url;  // …/tjenester/forsendelseservice/ForsendelsesServiceV9
  std::string username, password;
};

// SvarUt's ForsendelsesServiceV9: SOAP 1.2 with MTOM (dpf.md 6). `http` must outlive it.
std::unique_ptr<svarut> make_soap_svarut(http::client& http, soap_settings settings);

}  // namespace kp::dpf
