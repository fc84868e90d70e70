#!/usr/bin/env bash
source "$(dirname "$0")/../harness.sh"
start OnboardingExample onboarding-onboard-user

event=$(send user/signed-up '{"userID": "u1", "email": "a@b.c"}')
run=$(run_of "$event")
wait_until "the run sleeps" journal_has "$run" '"job_kind":"sleep"'
apus runs wake "$run" >/dev/null
wait_until "the run waits for an order" journal_has "$run" '"kind":"listening".*"order/placed"'
send order/placed '{"userID": "u2"}' >/dev/null
send order/placed '{"userID": "u1"}' >/dev/null
expect_end "$run" Completed '"workspace-of-u1"'
journal_has "$run" send-nudge && fail "the user got a nudge after an order"
app_said "to a@b.c: Welcome"
