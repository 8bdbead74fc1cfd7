# Shared by tools/demo, tools/transcript and tools/bench: a sandbox of the national services and a hub on this
# machine, with two municipalities. Sourced, not run. Needs $home (made anew) and $bin, the folder of the
# programs; KP_BIN names another one. With free_ports set, ports that nobody uses take the place of the usual ones.

bin=${KP_BIN:-$bin}

free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 10000))
    [ "$port" != "${sandbox_port:-}" ] || continue
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}
sandbox_port=${KP_SANDBOX_PORT:-} hub_port=${KP_HUB_PORT:-}
[ -n "$sandbox_port" ] || { [ -n "${free_ports:-}" ] && sandbox_port=$(free_port) || sandbox_port=8090; }
[ -n "$hub_port" ] || { [ -n "${free_ports:-}" ] && hub_port=$(free_port) || hub_port=9093; }
sandbox=http://127.0.0.1:$sandbox_port
hub=http://127.0.0.1:$hub_port

# Two organisations of the test environment; the names are made up.
bergvik_number=910077473 bergvik_name="Bergvik kommune"
fjordnes_number=910075918 fjordnes_name="Fjordnes kommune"

# user:password of each channel
bergvik_arkiv=bergvik-arkiv:arkiv-pass
bergvik_barnevern=bergvik-barnevern:barnevern-pass
fjordnes_sak=fjordnes-sak:sak-pass

sandbox_pid='' hub_pid='' broker_pid=''
stop_all() {
  local pid
  for pid in $hub_pid $sandbox_pid $broker_pid; do kill "$pid" 2>/dev/null || true; done
  for pid in $hub_pid $sandbox_pid $broker_pid; do wait "$pid" 2>/dev/null || true; done
  hub_pid='' sandbox_pid='' broker_pid=''
}
trap stop_all EXIT
trap 'exit 130' INT TERM

die() {
  printf '\n%s: %s\n' "${0##*/}" "$*" >&2
  printf '%s: the logs are %s and %s\n' "${0##*/}" "${home#"$PWD/"}/hub.log" "${home#"$PWD/"}/sandbox.log" >&2
  exit 1
}
wait_for_line() { # log file, message, pid, what: five minutes at most
  for _ in $(seq 3000); do
    grep -q "\"message\":\"$2\"" "$1" 2>/dev/null && return 0
    kill -0 "$3" 2>/dev/null || die "$4 did not start"
    sleep 0.1
  done
  die "$4 was not ready in time"
}
need_port() { # port, variable
  ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null || die "port $1 is taken; set $2 to a free one"
}

make_home() {
  need_port "$sandbox_port" KP_SANDBOX_PORT
  need_port "$hub_port" KP_HUB_PORT
  rm -rf "$home"
  mkdir -p "$home/tenants.d"
}

# What the sandbox makes certificates for.
write_two_organisations() {
  jq -n --arg b $bergvik_number --arg bn "$bergvik_name" --arg f $fjordnes_number --arg fn "$fjordnes_name" \
    '{organisations: [{number: $b, name: $bn, services: ["DPO"]}, {number: $f, name: $fn, seid: 1, services: ["DPO"]}]}' \
    >"$home/organisations.json"
}

sandbox_options=()
start_sandbox() {
  "$bin/kp-sandbox" "${sandbox_options[@]}" --port "$sandbox_port" --state "$home/sandbox" \
    --organisations "$home/organisations.json" --write-keystores "$home/keystores" >"$home/sandbox.log" 2>&1 &
  sandbox_pid=$!
  wait_for_line "$home/sandbox.log" "sandbox is ready" "$sandbox_pid" "the sandbox"
}

# A RabbitMQ for KS FIKS IO, at $amqp_port; it asks the sandbox who may read what. A minute at most.
start_broker() {
  local extra
  for extra in KP_BROKER_EPMD_PORT KP_BROKER_DIST_PORT; do export "$extra=$(free_port)"; done
  tools/broker "$home/broker" "$amqp_port" "$sandbox" >"$home/broker.log" 2>&1 &
  broker_pid=$!
  for _ in $(seq 600); do
    (exec 3<>"/dev/tcp/127.0.0.1/$amqp_port") 2>/dev/null && return 0
    kill -0 "$broker_pid" 2>/dev/null || die "the broker did not start: $(tail -n 3 "$home/broker.log")"
    sleep 0.1
  done
  die "the broker was not ready in time"
}

# One line of a channel's credentials.
credential() { # user:password
  printf '{user: %s, password_hash: "%s"}' "${1%%:*}" \
    "$(printf '%s' "${1#*:}" | "$bin/knutepunkt" credential --user "${1%%:*}" --password-stdin |
      sed -n 's/.*password_hash: *//p' | tr -d '"')"
}

write_hub_file() { # searches per minute, other calls of Broker per minute
  cat >"$home/hub.yaml" <<YAML
environment: sandbox
national:
  maskinporten_token_url: $sandbox/token
  maskinporten_audience: $sandbox/
  altinn_exchange_url: $sandbox/authentication/api/v1/exchange/maskinporten
  broker_url: $sandbox/broker/api/v1
  service_registry_url: $sandbox/adressetjeneste
  service_registry_key_url: $sandbox/adressetjeneste/jwk
  correspondence_url: $sandbox/altinn-proxy/correspondence/api/v1
  service_bus_url: $sandbox
  dpi_url: $sandbox/dpi
  print_certificate_url: $sandbox/rest/v2/printSertifikat
  svarut_url: $sandbox
  dph_url: $sandbox/nhn-adapter/api
  fiks_io_url: $sandbox
  fiks_io_broker_url: amqp://127.0.0.1:${amqp_port:-5672}
listener:
  port: $hub_port
storage:
  path: store
tenants:
  folder: tenants.d
upstream:
  broker_search_per_minute: $1
  broker_calls_per_minute: $2
YAML
}

# hub.yaml and one file per municipality.
write_configuration() { # poll interval in seconds, searches per minute, other calls per minute
  write_hub_file "$2" "$3"
  cat >"$home/tenants.d/bergvik.yaml" <<YAML
number: "$bergvik_number"
name: $bergvik_name
keystore:
  path: ../keystores/$bergvik_number.p12
  password: {file: ../keystores/$bergvik_number.password}
services:
  dpo: {enabled: true, poll_interval_seconds: $1, quiet_poll_interval_seconds: $1}
channels:
  - name: arkiv            # the archive system: sends, and receives for the municipality
    sends: [DPO]
    receives: [DPO]
    credentials:
      - $(credential $bergvik_arkiv)
  - name: barnevern        # a system of its own: sends; what is answered comes back to it alone
    sends: [DPO]
    message_channel: barnevern
    credentials:
      - $(credential $bergvik_barnevern)
YAML
  cat >"$home/tenants.d/fjordnes.yaml" <<YAML
number: "$fjordnes_number"
name: $fjordnes_name
keystore:
  path: ../keystores/$fjordnes_number.p12
  password: {file: ../keystores/$fjordnes_number.password}
services:
  dpo: {enabled: true, poll_interval_seconds: $1, quiet_poll_interval_seconds: $1}
channels:
  - name: sak
    sends: [DPO]
    receives: [DPO]
    credentials:
      - $(credential $fjordnes_sak)
YAML
  "$bin/knutepunkt" check --config "$home/hub.yaml" || die "the configuration has problems"
}

start_hub() {
  "$bin/knutepunkt" run --config "$home/hub.yaml" >"$home/hub.log" 2>&1 &
  hub_pid=$!
  wait_for_line "$home/hub.log" ready "$hub_pid" "the hub"
}
