#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// Counters, gauges and histograms. A meter is found once, by name and labels, and kept: counting
// then is one atomic addition, from any thread. prometheus-cpp does the work and is seen in this
// room only.

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
class Registry;
template <typename T>
class Family;
}  // namespace prometheus

namespace kp::metrics {

using labels = std::map<std::string, std::string>;

// Handles; valid as long as their registry. A default-made one counts nothing.
class counter {
 public:
  counter() = default;
  void add(double by = 1) const;
  double value() const;
  explicit operator bool() const { return at_ != nullptr; }

 private:
  friend class counter_family;
  explicit counter(prometheus::Counter& at) : at_(&at) {}
  prometheus::Counter* at_ = nullptr;
};

class gauge {
 public:
  gauge() = default;
  void set(double value) const;
  void add(double by) const;
  double value() const;
  explicit operator bool() const { return at_ != nullptr; }

 private:
  friend class gauge_family;
  explicit gauge(prometheus::Gauge& at) : at_(&at) {}
  prometheus::Gauge* at_ = nullptr;
};

class histogram {
 public:
  histogram() = default;
  void observe(double value) const;
  void observe(std::chrono::steady_clock::duration took) const;  // as seconds
  explicit operator bool() const { return at_ != nullptr; }

 private:
  friend class histogram_family;
  explicit histogram(prometheus::Histogram& at) : at_(&at) {}
  prometheus::Histogram* at_ = nullptr;
};

// Meters of one name. with() finds or makes the one with these labels; it takes a lock, so what is
// counted often keeps the handle. Callers see to it that label values are few: never a message id,
// never a person.
class counter_family {
 public:
  counter with(const labels&) const;

 private:
  friend class registry;
  explicit counter_family(prometheus::Family<prometheus::Counter>& in) : in_(&in) {}
  prometheus::Family<prometheus::Counter>* in_;
};

class gauge_family {
 public:
  gauge with(const labels&) const;

 private:
  friend class registry;
  explicit gauge_family(prometheus::Family<prometheus::Gauge>& in) : in_(&in) {}
  prometheus::Family<prometheus::Gauge>* in_;
};

class histogram_family {
 public:
  histogram with(const labels&) const;

 private:
  friend class registry;
  histogram_family(prometheus::Family<prometheus::Histogram>& in, std::vector<double> bounds)
      : in_(&in), bounds_(std::move(bounds)) {}
  prometheus::Family<prometheus::Histogram>* in_;
  std::vector<double> bounds_;
};

class registry {
 public:
  registry();
  ~registry();
  registry(const registry&) = delete;
  registry& operator=(const registry&) = delete;

  // `name`: [a-zA-Z_][a-zA-Z0-9_]*; counters end in _total. `help`: one sentence. `bounds`: upper
  // ends of the buckets, rising.
  counter_family counters(const std::string& name, const std::string& help);
  gauge_family gauges(const std::string& name, const std::string& help);
  histogram_family histograms(const std::string& name, const std::string& help,
                              std::vector<double> bounds);

  // Everything, in the Prometheus text format 0.0.4. Families without a meter are left out.
  std::string text() const;

  const prometheus::Registry& native() const { return *all_; }

 private:
  std::unique_ptr<prometheus::Registry> all_;
};

inline constexpr std::string_view text_format = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace kp::metrics
