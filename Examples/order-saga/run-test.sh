#!/usr/bin/env bash
source "$(dirname "$0")/../harness.sh"
start OrderSagaExample orders-process-order

run=$(run_of "$(send order/placed '{"orderID": "o1", "cents": 1200, "country": "DE"}')")
expect_end "$run" Completed '"parcel-o1"'
run=$(run_of "$(send order/placed '{"orderID": "o2", "cents": 1200, "country": "AQ"}')")
expect_end "$run" Failed 'no carrier ships to AQ'
wait_until "support is told" app_said "order o2 failed: no carrier ships to AQ"
app_said "refunded payment-o2"
app_said "released o2"
