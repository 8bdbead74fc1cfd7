#include "actors/dpi_adapter.hpp"

#include "actors/adapter_parts.hpp"
#include "actors/receipt_poller.hpp"

namespace kp::actors {

caf::behavior dpi_adapter(caf::event_based_actor* self, service_adapter_args args) {
  auto polling = std::make_shared<receipt_poller>(
      self, receipt_poller_args{args.context, std::dynamic_pointer_cast<dpi_port>(args.port),
                                args.writer, args.first_poll, args.mode});
  return adapter_parts(self, args, polling)
      .or_else([=](const receipts_look& tick) { polling->on_look(tick); },
               [=](const receipts_listed& answer) { polling->on_listed(answer); },
               [=](const receipt_read& answer) { polling->on_read(answer); });
}

}  // namespace kp::actors
