#!/usr/bin/env bash
source "$(dirname "$0")/../harness.sh"
start NightlyReportExample reports-nightly-report

apus schedules ls | grep -q nightly-report || fail "the schedule is not there"
apus schedules run reports-nightly-report >/dev/null
wait_until "the schedule has started a run" has_run reports-nightly-report
run=$(newest_run reports-nightly-report)
expect_end "$run" Completed '42 orders on 20'
app_said "mailed: 42 orders on"
