#pragma once

#include "storage/subscriptions.hpp"
#include "tenants/credential.hpp"

#include <memory>

// A subscription that a credential with a part of the inbox has made is told of that part, as long
// as it is there and whatever becomes of the credential.

namespace kp::actors {

void limit(storage::subscription&, const std::shared_ptr<const tenants::inbox_view>&);
// null: everything.
std::shared_ptr<const tenants::inbox_view> view_of(const storage::subscription&);
// Whether who is shown this part of the inbox sees and changes it: who is shown everything does,
// and who is shown the same part.
bool manages(const std::shared_ptr<const tenants::inbox_view>&, const storage::subscription&);

}  // namespace kp::actors
