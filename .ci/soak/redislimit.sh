#!/bin/sh
# Four processes ask a private redis-server about one key, at twice its limit and
# in volleys at the edges of windows, each for half a minute with and without
# leases. It fails on one unit too many in any window, on an error, and on less
# than 99.5 % of the limit used, and prints the figures; then on a server that is
# killed, hangs and comes back under load. Another duration, in whole seconds:
# .ci/soak/redislimit.sh 120s
set -eu
cd "$(dirname "$0")/../../internal/services"
DASHBOARD_REDISLIMIT_SOAK="${1:-30s}" exec go test -count=1 -timeout=0 -v -run '^(TestFleetOfProcesses|TestRedisGoesAndComesBack)$' ./redislimit
