"""Requests that the server makes for steps: `step.ai.infer` and `step.fetch`."""

import functools
import gzip
import hashlib
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import inngest
import pytest
from inngest.experimental.ai.openai import Adapter

from harness.commands import apus
from harness.provider import Provider, Request, Response, openai
from harness.realtime import Socket, token_for
from harness.scripted_app import Call, Reply, ScriptedApp
from harness.sdk_app import SdkApp
from harness.server import Server
from harness.signatures import Keys
from harness.waiting import eventually

SIGNED = ("--retry-interval", "1", "--log-format", "json", "--log-level", "debug")
CHAT = {"model": "m", "messages": [{"role": "user", "content": "there"}]}


def step_id(name: str) -> str:
    return hashlib.sha1(name.encode()).hexdigest()


def infer(name: str, url: str, key: str = "right-key", format: str = "openai-chat", **options: Any) -> dict[str, Any]:
    opts = {"type": "step.ai.infer", "url": url, "auth_key": key, "format": format, "headers": {}, "body": CHAT}
    return {"op": "AIGateway", "id": step_id(name), "displayName": name, "opts": {**opts, **options}}


def fetch(name: str, url: str, **options: Any) -> dict[str, Any]:
    opts = {"url": url, "method": "GET", "headers": {}, **options}
    return {"op": "Gateway", "id": step_id(name), "displayName": name, "opts": opts}


def asks(*ops: dict[str, Any]) -> Callable[[Call], Reply]:
    """A function that asks for these and returns what it got."""

    def answer(call: Call) -> Reply:
        steps = call.json["steps"]
        missing = [op for op in ops if op["id"] not in steps]
        if missing:
            return Reply(206, missing)
        return Reply(200, {op["displayName"]: steps[op["id"]] for op in ops})

    return answer


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture
def app_of(request: pytest.FixtureRequest) -> Iterator[Callable[[Server], ScriptedApp]]:
    made: list[ScriptedApp] = []

    def make(server: Server) -> ScriptedApp:
        made.append(ScriptedApp(server))
        return made[-1]

    yield make
    for app in made:
        app.close()


# Answers


def test_an_openai_style_provider_answers(scripted_app: ScriptedApp, provider: Provider) -> None:
    run = scripted_app.run_with(asks(infer("ask", provider.url + "/openai")))
    assert run.status == "Completed"
    assert run.output["ask"]["data"]["choices"][0]["message"]["content"] == "Hi there"
    [request] = provider.requests
    assert request.json == CHAT
    assert request.headers["content-type"] == "application/json"
    assert len(scripted_app.calls) == 2


def test_an_anthropic_style_provider_answers(scripted_app: ScriptedApp, provider: Provider) -> None:
    op = infer(
        "ask", provider.url + "/anthropic", format="anthropic", headers={"anthropic-version": "2023-06-01"}
    )
    run = scripted_app.run_with(asks(op))
    assert run.output["ask"]["data"]["content"] == [{"type": "text", "text": "Hi"}]
    assert "authorization" not in provider.requests[0].headers


def test_a_streamed_answer_is_a_text(scripted_app: ScriptedApp, provider: Provider) -> None:
    run = scripted_app.run_with(asks(infer("ask", provider.url + "/openai", body={**CHAT, "stream": True})))
    assert run.output["ask"] == {"data": 'data: {"delta":"Hi"}\n\ndata: [DONE]\n\n'}


def test_a_fetch_returns_whatever_comes_back(scripted_app: ScriptedApp, provider: Provider) -> None:
    def teapot(request: Request) -> Response:
        return 418, b"short and stout", {"Content-Type": "text/plain", "x-tea": "green"}

    provider.answers["/tea"] = teapot
    url = provider.url + "/tea?cup=2"
    run = scripted_app.run_with(asks(fetch("tea", url, method="PUT", body="hello", headers={"X-Sugar": "1"})))
    data = run.output["tea"]["data"]
    assert (data["status_code"], data["body"], data["url"]) == (418, "short and stout", url)
    assert (data["headers"]["Content-Type"], data["headers"]["X-Tea"]) == ("text/plain", "green")
    [request] = provider.requests
    assert (request.method, request.body, request.headers["x-sugar"]) == ("PUT", b'"hello"', "1")


