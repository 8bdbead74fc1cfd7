#pragma once

#include "protocol/arkivmelding/record.hpp"

#include <cstdint>
#include <string>

// Dates as SvarUt and SvarInn write them, all in Europe/Oslo. For this folder alone.

namespace kp::dpf {

// "2017-05-23T00:00:00", with the zone that it came with: SOAP.
std::string midnight_as_written(const arkivmelding::date&);
// "2017-05-23T00:00:00+02:00", in Europe/Oslo when it came without a zone: REST.
std::string midnight_with_offset(const arkivmelding::date&);

// Milliseconds since 1970, cut to what Noark can say: no earlier than the year 1 (dpf.md 9.6).
std::string date_of_epoch(std::int64_t milliseconds);      // "2016-03-21+01:00"
std::string midnight_of_epoch(std::int64_t milliseconds);  // "2016-03-21T00:00:00+01:00"

}  // namespace kp::dpf
