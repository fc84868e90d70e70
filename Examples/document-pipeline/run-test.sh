#!/usr/bin/env bash
source "$(dirname "$0")/../harness.sh"
start DocumentPipelineExample documents-summarise-document

run=$(run_of "$(send document/uploaded \
    '{"documentID": "d1", "pages": ["It was  a dark night.", "The end\ncame soon."]}')")
expect_end "$run" Completed '"It was a"'
for step in clean-up page-1 page-2 document store; do
    journal_has "$run" "\"name\":\"$step\"" || fail "there is no step $step"
done