def test_requests_of_one_answer_are_made_side_by_side(scripted_app: ScriptedApp, provider: Provider) -> None:
    both = threading.Barrier(2)

    def meet(request: Request) -> Response:
        both.wait(10)
        return 200, {"path": request.path}, {}

    provider.answers["/a"] = provider.answers["/b"] = meet
    ops = [infer("a", provider.url + "/a"), fetch("b", provider.url + "/b"), infer("c", provider.url + "/openai")]
    run = scripted_app.run_with(asks(*ops))
    assert run.output["a"] == {"data": {"path": "/a"}}
    assert run.output["b"]["data"]["status_code"] == 200
    # One discovery follows them all.
    assert len(scripted_app.calls) == 2


def test_the_official_sdk_infers_and_catches(app: SdkApp, provider: Provider) -> None:
    provider.answers["/chat/completions"] = openai

    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> Any:
        def adapter(key: str) -> Adapter:
            return Adapter(auth_key=key, base_url=provider.url, model="m")

        first, second = await ctx.group.parallel(
            tuple(
                functools.partial(ctx.step.ai.infer, name, adapter=adapter("right-key"), body={**CHAT})
                for name in ("one", "two")
            )
        )
        try:
            await ctx.step.ai.infer("wrong", adapter=adapter("wrong-key"), body={**CHAT})
        except inngest.StepError as error:
            return [first, second, error.name, error.message]

    first, second, name, message = app.run().output
    assert first == second and first["choices"][0]["message"]["content"] == "Hi there"
    assert (name, message) == ("AIGatewayError", "Error making AI request: unsuccessful status code: 401")
    assert len(provider.requests) == 3


# Failures


def test_a_429_is_tried_again_when_the_provider_says(scripted_app: ScriptedApp, provider: Provider) -> None:
    def limited(request: Request) -> Response:
        if len(provider.requests) == 1:
            return 429, {"error": "rate limit"}, {"Retry-After": "3"}
        return 200, {"ok": True}, {}

    provider.answers["/limited"] = limited
    run = scripted_app.run_with(asks(infer("ask", provider.url + "/limited")), retries=2)
    assert run.output == {"ask": {"data": {"ok": True}}}
    # Each attempt is a call of the app, which asks again.
    assert [(call.json["ctx"]["attempt"], call.json["ctx"]["generation_id"]) for call in scripted_app.calls] == [
        (0, 1), (1, 2), (0, 1),
    ]  # fmt: skip
    [failed] = [entry for entry in scripted_app.api.journal(run.id) if entry["kind"] == "attemptFailed"]
    assert 2_900 <= failed["retry_at"] - failed["at"] <= 3_100
    assert failed["error"]["name"] == "AIGatewayError"


def test_a_500_for_good_is_an_error_that_the_function_gets(scripted_app: ScriptedApp, provider: Provider) -> None:
    provider.answers["/down"] = lambda request: (500, {"error": "down"}, {})
    run = scripted_app.run_with(asks(infer("ask", provider.url + "/down")), retries=1)
    assert run.status == "Completed"
    assert run.output["ask"] == {
        "error": {
            "name": "AIGatewayError",
            "message": "Error making AI request: unsuccessful status code: 500",
            "data": {"error": "down"},
            "stack": '{"error": "down"}',
        }
    }
    assert len(provider.requests) == 2


def test_an_answer_that_is_too_large_is_an_error(scripted_app: ScriptedApp, provider: Provider) -> None:
    provider.answers["/huge"] = lambda request: (200, b'"' + b"x" * (9 << 20) + b'"', {})
    run = scripted_app.run_with(asks(fetch("get", provider.url + "/huge")))
    message = "Error making gateway request: the response is larger than the limit of 8388608 bytes"
    assert run.output["get"] == {"error": {"name": "GatewayError", "message": message}}


