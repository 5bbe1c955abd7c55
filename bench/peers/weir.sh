#!/bin/bash
# weir as `make build` leaves it.  bump: intercept everything, no content checks, events to a file;
# tunnel: bypass everything; scan: hash, YARA and ClamAV on everything, held.
. "$(dirname "$0")/lib.sh"
modes="bump tunnel scan"
WEIR_BIN=${WEIR_BIN:-$B_DIR/../build/release/bin}
PORT=3180
facts() {
    echo kind=proxy; echo addr=127.0.0.1:$PORT; echo ca="$B_PKI/mitm-ca.pem"; echo h2=yes
    echo "version=$("$WEIR_BIN/weir" --version)"
}
up() {
    mkdir -p "$S/state" "$S/rules"
    cp "$B_PKI/mitm-ca.pem" "$S/state/ca.pem"; cp "$B_PKI/mitm-ca.key" "$S/state/ca.key"
    chmod 700 "$S/state"; chmod 600 "$S/state/ca.key"
    cp "$B_DIR/../conf/rules/"*.yar "$S/rules/"
    # B_PROFILE: another profile for bump, e.g. '{delivery: hold, scanners: [hash]}'
    local profile="{delivery: direct, scanners: []}" connect=intercept
    [ -n "$B_PROFILE" ] && profile=$B_PROFILE
    [ "$MODE" = scan ] && profile="{delivery: hold, scanners: [hash, yara, clamav, structure]}"
    [ "$MODE" = tunnel ] && connect=bypass
    cat > "$S/policy.yaml" <<E
version: 1
network: {connect_ports: [443], open_addresses: [127.0.0.0/8]}
profiles:
  bench: $profile
connect:
  - {name: all, action: $connect}
request:
  - {name: all, action: allow}
response:
  - {name: all, action: allow, profile: bench}
verdict:
  - {name: clean, when: {verdict: [clean, suspicious]}, action: allow}
  - {name: rest, action: block}
E
    cat > "$S/weir.yaml" <<E
state_dir: $S/state
policy_file: policy.yaml
listen: {proxy: ["127.0.0.1:$PORT"], admin: "127.0.0.1:$((PORT + 1))"}
limits: {connections: 30000, connections_per_client: 30000, h2_streams: 128}
timeouts: {client_idle: 20m, origin_idle: 20m}
tls: {system_ca_file: "", extra_ca_files: [$B_PKI/origin-ca.pem], revocation: "off", aia_fetch: false}
dns: {servers: ["127.0.0.1"]}
inspect: {rules_dir: rules, clamav_dir: $B_CLAMDB}
E
    run weir "$WEIR_BIN/weir" run --config "$S/weir.yaml"
    wait_port 127.0.0.1 $PORT
}
main "$@"
