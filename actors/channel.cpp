#include "actors/channel.hpp"

#include "actors/channel_seat.hpp"
#include "actors/webhook_messages.hpp"

namespace kp::actors {

caf::behavior channel(caf::event_based_actor* self, channel_args args) {
  const auto organisation = args.organisation;
  const auto number = args.number;
  auto seat = std::make_shared<channel_seat>(self, std::move(args));
  seat->sweep();
  return {
      [=](const api_call& request) -> caf::result<api_answer> {
        auto promise = self->make_response_promise();
        if (is_for_webhooks(request.what)) {
          promise.delegate(organisation, webhook_call{number, request});
          return promise;
        }
        const auto answer = seat->promise(request.path, promise);
        guarded([&] { seat->call(request, answer); });
        return promise;
      },
      [=](const upload_begin& request) -> caf::result<upload_admission> {
        auto promise = self->make_response_promise();
        const reply<upload_admission> answer(
            promise, std::function<upload_admission()>([make = seat->unexpected(request.path)] {
              return upload_admission{{}, make()};
            }));
        guarded([&] { answer(seat->begin_upload(request)); });
        return promise;
      },
      [=](const upload_end& request) -> caf::result<api_answer> {
        auto promise = self->make_response_promise();
        const auto answer = seat->promise(request.path, promise);
        guarded([&] { seat->end_upload(request, answer); });
        return promise;
      },
      [=](const upload_too_large& request) -> caf::result<api_answer> {
        auto promise = self->make_response_promise();
        const auto answer = seat->promise(request.path, promise);
        guarded([&] { answer(seat->refuse_upload(request)); });
        return promise;
      },
      [=](const multipart_send& request) -> caf::result<api_answer> {
        auto promise = self->make_response_promise();
        const auto answer = seat->promise(request.path, promise);
        guarded([&] { seat->multipart(request, answer); });
        return promise;
      },
      [=](const arkivmelding_read& done) { guarded([&] { seat->resume(done); }); },
      [=](const settings_changed& now) { guarded([&] { seat->use(now.context); }); },
      [=](const sweep_locks&) { guarded([&] { seat->sweep(); }); },
  };
}

}  // namespace kp::actors