def test_a_large_answer_is_a_result(scripted_app: ScriptedApp, provider: Provider) -> None:
    provider.answers["/large"] = lambda request: (200, b'"' + b"x" * (3 << 20) + b'"', {})
    run = scripted_app.run_with(asks(infer("get", provider.url + "/large")))
    assert len(run.output["get"]["data"]) == 3 << 20


def test_a_host_that_does_not_answer_is_an_error(scripted_app: ScriptedApp, provider: Provider) -> None:
    provider.close()
    run = scripted_app.run_with(asks(fetch("get", provider.url + "/x")))
    message = "Error making gateway request: Unable to reach SDK URL (connection refused)"
    assert run.output["get"] == {"error": {"name": "GatewayError", "message": message}}


# While it goes on


def test_a_slow_request_is_what_the_run_waits_for(scripted_app: ScriptedApp, provider: Provider) -> None:
    go_on = threading.Event()

    def slow(request: Request) -> Response:
        go_on.wait(20)
        return 200, {}, {}

    provider.answers["/slow"] = slow
    scripted_app.function(asks(infer("ask", provider.url + "/slow")))
    [event] = scripted_app.api.send({"name": scripted_app.event})
    run = scripted_app.api.wait_for_start(event)
    waiting = scripted_app.api.wait_for_waiting(run.id, "gateway")
    assert f"{provider.host} for step ask" in waiting["reason"]
    metrics = scripted_app.api.http.get("/metrics").text
    assert 'apus_gateway_host_requests{host="127.0.0.1",state="under_way"} ' in metrics
    query = "query($id: String!){run(runID:$id){trace{childrenSpans{name stepOp status}}}}"
    body = {"query": query, "variables": {"id": run.id}}
    [span] = scripted_app.api.http.post("/v0/gql", json=body).json()["data"]["run"]["trace"]["childrenSpans"]
    assert span == {"name": "ask", "stepOp": "AI_GATEWAY", "status": "RUNNING"}
    go_on.set()
    assert scripted_app.api.wait_for_end(run.id).status == "Completed"


def test_a_cancelled_run_breaks_its_request_off(scripted_app: ScriptedApp, provider: Provider) -> None:
    go_on = threading.Event()

    def slow(request: Request) -> Response:
        go_on.wait(20)
        return 200, b"x" * (4 << 20), {}

    provider.answers["/slow"] = slow
    scripted_app.function(asks(infer("ask", provider.url + "/slow")))
    [event] = scripted_app.api.send({"name": scripted_app.event})
    run = scripted_app.api.wait_for_start(event)
    eventually(lambda: provider.requests, "the request has come")
    assert scripted_app.api.http.delete(f"/v1/runs/{run.id}").status_code == 200
    assert scripted_app.api.wait_for_end(run.id).status == "Cancelled"
    eventually(
        lambda: "\napus_gateway_requests 0\n" in scripted_app.api.http.get("/metrics").text, "the request has ended"
    )
    go_on.set()
    eventually(lambda: provider.abandoned == 1, "nobody waits for the answer")


def test_a_crash_costs_no_attempt(
    own_server: Server, provider: Provider, app_of: Callable[[Server], ScriptedApp]
) -> None:
    go_on = threading.Event()

    def slow_once(request: Request) -> Response:
        if len(provider.asked("/slow")) == 1:
            go_on.wait(20)
        return 200, {"n": len(provider.asked("/slow"))}, {}

    provider.answers["/slow"] = slow_once
    app = app_of(own_server)
    app.function(asks(infer("quick", provider.url + "/openai"), infer("slow", provider.url + "/slow")))
    [event] = app.api.send({"name": app.event})
    run = app.api.wait_for_start(event)
    eventually(
        lambda: any(entry["kind"] == "stepFinished" for entry in app.api.journal(run.id)), "the quick one is stored"
    )
    own_server.kill9()
    go_on.set()
    own_server.start()
    run = app.api.wait_for_end(run.id)
    assert run.output["slow"] == {"data": {"n": 2}}
    # What was stored is not asked for again.
    assert len(provider.asked("/openai")) == 1
    calls = [(call.json["ctx"]["attempt"], call.json["ctx"]["generation_id"]) for call in app.calls]
    assert calls == [(0, 1), (0, 2), (0, 1)]


