#!/bin/sh
# Loads the SQLite storage for a minute with 16 writers and 16 readers, alone
# and beside two more processes, and kills a writing process 200 times.
# It fails on any busy database, lost write or broken invariant, and prints
# the figures. Another duration: .ci/soak/storage.sh 10m
set -eu
cd "$(dirname "$0")/../.."
DASHBOARD_STORAGE_SOAK="${1:-1m}" exec go test -count=1 -timeout=0 -v -run '^(TestLoad|TestKill|TestKillBeside)$' ./storage/sqlite
