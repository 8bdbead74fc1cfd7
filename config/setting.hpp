#pragma once

#include "config/setting_kinds.hpp"

#include <functional>
#include <utility>
#include <vector>

// Settings are declared once: key, kind, default, range, one sentence, whether a change needs a
// restart, whether it is secret. Reading, error texts and the reference pages come from that.
//
//   declarations<hub_settings> all{hub_settings{}};
//   all.add("listener.port", integer_kind{1, 65535},
//           [](auto& s) -> auto& { return s.api.port; }, "The TCP port of the REST API.");

namespace kp {

// What the reference pages say of one setting.
struct setting_text {
  std::string key;  // "listener.port": key `port` of the map `listener`
  std::string type;
  std::string range;
  std::string fallback;  // the default as one would write it; empty: none
  std::string sentence;
  bool required = false;
  bool restart = true;
  bool secret = false;
};

// What differs from the usual: not required, default from the struct, restart, not secret.
struct setting_traits {
  bool required = false;
  bool restart = true;
  bool secret = false;
  std::string fallback = {};  // instead of what the struct has, e.g. "that of the environment"
};

// A YAML map with maps in it, asked by dotted keys.
class settings_tree {
 public:
  // `what`: how error texts call the whole, e.g. "the file".
  settings_tree(yaml_map top, std::string what);
  std::optional<yaml_value> find(std::string_view dotted);
  bool has(std::string_view dotted) { return find(dotted).has_value(); }
  // Of the key, or of the nearest map around it that is there.
  source_position where(std::string_view dotted) const;
  void report_unknown_keys();
  std::vector<problem>& problems() const { return top_.problems(); }

 private:
  yaml_map top_;
  std::string what_;
  std::vector<std::pair<std::string, yaml_map>> groups_;  // "listener" and the map below it
};

template <class T>
class declarations {
 public:
  explicit declarations(T defaults) : defaults_(std::move(defaults)) {}

  // `place` gives the member of a T. Its value in `defaults` is the default.
  template <class Kind, class Place>
  void add(std::string key, Kind kind, Place place, std::string sentence,
           setting_traits traits = {}) {
    setting_text text{key,      kind.type(),     kind.range(),   traits.fallback,
                      sentence, traits.required, traits.restart, traits.secret};
    if (text.fallback.empty() && !text.required)
      text.fallback = kind.show(std::as_const(place(defaults_)));
    texts_.push_back(std::move(text));
    apply_.push_back(
        [kind = std::move(kind), place](T& into, const yaml_value& value, value_reader& reader) {
          if (auto read = kind.read(value, reader)) assign_setting(place(into), std::move(*read));
        });
  }

  const std::vector<setting_text>& texts() const { return texts_; }

  // Reads every declared key that is there; reports broken values and missing required keys.
  // `prefix` stands before keys in error texts, e.g. "channel \"arkiv\": ".
  void read(settings_tree& from, T& into, const std::string& folder, const environment& variables,
            const std::string& prefix = {}) const {
    value_reader reader{folder, variables, from.problems(), {}};
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      reader.what = prefix + texts_[i].key;
      if (const auto value = from.find(texts_[i].key))
        apply_[i](into, *value, reader);
      else if (texts_[i].required)
        from.problems().push_back({from.where(texts_[i].key), reader.what + " is missing",
                                   "Add it: " + texts_[i].sentence});
    }
  }

 private:
  T defaults_;
  std::vector<setting_text> texts_;
  std::vector<std::function<void(T&, const yaml_value&, value_reader&)>> apply_;
};

// A Markdown table of settings.
std::string describe(const std::vector<setting_text>&);

}  // namespace kp