def test_a_request_under_way_may_finish_when_the_server_ends(
    own_server: Server, provider: Provider, app_of: Callable[[Server], ScriptedApp]
) -> None:
    go_on = threading.Event()

    def slow(request: Request) -> Response:
        go_on.wait(20)
        return 200, {"n": len(provider.requests)}, {}

    provider.answers["/slow"] = slow
    app = app_of(own_server)
    app.function(asks(infer("ask", provider.url + "/slow")))
    [event] = app.api.send({"name": app.event})
    run = app.api.wait_for_start(event)
    eventually(lambda: provider.requests, "the request has come")
    own_server.process.terminate()
    eventually(lambda: "waiting for 1 calls to finish" in own_server.log(), "the server waits")
    go_on.set()
    assert own_server.process.wait(20) == 0
    own_server.start()
    assert app.api.wait_for_end(run.id).output == {"ask": {"data": {"n": 1}}}
    assert len(provider.requests) == 1


def test_only_so_many_requests_go_to_one_host_at_a_time(
    start_server: Callable[..., Server], provider: Provider, app_of: Callable[[Server], ScriptedApp]
) -> None:
    lock = threading.Lock()
    now, most = 0, 0
    third = threading.Barrier(3)

    def count(request: Request) -> Response:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        third.wait(10)
        with lock:
            now -= 1
        return 200, {}, {}

    provider.answers["/count"] = count
    server = start_server("--gateway-calls-per-host", "3", "--no-discovery", "--no-poll")
    app = app_of(server)
    run = app.run_with(asks(*[infer(str(number), provider.url + "/count") for number in range(12)]))
    assert run.status == "Completed"
    assert most == 3


# Where requests may go


def test_a_server_with_keys_asks_no_private_address(
    start_server: Callable[..., Server], provider: Provider, app_of: Callable[[Server], ScriptedApp]
) -> None:
    app = app_of(start_server(*SIGNED, keys=Keys()))
    urls = {
        "loopback": (provider.url, "127.0.0.1 is loopback (127.0.0.0/8)", "--allow-private-networks 127.0.0.0/8"),
        "private": ("http://10.1.2.3/", "10.1.2.3 is private (10.0.0.0/8)", "--allow-private-networks 10.0.0.0/8"),
        "mapped": ("http://[::ffff:10.1.2.3]/", "that is 10.1.2.3", "--allow-private-networks 10.0.0.0/8"),
        "metadata": ("http://169.254.169.254/latest", "169.254.169.254 is link-local", "no option allows it"),
    }
    run = app.run_with(asks(*[fetch(name, url) for name, (url, _, _) in urls.items()]), retries=3)
    for name, (_, rule, option) in urls.items():
        message = run.output[name]["error"]["message"]
        assert rule in message and option in message
    assert provider.requests == []
    # It is the same whenever it is tried, so it is not.
    assert len(app.calls) == 2


@pytest.mark.parametrize("networks", ["127.0.0.1", "127.0.0.0/8,10.0.0.0/8", "all"])
def test_networks_can_be_opened(
    start_server: Callable[..., Server],
    provider: Provider,
    app_of: Callable[[Server], ScriptedApp],
    networks: str,
) -> None:
    app = app_of(start_server(*SIGNED, "--allow-private-networks", networks, keys=Keys()))
    run = app.run_with(asks(infer("ask", provider.url + "/openai")))
    assert "data" in run.output["ask"]


