#!/usr/bin/env bash
source "$(dirname "$0")/../harness.sh"
start ApprovalExample expenses-approve-expense

run=$(run_of "$(send expense/filed '{"expenseID": "e1", "who": "Ada <3", "cents": 12000}')")
wait_until "the run waits" journal_has "$run" '"kind":"listening"'
curl -fs "$app_origin/" | grep -q "Ada &lt;3: 120 €" || fail "the page does not show the expense"
curl -fs -X POST "$app_origin/decide/e1/approve" -o /dev/null
expect_end "$run" Completed '"approved by the page"'
curl -fs "$app_origin/" | grep -q "Nothing waits for you" || fail "the expense is still on the page"
run=$(run_of "$(send expense/filed '{"expenseID": "e2", "who": "Ada", "cents": 100}')")
expect_end "$run" Completed '"approved, it is little"'
