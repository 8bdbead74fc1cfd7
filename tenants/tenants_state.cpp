#include "tenants/tenants_state.hpp"

namespace kp::tenants {

tenants_state::snapshot tenants_state::now() const {
  const std::scoped_lock lock(mutex_);
  snapshot out;
  for (const auto& [file, what] : broken_) out.broken.push_back(what);
  for (const auto& [id, what] : leaving_) out.leaving.push_back(what);
  for (const auto& [id, channels] : left_)
    out.left.insert(out.left.end(), channels.begin(), channels.end());
  out.organisations = organisations_;
  out.watch_problem = watch_problem_;
  return out;
}

void tenants_state::broken(const std::string& file, std::vector<problem> problems, time_point since,
                           std::optional<organisation_id> running) {
  const std::scoped_lock lock(mutex_);
  const auto [at, is_new] =
      broken_.try_emplace(file, broken_file{file, std::move(problems), since, running});
  if (is_new) return;
  at->second.problems = std::move(problems);
  at->second.running = running;
}

void tenants_state::mended(const std::string& file) {
  const std::scoped_lock lock(mutex_);
  broken_.erase(file);
}

void tenants_state::leaving(organisation_id id, bool draining, time_point since) {
  const std::scoped_lock lock(mutex_);
  leaving_.insert_or_assign(id, leaving_organisation{id, draining, since});
}

void tenants_state::back(organisation_id id) {
  const std::scoped_lock lock(mutex_);
  leaving_.erase(id);
}

void tenants_state::left_behind(organisation_id id, std::vector<left_channel> channels) {
  const std::scoped_lock lock(mutex_);
  if (channels.empty())
    left_.erase(id);
  else
    left_.insert_or_assign(id, std::move(channels));
}

void tenants_state::runs(std::size_t organisations) {
  const std::scoped_lock lock(mutex_);
  organisations_ = organisations;
}

void tenants_state::watching(std::optional<std::string> problem) {
  const std::scoped_lock lock(mutex_);
  watch_problem_ = std::move(problem);
}

}  // namespace kp::tenants