def test_a_redirect_leads_to_no_guarded_address(
    start_server: Callable[..., Server], provider: Provider, app_of: Callable[[Server], ScriptedApp]
) -> None:
    provider.answers["/private"] = lambda request: (302, b"", {"Location": "http://192.168.7.7/x?token=s3cret"})
    provider.answers["/cloud"] = lambda request: (307, b"", {"Location": "http://169.254.169.254/latest/meta-data/"})
    provider.answers["/here"] = lambda request: (302, b"", {"Location": "/there"})
    provider.answers["/there"] = lambda request: (200, {"method": request.method}, {})
    app = app_of(start_server(*SIGNED, "--allow-private-networks", "127.0.0.1", keys=Keys()))
    ops = [fetch(name, f"{provider.url}/{name}", method="POST") for name in ("private", "cloud", "here")]
    run = app.run_with(asks(*ops), retries=2)
    assert "192.168.7.7 is private" in run.output["private"]["error"]["message"]
    assert "no option allows it" in run.output["cloud"]["error"]["message"]
    assert run.output["here"]["data"]["body"] == '{"method": "GET"}'
    assert run.output["here"]["data"]["url"] == provider.url + "/there"
    assert "s3cret" not in str(run.output)


def test_a_development_server_can_be_closed(
    start_server: Callable[..., Server], provider: Provider, app_of: Callable[[Server], ScriptedApp]
) -> None:
    app = app_of(start_server("--allow-private-networks", "none", "--no-discovery", "--no-poll"))
    run = app.run_with(asks(fetch("get", provider.url + "/openai")))
    assert "is loopback" in run.output["get"]["error"]["message"]


def test_apps_can_be_kept_to_networks(
    start_server: Callable[..., Server], app_of: Callable[[Server], ScriptedApp]
) -> None:
    app = app_of(start_server("--allowed-app-networks", "10.0.0.0/8", "--no-discovery", "--no-poll"))
    run = app.run_with(Reply(200, {}))
    assert "is in none of the networks of --allowed-app-networks" in run.output["message"]
    assert app.calls == []


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("--allow-private-networks", "10.0.0.1/8", "the network is 10.0.0.0/8"),
        ("--allow-private-networks", "10.0.0.0/8,somewhere", '"somewhere" is not a network'),
        ("--allowed-app-networks", "10.0.0.0/40", "has to be from 0 to 32"),
        ("--gateway-calls-per-host", "0", "between 1 and 10000"),
    ],
)
def test_what_is_no_network_is_named(tmp_path: Path, option: str, text: str, message: str) -> None:
    result = apus(None, "dev", "--data-dir", str(tmp_path), option, text)
    assert result.returncode != 0
    assert option in result.stderr and message in result.stderr


# Secrets


