#include "actors/request_meters.hpp"

#include "actors/route.hpp"

namespace kp::actors {

namespace {

const char* outcome_of(unsigned status) {
  if (status < 200) return "INFORMATIONAL";
  if (status < 300) return "SUCCESS";
  if (status < 400) return "REDIRECTION";
  return status < 500 ? "CLIENT_ERROR" : "SERVER_ERROR";
}

}  // namespace

request_meters::request_meters(std::shared_ptr<metrics::hub_meters> meters)
    : meters_(std::move(meters)),
      sign_in_failures_(meters_->sign_in_failures.with({{"listener", "api"}})),
      seen_(route_places().size()) {}

metrics::histogram request_meters::find(std::size_t place, unsigned status) {
  auto& known = seen_[place];
  for (const auto& [its, meter] : known)
    if (its == status) return meter;
  const auto& where = route_places()[place];
  const auto made = meters_->requests.with({{"method", where.method},
                                            {"uri", where.uri},
                                            {"status", std::to_string(status)},
                                            {"outcome", outcome_of(status)}});
  known.emplace_back(status, made);
  return made;
}

void request_meters::answered(const visit& one, unsigned status) {
  find(one.place < seen_.size() ? one.place : 0, status).observe(one.age());
}

}  // namespace kp::actors
