"""W3C trace context: each call is a span of its run's trace."""

import json
import urllib.parse

from harness.scripted_app import Answer, Call, Reply, ScriptedApp


def test_a_run_and_those_it_invokes_share_a_trace(scripted_app: ScriptedApp) -> None:
    def parent(call: Call) -> Answer:
        if call.json["steps"]:
            return Reply(200, "done")
        return Reply(206, [{"op": "InvokeFunction", "id": "a" * 40, "opts": {"function_id": child, "payload": {}}}])

    child = scripted_app.function(lambda call: Reply(200, "child"), "child", event="nobody/sends")
    scripted_app.function(parent)
    run = scripted_app.run()

    contexts = [call.headers["traceparent"].split("-") for call in scripted_app.calls]
    assert len(contexts) == 3
    assert {context[1] for context in contexts} == {contexts[0][1]}, "one trace"
    assert len({context[2] for context in contexts}) == 3, "each call is a span of its own"
    assert all(context[0] == "00" and context[3] == "01" for context in contexts)
    state = dict(part.split("=") for part in scripted_app.calls[0].headers["tracestate"].split(","))
    reference = json.loads(urllib.parse.unquote(state["inngest@traceref"]))
    assert reference == {"tp": scripted_app.calls[0].headers["traceparent"], "ts": ""}
    query = {"query": '{ run(runID: "%s") { traceID } }' % run.id}
    traced = scripted_app.api.http.post("/v0/gql", json=query).json()["data"]["run"]["traceID"]
    assert traced == contexts[0][1]
