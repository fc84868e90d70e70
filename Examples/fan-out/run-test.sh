#!/usr/bin/env bash
source "$(dirname "$0")/../harness.sh"
start FanOutExample catalogue-index-item

run=$(run_of "$(send catalogue/changed '{"revision": "r1", "items": 1000}')")
expect_end "$run" Completed '1000'
all_are_indexed() { [ "$(curl -fs "$app_origin/indexed")" = 1000 ]; }
within=120 wait_until "all items are indexed" all_are_indexed
