#include "metrics/registry.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace kp::metrics {

void counter::add(double by) const {
  if (at_) at_->Increment(by);
}

double counter::value() const {
  return at_ ? at_->Value() : 0;
}

void gauge::set(double value) const {
  if (at_) at_->Set(value);
}

void gauge::add(double by) const {
  if (at_) at_->Increment(by);
}

double gauge::value() const {
  return at_ ? at_->Value() : 0;
}

void histogram::observe(double value) const {
  if (at_) at_->Observe(value);
}

void histogram::observe(std::chrono::steady_clock::duration took) const {
  observe(std::chrono::duration<double>(took).count());
}

counter counter_family::with(const labels& with) const {
  return counter(in_->Add(with));
}

gauge gauge_family::with(const labels& with) const {
  return gauge(in_->Add(with));
}

histogram histogram_family::with(const labels& with) const {
  return histogram(in_->Add(with, bounds_));
}

registry::registry() : all_(std::make_unique<prometheus::Registry>()) {}
registry::~registry() = default;

counter_family registry::counters(const std::string& name, const std::string& help) {
  return counter_family(prometheus::BuildCounter().Name(name).Help(help).Register(*all_));
}

gauge_family registry::gauges(const std::string& name, const std::string& help) {
  return gauge_family(prometheus::BuildGauge().Name(name).Help(help).Register(*all_));
}

histogram_family registry::histograms(const std::string& name, const std::string& help,
                                      std::vector<double> bounds) {
  return histogram_family(prometheus::BuildHistogram().Name(name).Help(help).Register(*all_),
                          std::move(bounds));
}

std::string registry::text() const {
  auto all = all_->Collect();
  std::erase_if(all, [](const auto& family) { return family.metric.empty(); });
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace kp::metrics
