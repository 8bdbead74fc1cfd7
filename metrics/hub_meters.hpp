#pragma once

#include "metrics/organisation_labels.hpp"
#include "metrics/registry.hpp"

#include <memory>

namespace kp::metrics {

// Everything that the hub counts, each name once. docs/operations.md has the same list for
// operators. What is not counted as it happens (depths, ages, the process) is set before a scrape.
struct hub_meters {
  static constexpr std::size_t usual_organisations = 200;

  explicit hub_meters(std::size_t max_organisations = usual_organisations);

  registry all;
  organisation_labels organisations;

  // {organisation, service, event}: created, sent, delivered, read, failed, expired, received,
  // collected
  counter_family messages;
  counter_family statuses;            // {service, direction, status}
  counter_family send_retries;        // {organisation, service}
  counter_family arrivals;            // {organisation, service, fate}
  counter_family unknown_references;  // {organisation, service}

  counter_family store_commits;  // {outcome}: committed, conflict, failed
  histogram store_group_size;    // batches that shared one sync
  histogram store_commit_time;
  counter store_bytes;
  counter contents;
  counter content_bytes;

  counter_family upstream_calls;   // {service, endpoint, outcome}
  histogram_family upstream_time;  // {service, endpoint}

  counter_family status_reports;  // {outcome}: taken, refused, given up, turned away, failed
  gauge status_reports_waiting;
  gauge status_reports_oldest;  // seconds
  counter_family alerts;        // {kind}: failed, expired, silence, silence ended
  counter_family
      alert_letters;  // {target, outcome}: target webhook or mail; taken, failed, given up

  histogram_family requests;  // {method, uri, status, outcome}
  gauge requests_in_flight;
  counter_family sign_in_failures;  // {listener}
  counter_family quota_excesses;    // {organisation, quota, outcome}: refused, let_through
  counter actor_restarts;

  gauge_family outbox_items;        // {organisation, service}
  gauge_family outbox_oldest;       // {organisation, service}, seconds
  gauge_family inbound_waiting;     // {organisation}
  gauge_family inbound_locked;      // {organisation}
  gauge_family poll_age;            // {organisation, service}, seconds
  gauge_family certificate_expiry;  // {organisation}, seconds since 1970
  gauge organisation_count;
  gauge organisations_in_trouble;
  gauge configuration_problems;

  counter cpu_seconds;
  gauge resident_bytes;
  gauge open_files;
  gauge max_files;
  gauge threads;
  gauge start_time;
};

std::shared_ptr<hub_meters> make_hub_meters(std::size_t max_organisations);

// Sets the meters of the process from /proc/self. One thread at a time.
void read_process(const hub_meters&);

}  // namespace kp::metrics
