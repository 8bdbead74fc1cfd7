# shellcheck shell=bash
# What `tools/bench all` does; sourced by it. Every figure stands beside what the machine itself could do in the
# same run. Needs what tools/local.sh needs.

figures=$PWD/build/bench-figures
figure() { awk -v name="$1" '$1 == name {value = $2} END {print value + 0}' "$figures"; }

# One line of the table: what, figure, beside what, that limit, ratio.
row() { # what, figure as text, what it stands beside, number, number of the limit
  local ratio='' limit=''
  if [ -n "${5:-}" ]; then
    limit=$(awk -v x="$5" 'BEGIN {printf x < 100 ? "%.2f" : "%.0f", x}')
    ratio=$(awk -v a="$4" -v b="$5" 'BEGIN {if (b > 0) printf "%.2f", a / b}')
  fi
  printf '| %s | %s | %s | %s | %s |\n' "$1" "$2" "$3" "$limit" "$ratio"
}
round() { awk -v x="$1" -v d="${2:-0}" 'BEGIN {printf "%.*f", d, x}'; }

bergvik() { printf -- '--%suser %s --%spassword %s' "$1" "${bergvik_arkiv%%:*}" "$1" "${bergvik_arkiv#*:}"; }
fjordnes() { printf -- '--%suser %s --%spassword %s' "$1" "${fjordnes_sak%%:*}" "$1" "${fjordnes_sak#*:}"; }
begin() { # poll interval, searches per minute, other calls per minute
  stop_all
  make_home
  write_two_organisations
  start_sandbox
  curl -sf -o /dev/null -X POST -H 'Content-Type: application/json' -d '{"rateLimits":"off"}' "$sandbox/control/broker"
  write_configuration "$@" >/dev/null
}

measure_limits() {
  begin 15 10 120
  "$bin/kp-bench" limits --folder "$home" --keystore "$home/keystores/$bergvik_number.p12" \
    --password-file "$home/keystores/$bergvik_number.password" --figures "$figures"
}
measure_accept() { # messages
  # National limits as in production: what is accepted here leaves later, at their pace.
  begin 15 10 120
  start_hub
  # shellcheck disable=SC2046
  "$bin/kp-bench" send --port "$hub_port" $(bergvik '') --receiver $fjordnes_number --messages "$1" \
    --figures "$figures"
}
measure_flow() { # messages, messages for the subscribers
  begin 1 100000 100000
  start_hub
  # shellcheck disable=SC2046
  "$bin/kp-bench" flow --sender-port "$hub_port" --receiver-port "$hub_port" $(bergvik sender-) \
    $(fjordnes receiver-) --receiver $fjordnes_number --messages "$1" --figures "$figures"
  # shellcheck disable=SC2046
  "$bin/kp-bench" receive --port "$hub_port" $(fjordnes '') --messages "$1" --figures "$figures"
  # shellcheck disable=SC2046
  "$bin/kp-bench" hooks --port "$hub_port" $(bergvik '') --receiver $fjordnes_number --messages "$2" \
    --figures "$figures"
}
measure_statuses() { # how many
  begin 15 10 120
  start_hub
  kill "$hub_pid" && wait "$hub_pid" || true
  "$bin/kp-bench" fill --storage "$home/store" --organisation $bergvik_number --channel arkiv --statuses "$1"
  start_hub
  for _ in 1 2; do # the first time warms up
    # shellcheck disable=SC2046
    "$bin/kp-bench" read --port "$hub_port" $(bergvik '') --path '/api/statuses?size=10' --figures "$figures"
    # shellcheck disable=SC2046
    "$bin/kp-bench" read --port "$hub_port" $(bergvik '') --path '/api/statuses?size=10&sort=lastUpdate,desc' \
      --name statuses_newest_p99 --figures "$figures"
  done
}
measure_large() { # bytes
  begin 1 600 600
  start_hub
  # shellcheck disable=SC2046
  "$bin/kp-bench" large --sender-port "$hub_port" --receiver-port "$hub_port" --hub-pid "$hub_pid" \
    $(bergvik sender-) $(fjordnes receiver-) --receiver $fjordnes_number --bytes "$1" --figures "$figures"
}
measure_tenants() { # organisations, seconds at rest, seconds until then
  stop_all
  local said
  said=$("$0" idle --organisations "$1" --settle "$3" --seconds "$2" | tee /dev/stderr)
  printf 'tenants_%s_ready %s\n' "$1" "$(sed -n 's/.*ready in \([0-9]*\) ms.*/\1/p' <<<"$said")" >>"$figures"
  printf 'tenants_%s_memory %s\n' "$1" \
    "$(sed -n 's/.*at rest after [0-9]* s: \([0-9]*\) MiB.*/\1/p' <<<"$said")" >>"$figures"
  printf 'tenants_%s_processor %s\n' "$1" \
    "$(sed -n 's/.*resident, \([0-9.]*\) % of one core.*/\1/p' <<<"$said")" >>"$figures"
  printf 'tenants_%s_cost %s\n' "$1" \
    "$(sed -n 's/.*a message costs \([0-9.]*\) ms of a processor.*/\1/p' <<<"$said")" >>"$figures"
}
measure_neighbour() { # seconds
  stop_all
  local said
  said=$("$0" neighbour --seconds "$1" | tee /dev/stderr)
  sed -n 's/.*others: \([0-9.]*\) ms alone, \([0-9.]*\) ms.*/alone_p99 \1\nbeside_p99 \2/p' <<<"$said" >>"$figures"
}

