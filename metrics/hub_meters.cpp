#include "metrics/hub_meters.hpp"

namespace kp::metrics {

namespace {

const std::vector<double> request_bounds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
const std::vector<double> call_bounds{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120};
const std::vector<double> commit_bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                        0.05,   0.1,   0.25,   1,     5};
const std::vector<double> group_bounds{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};

}  // namespace

hub_meters::hub_meters(std::size_t max_organisations)
    : organisations(max_organisations),
      messages(all.counters("knutepunkt_messages_total",
                            "Messages by what happened to them; counted when it is durable.")),
      statuses(all.counters("knutepunkt_statuses_total",
                            "Statuses registered on conversations; counted when durable.")),
      send_retries(all.counters("knutepunkt_send_retries_total",
                                "Attempts to send that failed and are made again.")),
      arrivals(all.counters("knutepunkt_arrivals_total",
                            "What became of what the national services had for us.")),
      unknown_references(all.counters("knutepunkt_channel_references_unknown_total",
                                      "Times that an arrival was left at the national service, "
                                      "because its channel reference is "
                                      "that of an installation elsewhere.")),
      store_commits(all.counters("knutepunkt_store_commits_total",
                                 "Batches handed to the store, by outcome; a conflict is decided "
                                 "anew by its owner.")),
      store_group_size(all.histograms("knutepunkt_store_group_batches",
                                      "Batches that became durable with one sync.", group_bounds)
                           .with({})),
      store_commit_time(all.histograms("knutepunkt_store_commit_seconds",
                                       "Time to write and sync one group.", commit_bounds)
                            .with({})),
      store_bytes(all.counters("knutepunkt_store_written_bytes_total",
                               "Bytes of keys and values committed to the store.")
                      .with({})),
      contents(all.counters("knutepunkt_contents_total", "Files stored, encrypted.").with({})),
      content_bytes(all.counters("knutepunkt_content_bytes_total",
                                 "Bytes of files stored, before encryption.")
                        .with({})),
      upstream_calls(all.counters("knutepunkt_upstream_calls_total",
                                  "Calls to national services by outcome.")),
      upstream_time(all.histograms("knutepunkt_upstream_call_seconds",
                                   "Time of calls to national services.", call_bounds)),
      status_reports(all.counters("knutepunkt_status_reports_total",
                                  "What became of reports to the national status service; one "
                                  "that failed is tried again.")),
      status_reports_waiting(all.gauges("knutepunkt_status_reports_waiting",
                                        "Statuses that the status service is still to be told.")
                                 .with({})),
      status_reports_oldest(all.gauges("knutepunkt_status_reports_oldest_seconds",
                                       "Age of the oldest report that is being tried.")
                                .with({})),
      alerts(all.counters("knutepunkt_alerts_total", "What operators were to be told of.")),
      alert_letters(all.counters("knutepunkt_alert_letters_total",
                                 "Letters to operators, of one or more alerts each.")),
      requests(all.histograms("http_server_requests_seconds",
                              "Requests to the REST API, to the head of the answer.",
                              request_bounds)),
      requests_in_flight(all.gauges("knutepunkt_http_requests_in_flight",
                                    "Requests to the REST API that are being handled now.")
                             .with({})),
      sign_in_failures(
          all.counters("knutepunkt_sign_in_failures_total", "Requests with wrong credentials.")),
      quota_excesses(all.counters("knutepunkt_quota_exceeded_total",
                                  "Requests beyond a quota of an organisation or channel, refused "
                                  "or, in a dry run, let through.")),
      actor_restarts(all.counters("knutepunkt_actor_restarts_total",
                                  "Parts of the hub that stopped and were started again.")
                         .with({})),
      outbox_items(all.gauges("knutepunkt_outbox_items", "Messages and statuses to be sent.")),
      outbox_oldest(all.gauges("knutepunkt_outbox_oldest_seconds",
                               "Age of the oldest item that is to be sent.")),
      inbound_waiting(
          all.gauges("knutepunkt_inbound_waiting", "Received messages that no client has locked.")),
      inbound_locked(
          all.gauges("knutepunkt_inbound_locked", "Received messages that a client has locked.")),
      poll_age(all.gauges("knutepunkt_poll_age_seconds",
                          "Time since the national service last answered a search for arrivals.")),
      certificate_expiry(all.gauges("knutepunkt_certificate_expiry_timestamp_seconds",
                                    "When the certificate in use expires, seconds since 1970.")),
      organisation_count(
          all.gauges("knutepunkt_organisations", "Organisations that are served.").with({})),
      organisations_in_trouble(all.gauges("knutepunkt_organisations_in_trouble",
                                          "Organisations that /manage/health does not say UP of.")
                                   .with({})),
      configuration_problems(all.gauges("knutepunkt_configuration_problems",
                                        "Problems in the files of the organisations.")
                                 .with({})),
      cpu_seconds(all.counters("process_cpu_seconds_total", "Processor time used.").with({})),
      resident_bytes(all.gauges("process_resident_memory_bytes", "Resident memory.").with({})),
      open_files(all.gauges("process_open_fds", "Open file descriptors.").with({})),
      max_files(all.gauges("process_max_fds", "Most file descriptors that may be open.").with({})),
      threads(all.gauges("process_threads", "Threads.").with({})),
      start_time(all.gauges("process_start_time_seconds", "Start, seconds since 1970.").with({})) {
  all.gauges("knutepunkt_build_info", "1, with the version of the program.")
      .with({{"version", KP_VERSION}})
      .set(1);
  // There from the start, so that a rate can be told from the first failure on.
  for (const auto* outcome : {"committed", "conflict", "failed"})
    store_commits.with({{"outcome", outcome}});
  for (const auto* listener : {"api", "admin"}) sign_in_failures.with({{"listener", listener}});
}

std::shared_ptr<hub_meters> make_hub_meters(std::size_t max_organisations) {
  return std::make_shared<hub_meters>(max_organisations);
}

}  // namespace kp::metrics
