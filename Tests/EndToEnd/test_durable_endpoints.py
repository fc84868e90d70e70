"""Runs that begin inside an app, in the handling of an HTTP request, as the TypeScript and Go SDKs do it."""

import json
import threading
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from harness.endpoint_app import GoEndpoint, TypeScriptEndpoint, claims_of, hashed, new_ulid
from harness.lateness import Lateness
from harness.scripted_app import Answer, Call, Reply
from harness.server import Server
from harness.signatures import is_valid_for_typescript
from harness.waiting import eventually

pytestmark = pytest.mark.both_modes

ENVIRONMENT = "00000000-0000-4000-b000-000000000000"


@pytest.fixture
def app(server: Server) -> Iterator[TypeScriptEndpoint]:
    app = TypeScriptEndpoint(server)
    yield app
    app.close()


@pytest.fixture
def go(server: Server) -> Iterator[GoEndpoint]:
    app = GoEndpoint(server)
    yield app
    app.close()


def started(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return answer.json()


def stored(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.content) == (200, b""), answer.text


# In the app


def test_a_run_lives_in_the_app_from_its_first_step_to_its_end(app: TypeScriptEndpoint) -> None:
    answer = started(app.start(app.ran("a", 1)))

    assert sorted(answer) == ["data", "metadata"] and list(answer["metadata"]) == ["fetched_at"]
    data = answer["data"]
    assert sorted(data) == ["app_id", "fn_id", "realtime_token", "run_id", "token"]
    assert data["run_id"] == app.run
    assert uuid.UUID(data["fn_id"]) and uuid.UUID(data["app_id"])
    stored(app.report(app.ran("b", {"n": 2}), app.ran("c", None)))
    stored(app.report(app.complete("hello", headers={"content-type": "text/plain", "x-own": "1"})))

    run = app.api.wait_for_end(app.run)
    assert (run.status, run.function_id) == ("Completed", data["fn_id"])
    assert run.output == {
        "status": 200, "headers": {"content-type": "text/plain", "x-own": "1"}, "body": "hello", "version": 2,
    }  # fmt: skip
    kinds = [entry["kind"] for entry in app.api.journal(app.run)]
    assert kinds.count("stepFinished") == 3 and "called" not in kinds
    assert app.calls == []
    result = app.output()
    assert (result.status_code, result.text, result.headers["x-own"]) == (200, "hello", "1")
    assert result.headers["content-type"] == "text/plain"


def test_the_tokens_say_what_sdks_expect(app: TypeScriptEndpoint) -> None:
    data = started(app.start(app.ran("a", 1)))["data"]
    now = time.time()

    claim = claims_of(data["token"])
    assert (claim["iss"], claim["sub"], claim["RunID"]) == ("api.inngest.com", "run-claim", app.run)
    assert abs(claim["iat"] - now) < 60 and claim["exp"] - claim["iat"] == 3_600
    assert uuid.UUID(claim["Env"])
    stream = claims_of(data["realtime_token"])
    assert (stream["iss"], stream["publish"]) == ("rt.inngest.com", False)
    assert stream["exp"] - stream["iat"] == 16 * 60 and stream["jti"] and stream["sub"]
    assert stream["env"] == ENVIRONMENT
    assert stream["topics"] == [{"kind": "run", "env_id": ENVIRONMENT, "channel": app.run, "name": "$stream"}]


def test_without_steps_there_is_no_token(app: TypeScriptEndpoint) -> None:
    assert sorted(started(app.start())["data"]) == ["app_id", "fn_id", "realtime_token", "run_id"]


def test_the_same_start_again_changes_nothing(app: TypeScriptEndpoint) -> None:
    first = started(app.start(app.ran("a", 1)))["data"]
    again = started(app.start(app.ran("a", 2)))["data"]

    for key in ("fn_id", "app_id", "run_id"):
        assert first[key] == again[key]
    steps = [entry for entry in app.api.journal(app.run) if entry["kind"] == "stepFinished"]
    assert [step["memo"] for step in steps] == [{"data": 1}]
    other = app.start(path="/other")
    assert other.status_code == 409 and app.run in other.json()["error"]


def test_ids_follow_from_names_and_endpoints_are_listed(app: TypeScriptEndpoint) -> None:
    first = started(app.start())["data"]
    app.run = new_ulid()
    assert started(app.start())["data"]["fn_id"] == first["fn_id"]
    app.run = new_ulid()
    named = started(app.start(fn=f"mine-{app.port}"))["data"]
    assert named["app_id"] == first["app_id"] and named["fn_id"] != first["fn_id"]

    apps = {found["id"]: found for found in app.api.data("/v1/apps")}
    assert apps[first["app_id"]]["name"] == app.domain
    assert apps[first["app_id"]]["functions"] == 2
    assert apps[first["app_id"]]["error"] is None
    slugs = {function["id"]: slug for slug, function in app.api.functions().items()}
    assert slugs[named["fn_id"]] == f"mine-{app.port}"
    # Their names have a space and slashes, unless they have one of their own.
    slug = urllib.parse.quote("GET /api/x", safe="")
    for path in (f"/functions/mine-{app.port}", f"/functions/{slug}", f"/v1/functions/{slug}/queue"):
        assert app.api.http.get(path).status_code == 200


def test_it_is_said_that_the_run_lives_in_the_app(app: TypeScriptEndpoint) -> None:
    app.start(app.ran("a", 1))
    waiting = app.api.wait_for_waiting(app.run, "endpoint")
    assert "in a request of its own" in waiting["reason"] and waiting["until"]
    assert app.api.http.get(f"/runs/{app.run}").status_code == 200


def test_a_person_may_have_the_run_called_now(app: TypeScriptEndpoint) -> None:
    app.reenter = lambda call: app.finish("taken over")
    app.start(app.ran("a", 1))
    assert app.api.http.post(f"/v1/runs/{app.run}/wake").json()["data"]["woken"] == 1
    assert app.api.wait_for_end(app.run).status == "Completed"
    assert app.output().json() == "taken over"


def test_a_paused_endpoint_is_not_called_but_goes_on_in_the_app(app: TypeScriptEndpoint) -> None:
    app.reenter = lambda call: app.finish("resumed")
    app.start(app.ran("a", 1))
    function = app.began["fn_id"]
    assert app.api.http.post(f"/v1/functions/{function}/pause").status_code == 200
    stored(app.report(app.ran("b", 2)))
    stored(app.report(app.sleep("zz", "0s")))
    app.api.wait_for_waiting(app.run, "paused")
    assert app.calls == []
    assert app.api.http.post(f"/v1/functions/{function}/resume").status_code == 200
    assert app.api.wait_for_end(app.run).status == "Completed"


def test_all_failed_runs_of_an_endpoint_are_replayed(app: TypeScriptEndpoint) -> None:
    app.reenter = lambda call: app.finish("replayed")
    name = f"replayed-{app.port}"
    app.start(app.complete("no", 503), fn=name)
    began = app.api.data(f"/v1/runs/{app.run}")["run_started_at"]
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
    order = {"function_id": name, "from": began, "until": until, "status": ["failed"]}
    answer = app.api.http.post("/v1/replays", json=order)
    assert answer.status_code in (200, 201), answer.text
    call = app.wait_for_call()
    assert app.api.wait_for_end(call.headers["x-run-id"]).status == "Completed"


def test_a_whole_run_of_the_go_sdk_is_one_request(go: GoEndpoint) -> None:
    data = started(go.start(go.ran("a", 1), go.complete(b"done")))["data"]

    assert data["token"]
    assert go.api.wait_for_end(go.run).status == "Completed"
    result = go.output()
    assert (result.status_code, result.content, result.headers["content-type"]) == (200, b"done", "text/plain")


def test_older_go_sdks_name_the_status_otherwise(go: GoEndpoint) -> None:
    op = go.complete(b"\xff\x00", 404, field="status_code")
    started(go.start({**op, "data": {"data": op["data"]}}))

    assert go.api.wait_for_end(go.run).status == "Completed"
    assert (go.output().status_code, go.output().content) == (404, b"\xff\x00")


@pytest.mark.parametrize(("status", "expected"), [(302, "Completed"), (404, "Completed"), (500, "Failed")])
def test_an_error_of_the_server_is_a_failed_run(app: TypeScriptEndpoint, status: int, expected: str) -> None:
    app.start(app.ran("a", 1))
    stored(app.report(app.complete("said", status, {"location": "/elsewhere"})))
    assert app.api.wait_for_end(app.run).status == expected
    result = app.output(follow_redirects=False)
    assert (result.status_code, result.text) == (status, "said")


# Out of the app


def test_a_sleep_gives_the_run_away_and_the_server_comes_back(app: TypeScriptEndpoint) -> None:
    """Method, address, type, body and headers of the call, one by one."""
    body = '{"ä":1,"b":[]}'

    def reenter(call: Call) -> Answer:
        assert app.actions(call) == {hashed("a"): {"data": {"n": 1}}, hashed("zz"): None}
        [event] = app.batch(call)
        assert (event["name"], event["data"]["body"], event["data"]["method"]) == ("inngest/http.request", body, "PUT")
        return app.finish("slept", headers={"content-type": "application/json"})

    app.reenter = reenter
    started(app.start(app.ran("a", {"n": 1}), method="PUT", path="/api/ü", query="b=2&a=1",
                      body=body, content_type="application/json"))  # fmt: skip
    stored(app.report(app.sleep("zz", "1s")))
    call = app.wait_for_call()

    assert (call.method, call.target) == ("PUT", "/api/%c3%bc?b=2&a=1")
    assert call.body == body.encode()
    headers = dict(call.headers)
    signature = headers.pop("x-inngest-signature")
    if app.server.keys:
        assert is_valid_for_typescript(signature, call.body, app.server.keys.signing)
    else:
        assert signature == ""
    assert headers.pop("x-request-id") and headers.pop("x-inngest-job-id")
    assert headers.pop("user-agent").startswith("Apus/")
    assert headers == {
        "host": f"127.0.0.1:{app.port}",
        "accept-encoding": "gzip",
        "content-length": str(len(call.body)),
        "content-type": "application/json",
        "x-run-id": app.run,
        "x-inngest-generation-id": "1",
        "x-inngest-req-version": "2",
    }
    assert app.api.wait_for_end(app.run).status == "Completed"
    result = app.output()
    assert (result.status_code, result.json(), result.headers["content-type"]) == (200, "slept", "application/json")


def test_a_get_has_neither_body_nor_type(app: TypeScriptEndpoint) -> None:
    app.reenter = lambda call: app.finish("done")
    app.start(app.sleep("zz", "0s"), query="")
    call = app.wait_for_call()

    assert (call.method, call.target, call.body) == ("GET", "/api/x", b"")
    assert "content-type" not in call.headers and "content-length" not in call.headers
    if app.server.keys:
        assert is_valid_for_typescript(call.headers["x-inngest-signature"], b"", app.server.keys.signing)


@pytest.mark.parametrize("wrap", [lambda op: op, lambda op: [op]], ids=["bare", "array"])
def test_the_end_of_a_run_that_was_entered_again(app: TypeScriptEndpoint, wrap: Callable[[Any], Any]) -> None:
    app.reenter = lambda call: Reply(206, wrap(app.complete("body", 201, {"x-own": "1"})))
    app.start(app.sleep("zz", "0s"))

    assert app.api.wait_for_end(app.run).status == "Completed"
    result = app.output()
    assert (result.status_code, result.text, result.headers["x-own"]) == (201, "body", "1")


def test_steps_after_a_re_entry_go_on_as_ever(app: TypeScriptEndpoint) -> None:
    def reenter(call: Call) -> Answer:
        steps = app.actions(call)
        return app.finish("done") if hashed("b") in steps else Reply(206, [app.ran("b", 2)])

    app.reenter = reenter
    app.start(app.ran("a", 1), app.sleep("zz", "0s"))

    assert app.api.wait_for_end(app.run).status == "Completed"
    assert len(app.calls) == 2
    assert len({call.headers["x-inngest-job-id"] for call in app.calls}) == 2


def test_the_go_sdk_gives_a_run_away_and_answers_plainly(go: GoEndpoint) -> None:
    def reenter(call: Call) -> Answer:
        assert go.is_resumed_by(call)
        assert sorted(go.actions(call)) == sorted([hashed("a"), hashed("zz")])
        return Reply(200, b"plain \xff", {"Content-Type": "text/x-own"})

    go.reenter = reenter
    started(go.start(go.ran("a", 1), go.sleep("zz", "0s"), path="/a b", query="q=1", body=b'{"x": 1}'))
    call = go.wait_for_call()

    assert (call.method, call.target, call.body) == ("POST", "/a%20b?q=1", b'{"x": 1}')
    assert call.headers["content-type"] == "application/json"
    assert go.api.wait_for_end(go.run).status == "Completed"
    result = go.output()
    assert (result.status_code, result.content, result.headers["content-type"]) == (200, b"plain \xff", "text/x-own")


def test_the_go_sdk_reports_further_steps_as_a_list(go: GoEndpoint) -> None:
    def reenter(call: Call) -> Answer:
        return Reply(200, b"end") if hashed("b") in go.actions(call) else Reply(206, [go.ran("b", 2)])

    go.reenter = reenter
    go.start(go.ran("a", 1), go.sleep("zz", "0s"))
    assert go.api.wait_for_end(go.run).status == "Completed"
    assert go.output().text == "end"


def test_an_answer_need_not_come_from_an_sdk(app: TypeScriptEndpoint) -> None:
    app.reenter = lambda call: Reply(200, b"from a handler", {"Content-Type": "text/plain"}, sdk=False)
    app.start(app.sleep("zz", "0s"))
    assert app.api.wait_for_end(app.run).status == "Completed"
    assert app.output().text == "from a handler"


def test_parallel_steps_are_planned_called_and_joined(app: TypeScriptEndpoint) -> None:
    def reenter(call: Call) -> Answer:
        step = call.headers.get("x-inngest-step-id")
        for name in ("p", "q"):
            if step == hashed(name):
                assert call.headers["x-inngest-force-step-plan"] == "true"
                return Reply(206, [app.ran(name, name)])
        assert "x-inngest-force-step-plan" not in call.headers
        assert sorted(app.actions(call)) == sorted([hashed("a"), hashed("p"), hashed("q")])
        return app.finish("joined")

    app.reenter = reenter
    app.start(app.ran("a", 1))
    stored(app.report(app.planned("p"), app.planned("q")))

    assert app.api.wait_for_end(app.run).status == "Completed"
    assert len(app.calls) == 3


def test_a_wait_for_an_event_knows_the_event_of_the_request(app: TypeScriptEndpoint) -> None:
    name = f"{app.id}/answered"
    app.reenter = lambda call: app.finish(json.dumps(app.actions(call)[hashed("w")]["data"]))
    app.start(app.ran("a", 1), query="user=7")
    wait = {
        "op": "WaitForEvent", "id": hashed("w"), "name": name, "displayName": "w",
        "opts": {"timeout": "1h", "if": "event.data.query_params == async.data.query"},
    }  # fmt: skip
    stored(app.report(wait))
    app.api.wait_for_waiting(app.run, "event")
    app.api.send([{"name": name, "data": {"query": "other"}}, {"name": name, "data": {"query": "user=7"}}])

    assert app.api.wait_for_end(app.run).status == "Completed"
    assert json.loads(app.output().json()) == {"query": "user=7"}


def test_a_failed_step_is_tried_again_by_the_server(app: TypeScriptEndpoint) -> None:
    app.reenter = lambda call: app.finish("recovered")
    app.start(app.ran("a", 1))
    stored(app.report(app.failed("b", "bad")))
    [failure] = [entry for entry in app.api.journal(app.run) if entry["kind"] == "attemptFailed"]
    assert failure["error"]["message"] == "bad"
    assert app.api.wait_for_end(app.run).status == "Completed"
    assert app.calls[0].headers["x-inngest-generation-id"] == "1"


def test_a_failed_function_is_tried_again_by_the_server(app: TypeScriptEndpoint) -> None:
    """The SDK tells of it as of a step."""
    app.reenter = lambda call: app.finish("recovered")
    app.start(app.ran("a", 1))
    stored(app.report(app.failed("complete", "thrown")))
    assert app.api.wait_for_end(app.run).status == "Completed"


def test_a_step_that_fails_without_retries_is_final(app: TypeScriptEndpoint) -> None:
    app.reenter = lambda call: app.finish(app.actions(call)[hashed("b")]["error"]["message"])
    app.start(app.ran("a", 1), retries=0)
    stored(app.report(app.failed("b", "bad")))
    assert app.api.wait_for_end(app.run).status == "Completed"
    assert app.output().json() == "bad"


def test_an_app_whose_time_is_up_asks_to_be_called(app: TypeScriptEndpoint) -> None:
    app.reenter = lambda call: app.finish("done")
    app.start(app.ran("a", 1))
    stored(app.report({"op": "DiscoveryRequest", "id": hashed("discovery-request-1")}))
    assert app.api.wait_for_end(app.run).status == "Completed"
    assert "x-inngest-step-id" not in app.calls[0].headers


def test_an_error_is_a_failed_attempt_and_the_last_one_the_result(app: TypeScriptEndpoint) -> None:
    answers = [Reply(500, {"name": "E", "message": "one"}), Reply(503, {"name": "E", "message": "two"}, sdk=False)]
    app.reenter = lambda call: answers[len(app.calls) - 1]
    app.start(app.sleep("zz", "0s"), retries=1)

    run = app.api.wait_for_end(app.run)
    assert run.status == "Failed" and len(app.calls) == 2
    assert app.calls[0].headers["x-inngest-job-id"] == app.calls[1].headers["x-inngest-job-id"]
    assert app.calls[1].headers["x-inngest-generation-id"] == "2"
    result = app.output()
    assert (result.status_code, result.json()) == (503, {"name": "E", "message": "two"})


def test_an_error_that_is_final_is_not_tried_again(app: TypeScriptEndpoint) -> None:
    app.reenter = lambda call: Reply(400, {"name": "E", "message": "no"}, {"X-Inngest-No-Retry": "true"})
    app.start(app.sleep("zz", "0s"))
    assert app.api.wait_for_end(app.run).status == "Failed"
    assert len(app.calls) == 1 and app.output().status_code == 400


# Results


def test_whoever_waits_for_a_result_is_woken_by_the_end(app: TypeScriptEndpoint, lateness: Lateness) -> None:
    app.start(app.ran("a", 1))
    results: list[httpx.Response] = []
    waiters = [threading.Thread(target=lambda: results.append(app.output())) for _ in range(3)]
    for waiter in waiters:
        waiter.start()
    time.sleep(0.3)
    assert results == []
    ended = time.monotonic()
    stored(app.report(app.complete("late")))
    for waiter in waiters:
        waiter.join(10)
    # Whoever only looks now and then does so every two seconds.
    assert time.monotonic() - ended < 1 + lateness.seconds
    assert [result.text for result in results] == ["late"] * 3


def test_a_result_takes_its_token_and_no_other(app: TypeScriptEndpoint, go: GoEndpoint) -> None:
    app.start(app.ran("a", 1), app.complete("secret"))
    go.start(go.ran("a", 1), go.complete(b"other"))

    token = app.began["token"]
    for wrong in ("", "x", token[:-3], go.began["token"], app.began["realtime_token"], token + "A"):
        result = app.output(wrong)
        assert result.status_code == 401 and result.json()["error"] == "Unable to find run with auth token"
        assert "secret" not in result.text
    for base in ("/v1/checkpoint", "/v1/http/runs"):
        url = f"{app.server.url}{base}/{app.run}/output"
        assert httpx.get(url, params={"token": token}, trust_env=False).text == "secret"
        assert httpx.get(url, headers={"Authorization": f"Bearer {token}"}, trust_env=False).text == "secret"
    assert app.get(f"/v1/checkpoint/{app.run}/output").status_code == 401


def test_a_result_cannot_reach_into_the_servers_origin(app: TypeScriptEndpoint) -> None:
    headers = {
        "Content-Type": "text/html", "Set-Cookie": "apus-session=x", "Transfer-Encoding": "chunked",
        "Content-Length": "3", "Connection": "close", "Content-Encoding": "gzip", "Keep-Alive": "1",
        "Service-Worker-Allowed": "/", "Clear-Site-Data": "*", "X-Bad": "a\r\nSet-Cookie: b=c", "Bad Name": "x",
        "Access-Control-Allow-Origin": "https://own.example", "X-Own": "kept", "Content-Security-Policy": "img-src *",
    }  # fmt: skip
    app.start(app.complete("<script>steal()</script>", headers=headers))
    result = app.output()

    assert result.text == "<script>steal()</script>" and result.headers["x-own"] == "kept"
    for name in ("set-cookie", "transfer-encoding", "content-encoding", "service-worker-allowed", "clear-site-data",
                 "x-bad", "keep-alive"):  # fmt: skip
        assert name not in result.headers
    assert result.headers["content-length"] == str(len(result.content))
    policies = result.headers.get_list("content-security-policy")
    assert any("sandbox" in policy and "allow-same-origin" not in policy for policy in policies)
    assert result.headers["x-content-type-options"] == "nosniff"
    assert result.headers["access-control-allow-origin"] == "https://own.example"


def test_a_browser_of_any_origin_may_read_a_result(app: TypeScriptEndpoint) -> None:
    app.start(app.complete("x"))
    assert app.output(headers={"Origin": "null"}).headers["access-control-allow-origin"] == "*"


def test_a_status_without_a_body_has_none(app: TypeScriptEndpoint) -> None:
    app.start(app.complete("never sent", 204))
    assert (app.output().status_code, app.output().content) == (204, b"")


def test_the_result_of_a_cancelled_run_is_that_it_was_cancelled(app: TypeScriptEndpoint) -> None:
    app.start(app.ran("a", 1))
    app.api.http.delete(f"/v1/runs/{app.run}")
    result = app.output()
    assert result.status_code == 410 and result.json()["error"]["message"] == "The run was cancelled."
    # Whatever the app does now counts no more, but that it has ended.
    assert app.report(app.ran("b", 2)).status_code == 409
    stored(app.report(app.complete("late")))


# What is wrong


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"run_id": None}, "run_id is no ULID"),
        ({"run_id": "0" * 26}, "run_id is no ULID"),
        ({"event": None}, "event is not an object"),
        ({"event": {"name": "x"}}, "event.data is missing"),
        ({"event": {"name": "x", "data": {"domain": "nowhere", "method": "GET"}}}, "event.data.domain"),
        ({"event": {"name": "x", "data": {"domain": "http://a.test", "method": ""}}}, "event.data.method"),
        ({"event": {"name": "x", "data": {"domain": "http://a.test", "method": "GET", "path": "a"}}}, "event.data.path"),
        ({"steps": {}}, "steps is not an array"),
        ({"steps": [{"op": "Bogus", "id": "x"}]}, "Bogus does not belong to Opcode values"),
    ],
)
def test_a_wrong_start_is_refused(app: TypeScriptEndpoint, changes: dict[str, Any], complaint: str) -> None:
    answer = app.start(**changes)
    assert answer.status_code == 400 and complaint in answer.json()["error"]
    assert app.api.http.get(f"/v1/runs/{app.run}").status_code == 404


