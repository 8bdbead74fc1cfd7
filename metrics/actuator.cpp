#include "metrics/actuator.hpp"

#include <prometheus/registry.h>
#include <boost/json/array.hpp>

#include <algorithm>
#include <set>
#include <vector>

namespace kp::metrics {

namespace {

namespace json = boost::json;

using family = prometheus::MetricFamily;

constexpr std::string_view seconds_suffix = "_seconds";

std::vector<family> collect(const registry& all) {
  auto families = all.native().Collect();
  std::erase_if(families, [](const family& one) { return one.metric.empty(); });
  return families;
}

std::string_view unit_of(std::string_view name) {
  if (name.ends_with(seconds_suffix)) return "seconds";
  if (name.ends_with("_bytes") || name.ends_with("_bytes_total")) return "bytes";
  return "";
}

const family* find(const std::vector<family>& all, std::string_view name) {
  std::string wanted(name);
  std::ranges::replace(wanted, '.', '_');
  for (const auto& spelled :
       {std::string(name), wanted, wanted + std::string(seconds_suffix), wanted + "_total"})
    for (const auto& one : all)
      if (one.name == spelled) return &one;
  return nullptr;
}

bool has_all(const prometheus::ClientMetric& meter, const labels& tags) {
  return std::ranges::all_of(tags, [&](const auto& tag) {
    return std::ranges::any_of(meter.label, [&](const auto& label) {
      return label.name == tag.first && label.value == tag.second;
    });
  });
}

struct sums {
  std::size_t meters = 0;
  double value = 0;
  double count = 0;
  double total = 0;
  std::map<std::string, std::set<std::string>> tags;
};

sums add_up(const family& of, const labels& tags) {
  sums all;
  for (const auto& meter : of.metric) {
    if (!has_all(meter, tags)) continue;
    ++all.meters;
    all.value +=
        of.type == prometheus::MetricType::Counter ? meter.counter.value : meter.gauge.value;
    all.count += static_cast<double>(meter.histogram.sample_count);
    all.total += meter.histogram.sample_sum;
    for (const auto& label : meter.label)
      if (!tags.contains(label.name)) all.tags[label.name].insert(label.value);
  }
  return all;
}

json::object measurement(std::string_view statistic, double value) {
  return {{"statistic", statistic}, {"value", value}};
}

json::array measurements(const family& of, const sums& all) {
  switch (of.type) {
    case prometheus::MetricType::Counter:
      return {measurement("COUNT", all.value)};
    case prometheus::MetricType::Histogram:
      return {measurement("COUNT", all.count),
              measurement(of.name.ends_with(seconds_suffix) ? "TOTAL_TIME" : "TOTAL", all.total)};
    default:
      return {measurement("VALUE", all.value)};
  }
}

}  // namespace

json::object names(const registry& all) {
  std::set<std::string> sorted;
  for (const auto& one : collect(all)) sorted.insert(one.name);
  return {{"names", json::array(sorted.begin(), sorted.end())}};
}

std::optional<json::object> describe(const registry& all, std::string_view name,
                                     const labels& tags) {
  const auto families = collect(all);
  const auto* of = find(families, name);
  if (!of) return std::nullopt;
  const auto found = add_up(*of, tags);
  if (found.meters == 0) return std::nullopt;
  json::array available;
  for (const auto& [tag, values] : found.tags)
    available.push_back({{"tag", tag}, {"values", json::array(values.begin(), values.end())}});
  json::object out{{"name", of->name}, {"description", of->help}};
  if (const auto unit = unit_of(of->name); !unit.empty()) out["baseUnit"] = unit;
  out["measurements"] = measurements(*of, found);
  out["availableTags"] = std::move(available);
  return out;
}

}  // namespace kp::metrics
