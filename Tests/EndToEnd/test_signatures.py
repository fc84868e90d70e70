"""Servers with keys and apps prove to each other who they are."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import inngest
import pytest

from harness.scripted_app import Answer, Call, Reply, ScriptedApp
from harness.sdk_app import SdkApp
from harness.server import Server
from harness.signatures import HEADER, Keys, canonical, is_valid_for_go, is_valid_for_typescript, sign
from harness.waiting import eventually


@pytest.fixture
def server(shared_server: Callable[[str], Server]) -> Server:
    return shared_server("signed")


class CheckingApp(ScriptedApp):
    """Keeps every request and checks its signature as the Go and the TypeScript SDK do, for one of its keys."""

    def __init__(self, server: Server, *keys: str) -> None:
        self.keys = keys
        self.refused: list[Call] = []
        self.sync: Callable[[Call], Reply] | None = None
        super().__init__(server)

    def answer(self, call: Call) -> Answer:
        header = call.headers.get(HEADER)
        checks = (is_valid_for_go, is_valid_for_typescript)
        if not any(all(check(header, call.body, key) for check in checks) for key in self.keys):
            self.refused.append(call)
            return Reply(401, {"message": "Unauthorized"}, sdk=False)
        if "fnId" in call.query:
            return super().answer(call)
        self.calls.append(call)
        if call.method == "PUT" and self.sync:
            return self.sync(call)
        return Reply(200, {})

    def description(self, call: Call) -> dict[str, Any]:
        """What an app says of itself when it registers in its answer."""
        return {
            "app_id": self.id,
            "url": call.json["url"],
            "functions": [
                {
                    "id": f"{self.id}-main",
                    "name": "main",
                    "triggers": [{"event": self.event}],
                    "steps": {
                        "step": {
                            "id": "step",
                            "name": "step",
                            "runtime": {"type": "http", "url": f"{self.url}?fnId={self.id}-main&stepId=step"},
                        }
                    },
                }
            ],
            "sdk_author": "inngest",
            "sdk_language": "go",
            "sdk_version": "0.16.0",
            "framework": None,
            "inspection": {},
        }


@pytest.fixture
def make_checking_app() -> Iterator[Callable[..., CheckingApp]]:
    made: list[CheckingApp] = []

    def make(server: Server, *keys: str) -> CheckingApp:
        assert server.keys
        made.append(CheckingApp(server, *(keys or (server.keys.signing,))))
        return made[-1]

    yield make
    for app in made:
        app.close()


@pytest.fixture
def checking_app(make_checking_app: Callable[..., CheckingApp], server: Server) -> CheckingApp:
    return make_checking_app(server)


def key_of(server: Server) -> str:
    assert server.keys
    return server.keys.signing


# Calls


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"n": 1.0, "z": 1e21, "a": 1e-7, "b": -0.0},
        {"€": 1, "\r": 2, "😀": 3, "ö": 4, "\ufb33": 5, "1": 6},
        {"integer": 9007199254740993, "text": 'a/b<c>\u2028"\\\u0001\n'},
        {"large": "x" * 300_000, "list": list(range(1_000))},
    ],
)
def test_a_call_is_signed_over_the_bytes_that_are_sent(checking_app: CheckingApp, data: dict[str, Any]) -> None:
    step = {"op": "StepRun", "id": "a" * 40, "name": "a", "displayName": "a", "data": data}
    answers = iter([Reply(206, [step]), Reply(200, "done")])
    checking_app.function(lambda call: next(answers))

    assert checking_app.run(data).output == "done"
    assert not checking_app.refused
    calls = [call for call in checking_app.calls if "fnId" in call.query]
    assert len(calls) == 2
    for call in calls:
        assert call.body == canonical(call.body)


def test_each_call_is_signed_at_its_own_time(checking_app: CheckingApp) -> None:
    checking_app.function(lambda call: Reply(500, {"message": "no"}), retries=1)
    before = int(time.time())
    assert checking_app.run().status == "Failed"

    calls = [call for call in checking_app.calls if "fnId" in call.query]
    assert len(calls) == 2
    times = [int(call.headers[HEADER].partition("&")[0].removeprefix("t=")) for call in calls]
    assert before <= times[0] <= times[1] <= time.time()


def test_an_app_with_another_key_is_not_served(
    checking_app: CheckingApp, make_checking_app: Callable[..., CheckingApp], server: Server
) -> None:
    stranger = make_checking_app(server, Keys().signing)
    stranger.function(lambda call: Reply(200, "done"))
    assert stranger.run().status == "Failed"
    assert stranger.refused and not stranger.calls


def test_a_server_in_development_signs_nothing(scripted_dev_app: ScriptedApp) -> None:
    scripted_dev_app.function(lambda call: Reply(200, "done"))
    assert scripted_dev_app.run().output == "done"
    assert all(HEADER not in call.headers for call in scripted_dev_app.calls)


@pytest.fixture
def scripted_dev_app(shared_server: Callable[[str], Server]) -> Iterator[ScriptedApp]:
    app = ScriptedApp(shared_server("dev"))
    yield app
    app.close()


# Answers

BODY = b'{"ok":true}'


def answered(app: CheckingApp, signature: str | None, body: bytes = BODY, status: int = 200) -> Any:
    headers = {HEADER: signature} if signature is not None else {}
    app._functions.clear()
    app.function(lambda call: Reply(status, body, headers))
    return app.run()


def test_a_signed_answer_is_taken(checking_app: CheckingApp, server: Server) -> None:
    assert answered(checking_app, sign(key_of(server), BODY)).output == {"ok": True}


def test_an_answer_that_was_signed_before_its_line_feed_is_taken(checking_app: CheckingApp, server: Server) -> None:
    assert answered(checking_app, sign(key_of(server), BODY), BODY + b"\n").output == {"ok": True}


def test_an_answer_without_a_signature_is_taken(checking_app: CheckingApp) -> None:
    """One SDK never signs its answers to calls."""
    assert answered(checking_app, None).output == {"ok": True}


@pytest.mark.parametrize("skew", [-290, 290])
def test_clocks_may_differ_a_little(checking_app: CheckingApp, server: Server, skew: int) -> None:
    assert answered(checking_app, sign(key_of(server), BODY, time.time() + skew)).output == {"ok": True}


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda key: sign(key, BODY, time.time() - 310), "clocks"),
        (lambda key: sign(key, BODY, time.time() + 320), "clocks"),
        (lambda key: sign(key, BODY, 1_700_000_000), "clocks"),
        (lambda key: sign(key, b'{"ok":false}'), "another answer"),
        (lambda key: sign("00" * 32, BODY), "a key of this server"),
        (lambda key: sign(key, BODY).upper(), "cannot be read"),
        (lambda key: "t=1&s=2", "cannot be read"),
        (lambda key: "", "cannot be read"),
    ],
)
def test_an_answer_with_a_wrong_signature_is_a_failed_attempt(
    checking_app: CheckingApp, server: Server, make: Callable[[str], str], reason: str
) -> None:
    run = answered(checking_app, make(key_of(server)))
    assert run.status == "Failed"
    assert reason in run.output["message"] and "status 200" in run.output["message"]


def test_a_large_answer_is_checked_as_well(checking_app: CheckingApp, server: Server) -> None:
    body = json.dumps("x" * 500_000).encode()
    assert answered(checking_app, sign(key_of(server), body), body).status == "Completed"
    assert answered(checking_app, sign(key_of(server), body[:-2] + b'y"'), body).status == "Failed"


def test_an_answer_has_to_be_signed_where_that_is_asked_for(
    start_server: Callable[..., Server],
    make_checking_app: Callable[..., CheckingApp],
    make_app: Callable[..., SdkApp],
) -> None:
    server = start_server("--require-signed-replies", "--retry-interval", "1", keys=Keys())
    app = make_checking_app(server)
    assert answered(app, sign(key_of(server), BODY)).output == {"ok": True}
    assert "no signature" in answered(app, None).output["message"]
    stream = json.dumps({"status": 200, "headers": {}, "body": "1"}).encode()
    assert "streamed" in answered(app, sign(key_of(server), stream), stream, status=201).output["message"]

    signing = make_app(server)

    @signing.function()
    async def main(ctx: inngest.Context) -> str:
        return await ctx.step.run("step", lambda: "signed")  # type: ignore[arg-type,return-value]

    assert signing.run().output == "signed"


# Registering


def test_an_app_is_registered_from_its_signed_answer(
    make_checking_app: Callable[..., CheckingApp], prepare_server: Callable[..., Server]
) -> None:
    """As one SDK does in production: it never speaks up by itself."""
    server = prepare_server(keys=Keys())
    app = make_checking_app(server)

    def sync(call: Call) -> Reply:
        # Its encoder ends the text with a line feed after the signature was made.
        body = json.dumps(app.description(call)).encode()
        signature = sign(key_of(server), body)
        return Reply(200, body + b"\n", {HEADER: signature, "X-Inngest-Sync-Kind": "in_band"})

    app.sync = sync
    app._answers[f"{app.id}-main"] = lambda call: Reply(200, "done")
    server.start("-u", app.url)

    eventually(lambda: f"{app.id}-main" in server.api.functions(), "the app is registered")
    assert app.run().output == "done"
    put = next(call for call in app.calls if call.method == "PUT")
    assert put.json == {"url": app.url.replace("127.0.0.1", "localhost")}
    assert put.headers["x-inngest-sync-kind"] == "in_band"
    assert put.headers["x-inngest-server-kind"] == "cloud"
    assert "authorization" not in put.headers


@pytest.mark.parametrize("how", ["unsigned", "tampered", "old", "other-key"])
def test_a_registration_without_a_good_signature_is_not_taken(
    make_checking_app: Callable[..., CheckingApp], prepare_server: Callable[..., Server], how: str
) -> None:
    server = prepare_server(keys=Keys())
    app = make_checking_app(server)

    def sync(call: Call) -> Reply:
        body = json.dumps(app.description(call)).encode()
        signatures = {
            "tampered": sign(key_of(server), body.replace(b"main", b"evil")),
            "old": sign(key_of(server), body, time.time() - 310),
            "other-key": sign("00" * 32, body),
        }
        headers = {HEADER: signatures[how]} if how in signatures else {}
        return Reply(200, body, {**headers, "X-Inngest-Sync-Kind": "in_band"})

    app.sync = sync
    server.start("-u", app.url)

    eventually(lambda: "the app did not sync" in server.log(), "the refusal is in the log")
    eventually(lambda: len([call for call in app.calls if call.method == "PUT"]) > 1, "it is asked again")
    assert server.api.functions() == {}
    assert "signature" in server.log()


def test_the_official_sdk_is_registered_from_its_answer_in_production(
    make_app: Callable[..., SdkApp], prepare_server: Callable[..., Server]
) -> None:
    server = prepare_server(keys=Keys())
    app = make_app(server)

    @app.function()
    async def main(ctx: inngest.Context) -> str:
        return "done"

    server.start("-u", app.url)
    # Also when it starts after the server.
    app.serve()
    eventually(lambda: f"{app.id}-main" in server.api.functions(), "the app is registered")
    assert server.api.wait_for_run(app.send()).output == "done"


def test_a_registered_app_is_left_alone(
    make_checking_app: Callable[..., CheckingApp], start_server: Callable[..., Server]
) -> None:
    server = start_server(keys=Keys())
    app = make_checking_app(server)
    app.function(lambda call: Reply(200, "done"))
    # Once it is asked whether it trusts the server; a round later nothing has followed.
    eventually(lambda: any(call.query.get("probe") == "trust" for call in app.calls), "the app is probed")
    other = make_checking_app(server)
    other.function(lambda call: Reply(200, "done"))
    eventually(lambda: any(call.query.get("probe") == "trust" for call in other.calls), "the other app is probed")
    assert len(app.calls) == 1 and not any(call.method == "PUT" for call in app.calls)


def test_an_app_that_does_not_accept_the_servers_key_is_told_to_people(
    make_checking_app: Callable[..., CheckingApp], start_server: Callable[..., Server]
) -> None:
    """It may register, because it has the server's key to send; but its own calls would be refused."""
    server = start_server(keys=Keys())
    app = make_checking_app(server, Keys().signing)
    app.function(lambda call: Reply(200, "done"))
    eventually(lambda: "unauthorized" in server.log(), "the log says so")
    eventually(lambda: "unauthorized" in server.api.http.get("/apps").text, "the page says so")


def test_an_app_in_development_is_told_from_one_with_another_key(
    make_app: Callable[..., SdkApp], prepare_server: Callable[..., Server], start_server: Callable[..., Server]
) -> None:
    server = prepare_server(keys=Keys())
    app = make_app(start_server())

    @app.function()
    async def main(ctx: inngest.Context) -> str:
        return "done"

    app.serve()
    server.start("-u", app.url)
    eventually(lambda: "the app is in development mode" in server.log(), "the log says why")
    assert server.api.functions() == {}
