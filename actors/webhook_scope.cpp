#include "actors/webhook_scope.hpp"

namespace kp::actors {

void limit(storage::subscription& s, const std::shared_ptr<const tenants::inbox_view>& view) {
  if (!view) return;
  s.inbox_services.assign(view->services.begin(), view->services.end());
  s.inbox_processes.assign(view->processes.begin(), view->processes.end());
}

std::shared_ptr<const tenants::inbox_view> view_of(const storage::subscription& s) {
  if (s.inbox_services.empty() && s.inbox_processes.empty()) return nullptr;
  auto view = std::make_shared<tenants::inbox_view>();
  view->services.insert(s.inbox_services.begin(), s.inbox_services.end());
  view->processes.insert(s.inbox_processes.begin(), s.inbox_processes.end());
  return view;
}

bool manages(const std::shared_ptr<const tenants::inbox_view>& view,
             const storage::subscription& s) {
  if (!view) return true;
  const auto its = view_of(s);
  return its && *its == *view;
}

}  // namespace kp::actors