def test_text_that_is_no_base64_is_a_body_like_any_other(app: TypeScriptEndpoint) -> None:
    """The protocol's other server refuses such a start."""
    app.reenter = lambda call: app.finish("done")
    app.start(app.sleep("zz", "0s"), method="POST", body="name=ü&more", content_type="text/plain")
    assert app.wait_for_call().body == "name=ü&more".encode()


@pytest.mark.parametrize(
    ("changes", "status", "complaint"),
    [
        ({"run_id": "nonsense"}, 400, "run_id is no ULID"),
        ({"steps": {}}, 400, "steps is not an array"),
        ({"steps": [{"op": "Bogus", "id": "x"}]}, 400, "Bogus does not belong to Opcode values"),
        ({"run_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, 404, "run not found in state store"),
        ({"steps": [{"op": "StepRun", "id": "x", "data": "x" * (4 << 20)}]}, 413, "step x output too large"),
        ({"steps": []}, 200, ""),
        ({"steps": None}, 200, ""),
    ],
)
def test_a_wrong_report_is_refused_and_harms_nothing(
    app: TypeScriptEndpoint, changes: dict[str, Any], status: int, complaint: str
) -> None:
    app.start(app.ran("a", 1))
    answer = app.report(**changes)
    assert answer.status_code == status and complaint in answer.text
    stored(app.report(app.complete("done")))
    assert app.api.wait_for_end(app.run).status == "Completed"


def test_an_app_that_goes_on_although_it_gave_the_run_away_is_told_so(app: TypeScriptEndpoint) -> None:
    app.start(app.ran("a", 1))
    stored(app.report(app.sleep("zz", "1h")))
    # A repeat, because the answer was lost, is no mistake.
    stored(app.report(app.sleep("zz", "1h")))
    stored(app.report(app.ran("a", 1)))
    answer = app.report(app.ran("b", 2))
    assert answer.status_code == 409 and answer.json()["data"] == {"run_id": app.run}


# Again


def test_a_rerun_enters_the_endpoint_with_the_same_request(app: TypeScriptEndpoint) -> None:
    app.reenter = lambda call: app.finish("second time")
    app.start(app.ran("a", 1), method="POST", body="hello", content_type="text/plain")
    stored(app.report(app.complete("no", 500)))
    assert app.api.wait_for_end(app.run).status == "Failed"

    answer = app.api.http.post(f"/v1/runs/{app.run}/rerun")
    assert answer.status_code == 201, answer.text
    run = answer.json()["data"]["run_id"]
    assert app.api.wait_for_end(run).status == "Completed"
    assert (app.calls[0].method, app.calls[0].body) == ("POST", b"hello")
    assert app.calls[0].headers["x-run-id"] == run


def test_an_invocation_without_a_request_says_why_it_fails(app: TypeScriptEndpoint) -> None:
    name = f"invoked-{app.port}"
    app.start(app.complete("x"), fn=name)
    answer = app.api.http.post(f"/invoke/{name}", json={"data": {}})
    run = app.api.wait_for_run(answer.json()["id"])
    assert run.status == "Failed" and "does not describe an HTTP request" in run.output["message"]


# Streams


class Listener:
    """Reads server-sent events as they come."""

    def __init__(self, app: TypeScriptEndpoint, token: str) -> None:
        self.text = ""
        self.status = 0
        self.headers: dict[str, str] = {}
        self._url = f"{app.server.url}/v1/realtime/sse"
        self._token = token
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        eventually(lambda: self.status, "the stream has begun")

    def _listen(self) -> None:
        with httpx.stream(
            "GET", self._url, params={"token": self._token}, timeout=30, trust_env=False
        ) as answer:
            self.headers = dict(answer.headers)
            self.status = answer.status_code
            for part in answer.iter_text():
                self.text += part

    @property
    def events(self) -> str:
        return self.text.replace(":\n\n", "")


def test_what_an_app_streams_reaches_whoever_listens_while_it_streams(app: TypeScriptEndpoint) -> None:
    app.start(app.ran("a", 1))
    listener = Listener(app, app.began["realtime_token"])
    assert listener.headers["content-type"] == "text/event-stream"
    eventually(lambda: listener.text.startswith(":\n\n"), "a sign of life")
    go_on = threading.Event()

    def pieces() -> Iterator[bytes]:
        yield b"event: inngest.stream\ndata: 1\n\n"
        assert go_on.wait(10)
        yield b"event: inngest.response\ndata: 2\n\n"

    answers: list[httpx.Response] = []
    sender = threading.Thread(target=lambda: answers.append(tee(app, pieces())))
    sender.start()
    eventually(lambda: listener.events == "event: inngest.stream\ndata: 1\n\n", "the first event, before the second")
    go_on.set()
    sender.join(10)
    assert (answers[0].status_code, answers[0].content) == (200, b"")
    eventually(lambda: listener.events.endswith("data: 2\n\n"), "the second event")
    # Who comes later gets all of it.
    late = Listener(app, app.began["realtime_token"])
    eventually(lambda: late.events == listener.events, "the replay")


def tee(app: TypeScriptEndpoint, content: Any, channel: str | None = None, **headers: str) -> httpx.Response:
    return httpx.post(
        f"{app.server.url}/v1/realtime/publish/tee", params={"channel": app.run if channel is None else channel},
        content=content, headers={**app.authorization, **headers}, timeout=30, trust_env=False,
    )  # fmt: skip


def test_streams_are_told_apart(app: TypeScriptEndpoint) -> None:
    app.start()
    tee(app, b"data: other\n\n", channel=new_ulid())
    listener = Listener(app, app.began["realtime_token"])
    tee(app, b"data: own\n\n")
    eventually(lambda: "own" in listener.text, "the event")
    assert "other" not in listener.text


def test_listening_takes_a_token_and_publishing_the_key(app: TypeScriptEndpoint) -> None:
    app.start(app.ran("a", 1))
    url = f"{app.server.url}/v1/realtime/sse"
    for token in (None, "", "x", app.began["token"]):
        answer = httpx.get(url, params={"token": token} if token is not None else {}, trust_env=False)
        assert answer.status_code == 401
        assert answer.json() == {"error": "Not authenticated", "data": None, "status": 401}
    assert httpx.get(url, headers=app.authorization, trust_env=False).status_code == 401

    refused = tee(app, b"x", Authorization=f"Bearer {app.began['realtime_token']}")
    assert (refused.status_code, refused.json()["error"]) == (401, "Not authenticated for publishing")
    if app.server.keys:
        assert tee(app, b"x", Authorization="Bearer 00").status_code == 401


def test_a_tee_has_a_channel_and_a_bound(app: TypeScriptEndpoint) -> None:
    missing = tee(app, b"x", channel="")
    assert (missing.status_code, missing.json()["error"]) == (400, "channel query parameter required")
    large = tee(app, b"x" * (1_000 * 1_024 + 1))
    assert (large.status_code, large.json()["error"]) == (500, "Error forwarding data")
    assert tee(app, b"x" * (1_000 * 1_024), channel=new_ulid()).status_code == 200
