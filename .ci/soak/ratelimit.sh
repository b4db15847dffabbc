#!/bin/sh
# Floods a store of local rate limits with ten million new keys, once with
# buckets that are soon full again and once with buckets that are not. It fails
# if memory grows beyond the bound, a key in use gets back anything it spent, or
# memory is not back within a tenth when idle, and prints the figures. Another
# number: .ci/soak/ratelimit.sh 1000000
set -eu
cd "$(dirname "$0")/../.."
DASHBOARD_RATELIMIT_SOAK="${1:-10000000}" exec go test -count=1 -timeout=0 -v -run '^TestFlood$' ./ratelimit