def test_no_secret_of_a_request_is_ever_written_down(
    start_server: Callable[..., Server], provider: Provider, app_of: Callable[[Server], ScriptedApp]
) -> None:
    """Planted everywhere, in runs that succeed, fail, are tried again, crash and are cancelled."""
    go_on = threading.Event()

    def echo(request: Request) -> Response:
        return 500, {"headers": request.headers, "path": request.path}, {}

    def wait(request: Request) -> Response:
        go_on.wait(30)
        return 200, {}, {}

    provider.answers["/echo"] = echo
    provider.answers["/ok"] = lambda request: (200, {"ok": True}, {})
    provider.answers["/wait"] = wait
    planted = 0

    def secret() -> str:
        nonlocal planted
        planted += 1
        return f"planted{planted}s3cret"

    def infer_secretly(name: str, path: str) -> dict[str, Any]:
        url = f"{provider.url}{path}?api_key={secret()}&q=cats#{secret()}"
        headers = {"X-Tenant": secret(), "Cookie": f"a={secret()}"}
        body = {**CHAT, "tools": [{"authorization": secret()}], "api_key": secret()}
        return infer(name, url, key=secret(), headers=headers, body=body)

    def fetch_secretly(name: str, path: str) -> dict[str, Any]:
        url = f"http://{secret()}:{secret()}@{provider.host}{path}?access_token={secret()}"
        headers = {"X-Api-Key": secret(), "Proxy-Authorization": secret()}
        return fetch(name, url, method="POST", body=f'{{"client":"{secret()}"}}', headers=headers)

    server = start_server(*SIGNED, "--allow-private-networks", "all", keys=Keys())
    app = app_of(server)
    ends = [infer_secretly("good", "/ok"), fetch_secretly("fetched", "/ok"), infer_secretly("bad", "/echo")]
    app.function(asks(*ends), "ends", event="s/ends", retries=1)
    app.function(asks(infer_secretly("slow", "/wait"), fetch_secretly("slow too", "/wait")), "slow", event="s/slow")
    # An answer that something on the way has robbed of its headers.
    robbed = Reply(206, [infer_secretly("robbed", "/ok")], sdk=False)
    app.function(lambda call: robbed, "robbed", event="s/robbed", retries=1)
    # And ops that are not understood as a whole.
    broken = Reply(206, [infer_secretly("broken", "/ok"), {"op": "Bogus", "id": "x"}])
    app.function(lambda call: broken, "broken", event="s/broken")
    headless = Reply(206, [infer("headless", f"http://{secret()}@/", key=secret(), headers={"A b": secret()})])
    app.function(lambda call: headless, "headless", event="s/headless")

    ended = [app.api.wait_for_run(app.api.send({"name": f"s/{name}"})[0]) for name in ("ends", "robbed", "broken")]
    ended.append(app.api.wait_for_run(app.api.send({"name": "s/headless"})[0]))
    crashed = app.api.wait_for_start(app.api.send({"name": "s/slow"})[0])
    eventually(lambda: len(provider.asked("/wait")) == 2, "both are under way")
    server.kill9()
    server.start()
    eventually(lambda: len(provider.asked("/wait")) == 4, "both are asked for again")
    cancelled = app.api.wait_for_start(app.api.send({"name": "s/slow"})[0])
    eventually(lambda: len(provider.asked("/wait")) == 6, "the other run's are under way")
    living = look_everywhere(server, cancelled.id)
    app.api.http.delete(f"/v1/runs/{cancelled.id}")
    app.api.wait_for_end(cancelled.id)
    go_on.set()
    app.api.wait_for_end(crashed.id)
    assert ended[0].output["good"] == {"data": {"ok": True}}
    assert "[hidden]" in ended[0].output["bad"]["error"]["stack"]

    seen = living + "".join(look_everywhere(server, run.id) for run in [*ended, crashed, cancelled])
    server.stop()
    stored = b"".join(path.read_bytes() for path in server.data.rglob("*") if path.is_file())
    assert planted > 40
    assert provider.host.encode() in stored and provider.host in seen
    for number in range(1, planted + 1):
        text = f"planted{number}s3cret"
        assert text.encode() not in stored, f"{text} is in the data directory"
        assert text not in server.log(), f"{text} is in the log"
        assert text not in seen, f"{text} is shown"


def look_everywhere(server: Server, run: str) -> str:
    """All that the server says of a run, wherever it may be asked."""
    http = server.api.http
    query = "query($id: String!){run(runID:$id){status output trace{childrenSpans{name stepOp outputID attempts}}}}"
    spans = http.post("/v0/gql", json={"query": query, "variables": {"id": run}})
    paths = [
        f"/v0/runs/{run}/actions", f"/v0/runs/{run}/batch",
        f"/v1/runs/{run}", f"/v1/runs/{run}/journal", f"/v1/runs/{run}/jobs", "/v1/runs", "/v1/audit",
        f"/v2/runs/{run}", f"/v2/runs/{run}/trace?includeOutput=true", f"/api/v2/runs/{run}/trace",
        f"/runs/{run}", f"/runs/{run}/copy", f"/runs/{run}/text", "/runs", "/events", "/functions", "/metrics", "/dev",
        *[f"/runs/{run}?step={number}" for number in range(1, 5)],
        *[f"/runs/{run}/payload?of={of}&step={number}" for number in range(1, 5) for of in ("request", "step")],
    ]  # fmt: skip
    texts = [spans.text]
    for span in (spans.json().get("data") or {}).get("run", {}).get("trace", {}).get("childrenSpans", []):
        query = "query($id: String!){runTraceSpanOutputByID(outputID:$id){data error{message name stack}}}"
        texts.append(http.post("/v0/gql", json={"query": query, "variables": {"id": span["outputID"]}}).text)
    for path in paths:
        texts.append(http.get(path, headers={"Accept": "*/*"}).text)
    return "".join(texts)


# Publishing