print_table() { # statuses stored, bytes of the large file, organisations...
  local statuses=$1 bytes=$2 n
  shift 2
  printf '\n| What | Figure | Beside | Limit | Ratio |\n|---|---|---|---|---|\n'
  row 'accept (create, upload, send), 64 connections' \
    "$(round "$(figure accept)") messages/s, p99 $(round "$(figure accept_p99)" 1) ms" \
    'synced writes/s, three a message' "$(round "$(figure accept)" 3)" \
    "$(awk -v x="$(figure syncs)" 'BEGIN {print x / 3}')"
  row '' '' 'HTTP exchanges/s, three a message' "$(figure accept)" "$(awk -v x="$(figure http)" 'BEGIN {print x / 3}')"
  row 'receive (peek, pop, delete), 32 connections' \
    "$(round "$(figure receive)") messages/s, p99 $(round "$(figure receive_p99)" 1) ms" \
    'HTTP exchanges/s, three a message' "$(figure receive)" "$(awk -v x="$(figure http)" 'BEGIN {print x / 3}')"
  row 'end to end over DPO' "$(round "$(figure flow)") messages/s" 'signatures/s' "$(figure flow)" "$(figure signs)"
  row 'webhooks, 10 subscribers' "$(round "$(figure hooks)") deliveries/s" 'HTTP exchanges/s' "$(figure hooks)" \
    "$(figure http)"
  row "statuses, $statuses stored, first page" "p99 $(round "$(figure statuses_p99)" 2) ms" '' ''
  row "statuses, $statuses stored, newest first" "p99 $(round "$(figure statuses_newest_p99)" 2) ms" '' ''
  local through
  through=$(awk -v h="$(figure hash)" -v c="$(figure cipher)" 'BEGIN {print 1 / (1 / h + 1 / c)}')
  row "one file of $((bytes / 1000000)) MB out" "$(round "$(figure large_out)" 2) GB/s" 'hash and cipher GB/s' \
    "$(figure large_out)" "$through"
  row "one file of $((bytes / 1000000)) MB in" "$(round "$(figure large_in)" 2) GB/s" 'cipher GB/s' \
    "$(figure large_in)" "$(figure cipher)"
  row 'memory above idle meanwhile' "$(round "$(figure large_memory)") MiB" '' ''
  for n in "$@"; do
    row "$n organisations with 3 channels at rest" \
      "ready in $(figure "tenants_${n}_ready") ms, $(figure "tenants_${n}_memory") MiB, $(figure "tenants_${n}_processor") % of a processor" '' ''
  done
  local first=$1
  for n in "$@"; do
    row "a message accepted, $n organisations" "$(figure "tenants_${n}_cost") ms of a processor" \
      "the same with $first" "$(figure "tenants_${n}_cost")" "$(figure "tenants_${first}_cost")"
  done
  row 'beside a noisy organisation' "p99 $(figure beside_p99) ms" 'p99 alone, ms' "$(figure beside_p99)" \
    "$(figure alone_p99)"
}

bench_all() {
  local messages=30000 flows=5000 told=1000 statuses=10000000 bytes=1000000000 seconds=10 rest=30 settle=330
  local organisations=(1 100 10000)
  if [ "${1:-}" = --quick ]; then
    shift
    messages=2000 flows=200 told=50 statuses=200000 bytes=100000000 seconds=3 rest=5 settle=5
    organisations=(1 20 100)
  fi
  while [ $# -gt 0 ]; do
    case "$1" in
      --statuses) statuses=$2 ;;
      --bytes) bytes=$2 ;;
      --organisations) read -ra organisations <<<"$2" ;;
      *) die "all takes --quick first, then --statuses, --bytes and --organisations" ;;
    esac
    shift 2
  done
  : >"$figures"
  measure_limits
  measure_accept "$messages"
  measure_flow "$flows" "$told"
  measure_statuses "$statuses"
  measure_large "$bytes"
  local n
  for n in "${organisations[@]}"; do measure_tenants "$n" "$rest" "$settle"; done
  measure_neighbour "$seconds"
  print_table "$statuses" "$bytes" "${organisations[@]}"
}
