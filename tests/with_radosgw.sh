#!/bin/bash
# Run a command with a real object store: Ceph's radosgw (Debian), in memory, on loopback, gone afterwards.
#
#     tests/with_radosgw.sh python -m pytest -m s3 tests
#
# The command gets VITRINE_TEST_S3 (the endpoint) and keys in the usual AWS variables. One monitor and one OSD without
# authentication among themselves; messengers in mode "crc", because radosgw's default "secure" waits for ever when
# authentication is off. Missing packages are installed with apt (as root).
set -euo pipefail

port=${VITRINE_RADOSGW_PORT:-7480}
monitor=${VITRINE_CEPH_PORT:-6789}

if ! { command -v radosgw && command -v ceph-mon && command -v ceph-osd && command -v ceph; } >/dev/null; then
    echo "installing radosgw, ceph-mon and ceph-osd"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends radosgw ceph-mon ceph-osd ceph-common >/dev/null
fi

home=$(mktemp -d "${TMPDIR:-/tmp}/vitrine-radosgw.XXXXXX")
pids=()
stop() {
    for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done # all of it lies in memory
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$home"
}
trap stop EXIT
trap 'exit 143' INT TERM

export CEPH_CONF=$home/ceph.conf
fsid=$(cat /proc/sys/kernel/random/uuid)
mkdir -p "$home"/{mon,osd,rgw,run}
cat >"$CEPH_CONF" <<CONF
[global]
fsid = $fsid
mon_initial_members = a
mon_host = v2:127.0.0.1:$monitor/0
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
ms_mon_client_mode = crc
ms_mon_service_mode = crc
ms_mon_cluster_mode = crc
ms_client_mode = crc
ms_service_mode = crc
ms_cluster_mode = crc
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
osd_objectstore = memstore
memstore_device_bytes = 2147483648
osd_pool_default_size = 1
osd_pool_default_min_size = 1
mon_allow_pool_size_one = true
osd_crush_chooseleaf_type = 0
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
mon_max_pg_per_osd = 1000
run_dir = $home/run
admin_socket = $home/run/\$name.\$pid.asok
log_file = $home/\$name.log
[mon]
mon_data = $home/mon
[osd]
osd_data = $home/osd
[client.rgw]
rgw_data = $home/rgw
keyring = $home/keyring
rgw_frontends = beast endpoint=127.0.0.1:$port
rgw_dns_name =
CONF
printf '[client.rgw]\n\tkey = AQAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAAAA==\n' >"$home/keyring"

monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$monitor]" "$home/monmap" >/dev/null
ceph-mon --mkfs -i a --monmap "$home/monmap"
ceph-mon -f -i a >"$home/mon.err" 2>&1 &
pids+=($!)
osd=$(cat /proc/sys/kernel/random/uuid)
timeout 60 ceph osd new "$osd" 0 >/dev/null
ceph-osd --mkfs -i 0 --osd-uuid "$osd" 2>/dev/null
ceph-osd -f -i 0 >"$home/osd.err" 2>&1 &
pids+=($!)
radosgw -f -n client.rgw >"$home/rgw.err" 2>&1 &
pids+=($!)

for _ in $(seq 240); do
    curl -fs -o /dev/null "http://127.0.0.1:$port" && break
    sleep 0.5
done
curl -fs -o /dev/null "http://127.0.0.1:$port" || { cat "$home"/*.err "$home"/*.log | tail -40 >&2; exit 1; }

export AWS_ACCESS_KEY_ID=vitrine AWS_SECRET_ACCESS_KEY=$(cat /proc/sys/kernel/random/uuid)
timeout 60 radosgw-admin -n client.rgw user create --uid=vitrine --display-name=tests \
    --access-key="$AWS_ACCESS_KEY_ID" --secret-key="$AWS_SECRET_ACCESS_KEY" >/dev/null
export VITRINE_TEST_S3=http://127.0.0.1:$port
"$@"
