#include "tools/import/import.hpp"

#include "config/files.hpp"
#include "config/text.hpp"
#include "config/yaml.hpp"
#include "tools/import/merge.hpp"
#include "tools/import/trial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

namespace kp::importer {

namespace {

constexpr auto number_name = "difi.move.org.number";
constexpr std::size_t largest_source = 1024 * 1024;

bool is_yaml(std::string_view path) {
  return path.ends_with(".yml") || path.ends_with(".yaml");
}

std::string as_channel_name(std::string_view text) {
  std::string name;
  for (const char c : to_lower(text)) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (good)
      name += c;
    else if (!name.empty() && name.back() != '-')
      name += '-';
  }
  while (name.ends_with('-')) name.pop_back();
  return name.substr(0, 64);
}

struct read_source {
  std::string path;
  std::string channel;
  bool named = false;  // by the operator
  std::vector<property> properties;
  std::string number;  // as written; empty: it has none
};

class planner {
 public:
  planner(const import_request& request, const environment& variables, random_source& random)
      : request_(request),
        variables_(variables),
        random_(random),
        plan_{{}, {}, findings(request.dropped)} {}

  plan make() {
    read();
    group();
    for (const auto& [which, channel] : request_.receivers)
      if (!names_.contains(channel))
        problem_of(
            "",
            fmt::format("--receives {}={}: there is no such channel", to_string(which), channel),
            "Choose one of those above.");
    std::vector<organisation_draft> drafts;
    std::set<organisation_id> imported;
    for (const auto& [id, installations] : organisations_) imported.insert(id);
    auto users = taken_users(request_, variables_, imported);
    for (auto& [id, installations] : organisations_) {
      auto made = merge(id, installations, request_, users, random_, plan_.report);
      for (auto& secret : made.secrets) plan_.secrets.push_back(std::move(secret));
      plan_.files.push_back(
          {absolute_path(request_.tenants_folder, id.to_string() + ".yaml"), to_yaml(made.draft)});
      drafts.push_back(std::move(made.draft));
    }
    try_loader(drafts, request_, variables_, plan_);
    return std::move(plan_);
  }

 private:
  void problem_of(const std::string& file, std::string why, std::string todo) {
    plan_.report.add({kind::problem, {file, 0, 0}, "", "", std::move(why), std::move(todo)});
  }

  void read() {
    for (const auto& source : request_.files) {
      const auto path = absolute_path(std::filesystem::current_path().string(), source.path);
      const auto bytes = read_file(path, largest_source);
      if (!bytes) {
        problem_of("", bytes.error().message, "Check path and permissions.");
        continue;
      }
      std::vector<problem> wrong;
      read_source one{source.path, source.channel, !source.channel.empty(), {}, ""};
      one.properties = is_yaml(path)
                           ? parse_spring_yaml(*bytes, source.path, wrong)
                           : parse_properties(*bytes, source.path, request_.encoding, wrong);
      for (auto& each : wrong)
        plan_.report.add({kind::problem, each.where, "", "", each.rule, each.remedy});
      for (const auto& each : one.properties)
        if (recognise(each.name).canonical == canonical(number_name)) one.number = trim(each.value);
      sources_.push_back(std::move(one));
    }
    for (auto& one : sources_)
      if (!one.named) one.channel = name_after_folder(one);
  }

  std::string name_after_folder(const read_source& one) const {
    const auto folder = folder_of(one.path);
    const bool shared = std::ranges::any_of(sources_, [&](const read_source& other) {
      return &other != &one && !other.named && folder_of(other.path) == folder;
    });
    const std::filesystem::path named =
        shared ? std::filesystem::path(one.path).stem() : std::filesystem::path(folder).filename();
    const auto name = as_channel_name(named.string());
    return name.empty() ? "kanal" : name;
  }

  // Files of one channel name belong to one installation, unless they say different numbers.
  void group() {
    struct layered {
      std::string channel, number, folder;
      bool named;
      std::vector<property> layers;
    };
    std::vector<layered> all;
    for (auto& one : sources_) {
      const auto same = std::ranges::find_if(all, [&](const layered& other) {
        return one.named && other.named && other.channel == one.channel &&
               (one.number.empty() || other.number.empty() || one.number == other.number);
      });
      if (same == all.end()) {
        all.push_back(
            {one.channel, one.number, folder_of(one.path), one.named, std::move(one.properties)});
        continue;
      }
      if (same->number.empty()) same->number = one.number;
      for (auto& each : one.properties) same->layers.push_back(std::move(each));
    }
    for (auto& one : all) {
      if (one.layers.empty()) continue;  // has been reported, or is empty
      place(std::make_unique<installation>(one.channel, one.folder, std::move(one.layers),
                                           request_.environment, plan_.report));
    }
  }

  void place(std::unique_ptr<installation> one) {
    const auto number = one->text(number_name);
    if (!number) {
      one->report(plan_.report, kind::problem, number_name,
                  "the installation names no organisation",
                  fmt::format("Add the file that does: --channel {0}=FILE for each of its files.",
                              one->channel()));
      return;
    }
    const auto id = organisation_id::parse(*number);
    if (!id) {
      one->report(plan_.report, kind::problem, number_name, id.error().message, "Correct it.");
      return;
    }
    if (!channel_name::parse(one->channel())) {
      problem_of(one->files().front(),
                 fmt::format("{} is no name of a channel", in_quotes(one->channel())),
                 "Use 1 to 64 of a-z, 0-9, - and _ in --channel NAME=FILE.");
      return;
    }
    auto& those = organisations_[*id];
    const auto taken = std::ranges::find_if(
        those, [&](const auto& other) { return other->channel() == one->channel(); });
    if (taken != those.end()) {
      problem_of(one->files().front(),
                 fmt::format("the organisation has a channel {} already, from {}",
                             in_quotes(one->channel()), (*taken)->files().front()),
                 "Name it otherwise with --channel NAME=FILE; it was left out.");
      return;
    }
    names_.insert(one->channel());
    those.push_back(std::move(one));
  }

  const import_request& request_;
  const environment& variables_;
  random_source& random_;
  plan plan_;
  std::vector<read_source> sources_;
  std::map<organisation_id, std::vector<std::unique_ptr<installation>>> organisations_;
  std::set<std::string> names_;
};

}  // namespace

plan plan_import(const import_request& request, const environment& variables,
                 random_source& random) {
  return planner(request, variables, random).make();
}

}  // namespace kp::importer
