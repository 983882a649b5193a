#!/usr/bin/env bash
# Queues a job, polls its public status, fetches the result by its key. Arguments: base address, key, mint.
set -euo pipefail
base=$1 key=$2 mint=$3

field() { sed -n "s/.*\"$1\":\"\\([^\"]*\\)\".*/\\1/p"; }

job=$(curl -s -X POST "$base/intel/token/$mint/holders" -H "X-Api-Key: $key" -H "Content-Type: application/json" -d '{"topN": 20}' |
  tr -d ' \n' | field jobId)
while true; do
  status=$(curl -s "$base/jobs/$job" | tr -d ' \n' | field status)
  [ "$status" = completed ] && break
  [ "$status" = failed ] && exit 1
  sleep 1
done
curl -s "$base/jobs/result/by-key?key=holder-profiles:result:$job" -H "X-Api-Key: $key"