def test_what_comes_back_is_published_while_it_arrives(scripted_app: ScriptedApp, provider: Provider, server: Server) -> None:
    go_on = threading.Event()
    euro = "€".encode()

    def stream(request: Request) -> Response:
        def pieces() -> Iterator[bytes]:
            yield b"one " + euro[:2]
            assert go_on.wait(15)
            yield euro[2:] + b" two"

        return 200, pieces(), {"Content-Type": "text/event-stream", "X-Secret": "of-the-provider"}

    provider.answers["/stream"] = stream
    channel = uuid.uuid4().hex
    url = provider.url + "/stream?api_key=very-secret"
    op = fetch("ask", url, headers={"Authorization": "Bearer very-secret"}, publish={"channel": channel, "topic": "t"})
    with Socket(server, token_for(server, channel, "t")) as socket:
        scripted_app.function(asks(op))
        [event] = scripted_app.api.send({"name": scripted_app.event, "data": {}})
        start = socket.next()
        assert (start["kind"], start["channel"], start["topic"]) == ("datastream-start", channel, "t")
        assert sorted(start["metadata"]) == ["content-type", "request_id", "url"]
        assert start["metadata"]["content-type"] == "text/event-stream"
        assert start["metadata"]["url"] == provider.url + "/stream?api_key=[hidden]"
        first = socket.next()
        assert (first["kind"], first["data"], first["stream_id"]) == ("chunk", "one ", start["data"])
        go_on.set()
        assert socket.next()["data"] == "€ two"
        end = socket.next()
        assert (end["kind"], end["data"]) == ("datastream-end", start["data"])
        run = scripted_app.api.wait_for_run(event)
        assert start["run_id"] == first["run_id"] == run.id
        assert "very-secret" not in json.dumps([start, first, end])
    # The step has the same result as without.
    assert run.output["ask"]["data"]["body"] == "one € two"


def test_only_the_answer_at_the_end_of_redirects_is_published(
    scripted_app: ScriptedApp, provider: Provider, server: Server
) -> None:
    provider.answers["/from"] = lambda request: (302, b"elsewhere", {"Location": "/to"})
    provider.answers["/to"] = lambda request: (500, b"no", {"Content-Type": "text/plain", "Content-Encoding": "identity"})
    provider.answers["/zipped"] = lambda request: (200, gzip.compress(b"unpacked"), {"Content-Encoding": "gzip"})
    channel = uuid.uuid4().hex
    publish = {"channel": channel, "topic": "t"}
    with Socket(server, token_for(server, channel, "t")) as socket:
        first = fetch("a", provider.url + "/from", publish=publish)
        second = fetch("b", provider.url + "/zipped", publish=publish)
        run = scripted_app.run_with(asks(first, second))
        assert (run.status, run.output["a"]["data"]["status_code"]) == ("Completed", 500)
        assert run.output["b"]["data"]["body"] == "unpacked"
        messages = [socket.next() for _ in range(6)]
        chunks = [message["data"] for message in messages if message["kind"] == "chunk"]
        assert sorted(chunks) == ["no", "unpacked"]


def test_an_answer_that_breaks_off_has_an_end(scripted_app: ScriptedApp, provider: Provider, server: Server) -> None:
    def broken(request: Request) -> Response:
        def pieces() -> Iterator[bytes]:
            yield b"one"
            raise ConnectionResetError

        return 200, pieces(), {}

    provider.answers["/broken"] = broken
    channel = uuid.uuid4().hex
    with Socket(server, token_for(server, channel, "t")) as socket:
        op = fetch("ask", provider.url + "/broken", publish={"channel": channel, "topic": "t"})
        assert "error" in scripted_app.run_with(asks(op)).output["ask"]
        assert [socket.next()["kind"] for _ in range(3)] == ["datastream-start", "chunk", "datastream-end"]


def test_a_topic_that_is_none_fails_the_attempt(scripted_app: ScriptedApp, provider: Provider) -> None:
    run = scripted_app.run_with(asks(fetch("ask", provider.url + "/x", publish={"channel": 1})))
    assert run.status == "Failed"
    assert "publish that is no object with the strings channel and topic" in json.dumps(run.raw)
    assert provider.requests == []
