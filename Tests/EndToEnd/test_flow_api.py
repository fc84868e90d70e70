"""Extensions of the API: why a run waits, what became of an event, limits and queues that people change."""

import datetime
import time
from collections.abc import Callable
from typing import Any

import inngest
import pytest

from harness.in_flight import InFlight
from harness.scripted_app import Call, Reply, ScriptedApp
from harness.sdk_app import SdkApp
from harness.server import Server
from harness.waiting import eventually

HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def calls() -> InFlight:
    calls = InFlight()
    calls.hold()
    return calls


def declare(app: SdkApp, calls: InFlight, fn_id: str = "main", **options: Any) -> str:
    """A function that is held in its only call; returns its slug."""

    @app.function(fn_id, **options)
    async def main(ctx: inngest.Context) -> Any:
        return await calls.visit(ctx)

    return f"{app.id}-{fn_id}"


def send(app: SdkApp, n: int, **data: Any) -> str:
    """The event's run."""
    return app.api.wait_for_start(app.send({"n": n, **data})).id


def send_many(app: SdkApp, *keys: str) -> list[str]:
    """The runs of one event for each key, numbered from 0."""
    events = app.api.send([{"name": app.event, "data": {"n": n, "k": key}} for n, key in enumerate(keys)])
    return [app.api.wait_for_start(event).id for event in events]


def moment(text: str) -> float:
    return datetime.datetime.fromisoformat(text).timestamp()


def assert_about(text: str, seconds: float, *, by: float = 1.5) -> None:
    assert abs(moment(text) - seconds) <= by, f"{text} is not about {seconds}"


def error(response: Any, status: int) -> str:
    assert response.status_code == status, response.text
    return response.json()["error"]


# Why a run waits


def test_a_run_waits_for_a_slot(app: SdkApp, calls: InFlight) -> None:
    declare(app, calls, concurrency=[inngest.Concurrency(limit=1, key="event.data.k")])
    app.deploy()
    runs = send_many(app, "a", "a", "a", "a")
    calls.wait_for(0)
    reports = [app.api.wait_for_waiting(run, "concurrency") for run in runs[1:]]
    assert [report["ahead"] for report in reports] == [0, 1, 2]
    assert {report["key"] for report in reports} == {"a"}
    assert reports[0]["reason"] == 'All 1 slot of its concurrency limit of key "a" is taken; it is the next one.'
    assert reports[1]["reason"].endswith("; 1 run goes before it.")
    assert reports[2]["reason"].endswith("; 2 runs go before it.")
    assert_about(reports[0]["since"], time.time())
    assert "until" not in reports[0]
    assert app.api.waiting(runs[0])["rule"] == "call"


def test_a_run_waits_for_its_throttle(app: SdkApp, calls: InFlight) -> None:
    declare(app, calls, throttle=inngest.Throttle(limit=1, period=HOUR, burst=0, key="event.data.k"))
    app.deploy()
    runs = send_many(app, "a", "a")
    report = app.api.wait_for_waiting(runs[1], "throttle")
    assert report["key"] == "a" and report["ahead"] == 0
    assert_about(report["until"], time.time() + 3600)
    assert report["until"] in report["reason"] and 'The throttle of key "a"' in report["reason"]


def test_a_run_waits_for_its_function_to_be_resumed(app: SdkApp, calls: InFlight) -> None:
    slug = declare(app, calls, concurrency=[inngest.Concurrency(limit=1)])
    app.deploy()
    runs = send_many(app, "a", "a")
    app.api.http.post(f"/v1/functions/{slug}/pause").raise_for_status()
    report = app.api.wait_for_waiting(runs[1], "paused")
    assert report["reason"] == "Its function is paused and calls nothing until it is resumed."
    calls.let_go()
    assert app.api.wait_for_end(runs[0]).status == "Completed"
    calls.stays([0])
    app.api.http.post(f"/v1/functions/{slug}/resume").raise_for_status()
    assert app.api.wait_for_end(runs[1]).output == 1
    assert app.api.waiting(runs[1]) is None


def test_a_run_waits_for_its_app(app: SdkApp, calls: InFlight) -> None:
    calls.let_go()
    declare(app, calls)
    app.deploy()
    app.close()
    runs = send_many(app, *"aaaaaa")
    # Five failures in a row, and nothing is called any more.
    eventually(lambda: all(app.api.waiting(run) for run in runs), "all wait")
    run = send(app, 6)
    report = app.api.wait_for_waiting(run, "app")
    assert report["key"] == app.url.replace("127.0.0.1", "localhost")
    assert f"Its app at {report['key']} cannot be reached; it is looked for again at" in report["reason"]
    assert_about(report["until"], time.time(), by=30)
    app.serve()
    assert [app.api.wait_for_end(run, within=40).status for run in [*runs, run]] == ["Completed"] * 7


def test_a_run_sleeps_waits_or_invokes(app: SdkApp, calls: InFlight) -> None:
    @app.function("child", event=f"{app.id}/child")
    async def child(ctx: inngest.Context) -> None:
        await ctx.step.sleep("long", HOUR)

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        match ctx.event.data["n"]:
            case 0:
                await ctx.step.sleep("nap", HOUR)
            case 1:
                await ctx.step.wait_for_event(
                    "wait", event=f"{app.id}/answered", timeout=HOUR, if_exp="event.data.k == async.data.k"
                )
            case 2:
                await ctx.step.invoke("call", function=child, timeout=HOUR)
            case 3:
                await ctx.group.parallel(
                    (
                        lambda: ctx.step.sleep("long", 2 * HOUR),
                        lambda: ctx.step.wait_for_event("short", event=f"{app.id}/answered", timeout=HOUR),
                    )
                )

    app.deploy()
    runs = send_many(app, *"aaaa")
    kinds = ["sleep", "event", "invoke", "event"]
    reports = [app.api.wait_for_waiting(run, kind) for run, kind in zip(runs, kinds, strict=True)]
    for report in reports:
        assert_about(report["until"], time.time() + 3600, by=3)
        assert report["until"] in report["reason"]
    reasons = [report["reason"] for report in reports]
    assert reasons[0].startswith("It sleeps in nap until")
    assert reasons[1].startswith(f'Step wait waits for the event {app.id}/answered with "a" == async.data.k, until')
    assert reasons[2].startswith(f"Step call waits for the run of {app.id}-child to end, until")
    # Of several things the one that will be over first.
    assert reasons[3].startswith(f"Step short waits for the event {app.id}/answered, until")


def test_a_run_waits_for_a_signal(scripted_app: ScriptedApp) -> None:
    def answer(call: Call) -> Reply:
        options = {"signal": scripted_app.id, "timeout": "1h", "conflict": "fail"}
        return Reply(206, [{"op": "WaitForSignal", "id": "wait", "displayName": "approval", "opts": options}])

    scripted_app.function(answer)
    [event] = scripted_app.api.send({"name": scripted_app.event})
    report = scripted_app.api.wait_for_waiting(scripted_app.api.wait_for_start(event).id, "signal")
    assert report["reason"].startswith(f"Step approval waits for the signal {scripted_app.id}, until")


def test_a_run_waits_for_its_next_attempt(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> None:
        raise inngest.RetryAfterError("later", HOUR)

    app.deploy()
    report = app.api.wait_for_waiting(send(app, 0), "retry")
    assert_about(report["until"], time.time() + 3600)
    assert report["reason"] == f"Attempt 2 follows at {report['until']}, because the one before failed."


def test_a_run_of_an_event_of_the_future_waits_for_its_time(app: SdkApp, calls: InFlight) -> None:
    declare(app, calls)
    app.deploy()
    due = time.time() + 3600
    run = app.api.wait_for_start(app.send(ts=int(due * 1000))).id
    report = app.api.wait_for_waiting(run, "scheduled")
    assert_about(report["until"], due, by=0.01)
    assert report["reason"] == f"It starts at {report['until']}."


def test_what_a_run_had_waited_for_is_in_its_journal(app: SdkApp, calls: InFlight) -> None:
    declare(app, calls, concurrency=[inngest.Concurrency(limit=1, key="event.data.k")])
    app.deploy()
    runs = send_many(app, "a", "a")
    calls.wait_for(0)
    app.api.wait_for_waiting(runs[1], "concurrency")
    calls.let_go()
    app.api.wait_for_end(runs[1])
    [waited] = [entry for entry in app.api.journal(runs[1]) if entry["kind"] == "waited"]
    assert waited["rule"] == "concurrency"
    timeline = app.api.data(f"/v1/runs/{runs[1]}/journal")["timeline"]
    assert any('had waited for the concurrency limit of key "a" since' in line["what"] for line in timeline)


# What became of an event


def test_each_function_says_what_it_made_of_an_event(app: SdkApp, calls: InFlight) -> None:
    second = datetime.timedelta(seconds=1)
    declare(app, calls, "plain")
    declare(app, calls, "limited", rate_limit=inngest.RateLimit(limit=1, period=HOUR, key="event.data.k"))
    declare(app, calls, "once", idempotency="event.data.k")
    declare(app, calls, "single", singleton=inngest.Singleton(mode="skip", key="event.data.k"))
    declare(app, calls, "series", debounce=inngest.Debounce(period=second, key="event.data.k"))
    declare(app, calls, "batch", batch_events=inngest.Batch(max_size=5, timeout=HOUR, key="event.data.k"))
    paused = declare(app, calls, "paused")
    app.deploy()
    app.api.http.post(f"/v1/functions/{paused}/pause").raise_for_status()
    first, second_event = app.api.send([{"name": app.event, "data": {"n": n, "k": "x"}} for n in range(2)])

    def seen(event: str) -> dict[str, tuple[str, str | None]]:
        found = app.api.outcomes(event)
        assert all(outcome["reason"].startswith(outcome["function"]) for outcome in found)
        assert len({outcome["function"] for outcome in found}) == len(found) == 7
        for outcome in found:
            assert_about(outcome["at"], time.time(), by=3)
        short = {outcome["function"].removeprefix(f"{app.id}-"): outcome for outcome in found}
        return {name: (outcome["outcome"], outcome.get("rule")) for name, outcome in short.items()}

    merged = {"series": ("merged", "debounce"), "batch": ("merged", "batchEvents"), "paused": ("skipped", "paused")}
    assert seen(first) == {name: ("started", None) for name in ("plain", "limited", "once", "single")} | merged
    assert seen(second_event) == {
        "plain": ("started", None),
        "limited": ("skipped", "rateLimit"),
        "once": ("skipped", "idempotency"),
        "single": ("skipped", "singleton"),
    } | merged
    reasons = {outcome["function"].removeprefix(f"{app.id}-"): outcome for outcome in app.api.outcomes(second_event)}
    assert reasons["limited"]["reason"].endswith('has not started: its rate limit of key "x" was used up.')
    assert reasons["once"]["key"] == reasons["single"]["key"] == "x"
    holder = next(run.id for run in app.api.runs_of(first) if run.id == reasons["single"]["run_id"])
    assert holder in reasons["single"]["reason"]
    # The run of a series has the id that was announced.
    announced = reasons["series"]["run_id"]
    eventually(lambda: announced in [run.id for run in app.api.runs_of(second_event)], "the series has ended")


def test_an_event_that_nobody_listens_to_has_no_outcomes(app: SdkApp) -> None:
    assert app.api.outcomes(app.send()) == []


@pytest.mark.parametrize(
    ("event", "status", "said"),
    [("nonsense", 400, "Invalid event ID: nonsense"), ("01HF7YAT00000G40R40M30E209", 404, "Event not found")],
)
def test_outcomes_of_what_is_no_event(server: Server, app: SdkApp, event: str, status: int, said: str) -> None:
    assert error(app.api.http.get(f"/v1/events/{event}/outcomes"), status) == said


# The queue of a function


def test_a_queue_is_shown_by_key(app: SdkApp, calls: InFlight) -> None:
    slug = declare(app, calls, concurrency=[inngest.Concurrency(limit=1, key="event.data.k")])
    app.deploy()
    assert app.api.queue(slug) == {
        "function": slug, "waiting": 0, "calls": 0, "admitted_per_second": 0, "paused": False, "key_count": 0,
        "keys": [],
    }  # fmt: skip
    send_many(app, *"abaab")
    calls.wait_for(0, 1)
    queue = eventually(lambda: (found := app.api.queue(slug))["waiting"] == 3 and found, "three wait")
    assert (queue["calls"], queue["key_count"], queue["paused"]) == (2, 2, False)
    assert queue["admitted_per_second"] > 0
    assert [(key["keys"], key["waiting"], key["started"]) for key in queue["keys"]] == [
        (["a"], 2, False), (["b"], 1, False),
    ]  # fmt: skip
    assert queue["keys"][0]["next"]["rule"] == "concurrency"
    assert_about(queue["keys"][0]["waiting_since"], time.time())
    assert len(app.api.data(f"/v1/functions/{slug}/queue?limit=1")["keys"]) == 1
    # By its id as well.
    by_id = app.api.functions()[slug]["id"]
    assert app.api.queue(by_id)["function"] == slug


@pytest.mark.parametrize(
    "long",
    ["x" * 5_000, "é" * 500, "\N{WOMAN}\u200d\N{WOMAN}\u200d\N{GIRL}" * 100, "a" + "\u0301" * 1_000],
    ids=["many letters", "two bytes each", "few characters of many bytes", "one character"],
)
def test_keys_of_any_length_and_script(
    make_app: Callable[..., SdkApp], own_server: Server, calls: InFlight, long: str
) -> None:
    """They are compared as a whole and shown cut."""
    app = make_app(own_server)
    slug = declare(app, calls, concurrency=[inngest.Concurrency(limit=1, key="event.data.k")])
    app.deploy()
    runs = send_many(app, long, long + "b", long, long)
    calls.wait_for(0, 1)
    calls.stays(calls.values)
    shown = app.api.wait_for_waiting(runs[2], "concurrency")["key"]
    assert len(shown.encode()) <= 130 and long.startswith(shown.rstrip("…."))
    assert app.api.queue(slug)["keys"][0]["keys"] == [shown]
    assert order(app, slug, "drain", {"key": long})["cancelled"] == 2
    calls.let_go()
    assert [app.api.wait_for_end(run).status for run in runs[:2]] == ["Completed"] * 2


# Limits that people set


def limits(app: SdkApp, slug: str, body: Any = None) -> dict[str, Any]:
    if body is None:
        return app.api.data(f"/v1/functions/{slug}/limits")
    response = app.api.http.put(f"/v1/functions/{slug}/limits", json=body)
    assert response.status_code == 200, response.text
    return response.json()["data"]


def test_a_limit_is_set_and_taken_back(app: SdkApp, calls: InFlight) -> None:
    slug = declare(app, calls, concurrency=[inngest.Concurrency(limit=2, key="event.data.k")])
    app.deploy()
    registered = {"concurrency": [{"key": "event.data.k", "limit": 2, "scope": "fn"}]}
    assert limits(app, slug) == {"function": slug, "registered": registered, "set": None, "in_force": registered}
    runs = send_many(app, *"aaaa")
    calls.wait_for(0, 1)
    calls.stays(calls.values)

    wider = {"concurrency": [{"key": "event.data.k", "limit": 3, "scope": "fn"}]}
    answer = limits(app, slug, {"concurrency": [{"key": "event.data.k", "limit": 3}]})
    assert answer == {"function": slug, "registered": registered, "set": wider, "in_force": wider}
    calls.wait_for(2)
    calls.stays([0, 1, 2])

    # A limit over all keys may be new.
    answer = limits(app, slug, {"concurrency": 1})
    assert answer["in_force"]["concurrency"] == [*registered["concurrency"], {"limit": 1, "scope": "fn"}]
    calls.let_go(0, 1)
    assert [app.api.wait_for_end(run).status for run in runs[:2]] == ["Completed"] * 2
    calls.stays([0, 1, 2])
    response = app.api.http.delete(f"/v1/functions/{slug}/limits")
    assert response.json()["data"] == {
        "function": slug, "registered": registered, "set": None, "in_force": registered,
    }  # fmt: skip
    calls.wait_for(3)
    calls.let_go()


def test_a_limit_of_0_lets_nothing_start(app: SdkApp, calls: InFlight) -> None:
    calls.let_go()
    slug = declare(app, calls)
    app.deploy()
    limits(app, slug, {"concurrency": 0})
    runs = send_many(app, *"aaa")
    report = app.api.wait_for_waiting(runs[0], "concurrency")
    assert report["reason"] == "Its limit has been set to 0, which lets nothing start, until it is raised."
    calls.stays([])
    limits(app, slug, {})
    assert [app.api.wait_for_end(run).output for run in runs] == [0, 1, 2]


def test_throttles_and_rate_limits_can_be_set_and_made_new(app: SdkApp, calls: InFlight) -> None:
    calls.let_go()
    slug = declare(app, calls)
    app.deploy()
    assert limits(app, slug, {"throttle": {"limit": 1, "period": "1h"}})["in_force"] == {
        "throttle": {"burst": 0, "limit": 1, "period": "1h0m0s"}
    }
    runs = send_many(app, *"aa")
    app.api.wait_for_end(runs[0])
    app.api.wait_for_waiting(runs[1], "throttle")
    limits(app, slug, {"rateLimit": {"limit": 0, "period": "1h"}})
    assert app.api.wait_for_end(runs[1]).status == "Completed"
    event = app.send({"n": 2})
    assert app.api.outcome(event)["rule"] == "rateLimit"
    limits(app, slug, {"throttle": {"limit": 0, "period": "1s", "burst": 5}})
    waiting = send(app, 3)
    assert "set to 0" in app.api.wait_for_waiting(waiting, "throttle")["reason"]
    app.api.http.delete(f"/v1/functions/{slug}/limits").raise_for_status()
    assert app.api.wait_for_end(waiting).output == 3


def test_a_limit_on_living_runs_can_be_made_new(app: SdkApp, calls: InFlight) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        await ctx.step.sleep("nap", datetime.timedelta(seconds=1))
        return await calls.visit(ctx)

    app.deploy()
    slug = f"{app.id}-main"
    limits(app, slug, {"runs": 1})
    runs = send_many(app, *"aa")
    report = app.api.wait_for_waiting(runs[1], "concurrency.fn")
    assert "(1)" in report["reason"]
    calls.wait_for(0)
    calls.stays([0])
    limits(app, slug, {"runs": 2})
    calls.wait_for(1)
    calls.let_go()
    assert [app.api.wait_for_end(run).status for run in runs] == ["Completed"] * 2


def test_a_new_limit_on_living_runs_holds_also_for_runs_that_exist(app: SdkApp, calls: InFlight) -> None:
    calls.let_go()
    slug = declare(app, calls, concurrency=[inngest.Concurrency(limit=1)])
    app.deploy()
    limits(app, slug, {"concurrency": 0})
    [run] = send_many(app, "a")
    app.api.wait_for_waiting(run, "concurrency")
    limits(app, slug, {"runs": 0})
    assert "set to 0" in app.api.wait_for_waiting(run, "concurrency.fn")["reason"]
    limits(app, slug, {})
    assert app.api.wait_for_end(run).output == 0


def test_limits_that_were_set_survive_a_crash_and_a_registration(
    make_app: Callable[..., SdkApp], own_server: Server, calls: InFlight
) -> None:
    app = make_app(own_server)
    slug = declare(app, calls, concurrency=[inngest.Concurrency(limit=5, key="event.data.k")])
    app.deploy()
    wanted = {"concurrency": [{"key": "event.data.k", "limit": 1, "scope": "fn"}]}
    limits(app, slug, wanted)
    own_server.kill9()
    own_server.start()
    assert limits(app, slug)["set"] == wanted
    runs = send_many(app, *"aa")
    calls.wait_for(0)
    app.functions.clear()
    declare(app, calls, concurrency=[inngest.Concurrency(limit=6, key="event.data.k")])
    assert app.deploy()["modified"] is True
    answer = limits(app, slug)
    assert answer["registered"]["concurrency"][0]["limit"] == 6
    assert (answer["set"], answer["in_force"]) == (wanted, wanted)
    calls.stays([0])
    app.api.http.delete(f"/v1/functions/{slug}/limits").raise_for_status()
    calls.wait_for(1)
    calls.let_go()
    assert [app.api.wait_for_end(run).status for run in runs] == ["Completed"] * 2


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "the limits must be an object"),
        ({"concurency": 1}, "concurency is no limit; the limits are concurrency, runs, throttle and rateLimit"),
        ({"concurrency": "1"}, "concurrency must be a number or an array"),
        ({"concurrency": -1}, "concurrency must be an integer from 0 to 2147483647"),
        ({"concurrency": 1.5}, "concurrency must be a"),
        ({"concurrency": [1]}, "concurrency[0] must be an object"),
        ({"concurrency": [{"key": "event.data.k"}]}, "concurrency[0].limit is missing"),
        ({"concurrency": [{"limit": 1, "scope": "world"}]}, 'concurrency[0].scope must be "fn", "env" or "account"'),
        ({"concurrency": [{"limit": 1, "scope": "env"}]}, "a concurrency limit of scope env needs a key"),
        ({"concurrency": [{"limit": 1, "burst": 1}]}, "concurrency[0] has no field burst"),
        (
            {"concurrency": [{"limit": 1, "key": "event.data.other"}]},
            'the function has no concurrency limit with the key "event.data.other" and scope fn; '
            'it has "event.data.k" (scope fn)',
        ),
        ({"runs": "many"}, "runs must be an integer from 0 to 2147483647"),
        ({"throttle": 1}, "throttle must be an object"),
        ({"throttle": {"limit": 1}}, "throttle.period is missing"),
        ({"throttle": {"period": "1m"}}, "throttle.limit is missing"),
        ({"throttle": {"limit": 1, "period": "soon"}}, "throttle.period must be a duration of at least a second"),
        ({"rateLimit": {"limit": 1, "period": "0s"}}, "rateLimit.period must be a duration of at least a second"),
        ({"rateLimit": {"limit": 1, "period": "1m", "burst": 1}}, "rateLimit has no burst"),
    ],
    ids=str,
)
def test_limits_that_cannot_be_are_refused(app: SdkApp, calls: InFlight, body: Any, said: str) -> None:
    slug = declare(app, calls, concurrency=[inngest.Concurrency(limit=2, key="event.data.k")])
    app.deploy()
    assert said in error(app.api.http.put(f"/v1/functions/{slug}/limits", json=body), 400)
    assert limits(app, slug)["set"] is None


def test_limits_that_are_no_json_are_refused(app: SdkApp, calls: InFlight) -> None:
    slug = declare(app, calls)
    app.deploy()
    assert error(app.api.http.put(f"/v1/functions/{slug}/limits", content=b"{"), 400)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "queue"), ("POST", "queue/drain"), ("POST", "queue/move"), ("GET", "limits"), ("PUT", "limits"),
        ("DELETE", "limits"), ("POST", "pause"), ("POST", "resume"),
    ],
)  # fmt: skip
def test_a_function_that_does_not_exist_is_named(app: SdkApp, method: str, path: str) -> None:
    response = app.api.http.request(method, f"/v1/functions/nonsense/{path}")
    assert error(response, 404) == "Function not found: nonsense"


# What to do about a backlog


def order(app: SdkApp, slug: str, what: str, body: Any = None) -> dict[str, Any]:
    """Gives an order and waits until it has been carried out."""
    response = app.api.http.post(f"/v1/functions/{slug}/queue/{what}", json=body)
    assert response.status_code == 200, response.text
    made = response.json()["data"]
    assert (made["function_id"], made["backlog"]) == (slug, what)
    return wait_for_order(app, made["id"])


def wait_for_order(app: SdkApp, id: str) -> dict[str, Any]:
    def finished() -> Any:
        return [order for order in app.api.data("/v1/cancellations") if order["id"] == id and order["finished_at"]]

    return eventually(finished, "the order is carried out")[0]


def test_a_queue_is_drained(app: SdkApp, calls: InFlight) -> None:
    """What has begun goes on."""
    slug = declare(app, calls, concurrency=[inngest.Concurrency(limit=1, key="event.data.k")])
    app.deploy()
    runs = send_many(app, *"abaabb")
    calls.wait_for(0, 1)
    assert order(app, slug, "drain", {"key": "a"})["cancelled"] == 2
    assert [app.api.run(run).status for run in runs] == [
        "Running", "Running", "Cancelled", "Cancelled", "Running", "Running",
    ]  # fmt: skip
    assert order(app, slug, "drain")["cancelled"] == 2
    assert app.api.queue(slug)["waiting"] == 0
    timeline = app.api.data(f"/v1/runs/{runs[5]}/journal")["timeline"]
    assert "discarded while it waited" in timeline[-1]["what"]
    calls.let_go()
    assert [app.api.wait_for_end(run).status for run in runs[:2]] == ["Completed"] * 2
    # What comes later is not drained.
    assert app.api.wait_for_end(send(app, 9, k="a")).output == 9
    assert sorted(calls.values) == [0, 1, 9]


def test_an_order_to_drain_survives_a_crash(
    make_app: Callable[..., SdkApp], own_server: Server, calls: InFlight
) -> None:
    app = make_app(own_server)
    slug = declare(app, calls, throttle=inngest.Throttle(limit=1, period=HOUR, burst=0))
    app.deploy()
    events = app.api.send([{"name": app.event, "data": {"n": n}} for n in range(1_000)])
    calls.wait_for(0)
    made = app.api.http.post(f"/v1/functions/{slug}/queue/drain").json()["data"]
    own_server.kill9()
    own_server.start()
    wait_for_order(app, made["id"])
    assert app.api.queue(slug)["waiting"] == 0
    assert [app.api.runs_of(event)[0].status for event in events[1:1_000:111]] == ["Cancelled"] * 9
    calls.let_go()
    assert app.api.wait_for_run(events[0]).output == 0
    assert set(calls.values) == {0}


def test_a_queue_is_moved_to_another_function(app: SdkApp, calls: InFlight) -> None:
    slug = declare(app, calls, concurrency=[inngest.Concurrency(limit=1, key="event.data.k")])
    other = declare(app, calls, "other", event=f"{app.id}/other")
    app.deploy()
    runs = send_many(app, *"abaab")
    calls.wait_for(0, 1)
    moved = order(app, slug, "move", {"key": "a", "to": other})
    assert (moved["cancelled"], moved["to"], moved["key"]) == (2, other, "a")
    calls.wait_for(2, 3)
    assert order(app, slug, "move", {"to": other})["cancelled"] == 1
    calls.wait_for(4)
    calls.let_go()
    assert [app.api.wait_for_end(run).status for run in runs] == [
        "Completed", "Completed", "Cancelled", "Cancelled", "Cancelled",
    ]  # fmt: skip
    assert sorted(calls.values) == [0, 1, 2, 3, 4]
    timeline = app.api.data(f"/v1/runs/{runs[2]}/journal")["timeline"]
    assert f"of {other}" in timeline[-1]["what"] and "moved to run" in timeline[-1]["what"]


def test_who_invoked_a_run_that_is_moved_gets_the_result_of_its_successor(app: SdkApp, calls: InFlight) -> None:
    child = declare(app, calls, "child", event=f"{app.id}/child", concurrency=[inngest.Concurrency(limit=1)])

    @app.function("stand-in", event=f"{app.id}/stand-in")
    async def stand_in(ctx: inngest.Context) -> str:
        return f"instead: {ctx.event.data['n']}"

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        return await ctx.step.invoke("call", function=app.functions[0], data={"n": 1})

    app.deploy()
    app.send({"n": 0}, name=f"{app.id}/child")
    calls.wait_for(0)
    parent = app.send()
    eventually(lambda: app.api.queue(child)["waiting"] == 1, "the invoked run waits")
    order(app, child, "move", {"to": f"{app.id}-stand-in"})
    assert app.api.wait_for_run(parent).output == "instead: 1"
    assert calls.values == [0]


@pytest.mark.parametrize(
    ("what", "body", "said"),
    [
        ("drain", [], "The body must be a JSON object"),
        ("drain", {"to": "x"}, "to is no field; the fields are key"),
        ("drain", {"key": 1}, "key must be a string"),
        ("move", {}, "to must be the id of the function that takes the runs over"),
        ("move", {"to": 5}, "to must be the id of the function that takes the runs over"),
        ("move", {"to": "nonsense"}, "to is no other function: nonsense"),
        ("move", {"to": "nonsense", "from": "x"}, "from is no field; the fields are key, to"),
    ],
    ids=str,
)
def test_an_order_that_cannot_be_carried_out(app: SdkApp, calls: InFlight, what: str, body: Any, said: str) -> None:
    slug = declare(app, calls)
    app.deploy()
    assert error(app.api.http.post(f"/v1/functions/{slug}/queue/{what}", json=body), 400) == said


def test_a_queue_is_not_moved_to_itself_or_to_a_paused_function(app: SdkApp, calls: InFlight) -> None:
    slug = declare(app, calls)
    other = declare(app, calls, "other", event=f"{app.id}/other")
    app.deploy()
    app.api.http.post(f"/v1/functions/{other}/pause").raise_for_status()
    path = f"/v1/functions/{slug}/queue/move"
    assert error(app.api.http.post(path, json={"to": slug}), 400) == f"to is no other function: {slug}"
    assert error(app.api.http.post(path, json={"to": other}), 409) == f"{other} is paused and takes nothing over"


# Who did it


def test_every_change_is_recorded_with_who_made_it(
    make_app: Callable[..., SdkApp], own_server: Server, calls: InFlight
) -> None:
    app = make_app(own_server)
    slug = declare(app, calls, concurrency=[inngest.Concurrency(limit=2)])
    other = declare(app, calls, "other", event=f"{app.id}/other")
    app.deploy()
    ada = {"X-Apus-Actor": "ada"}
    path = f"/v1/functions/{slug}"
    for method, what, body in (
        ("POST", "pause", None), ("POST", "resume", None), ("PUT", "limits", {"concurrency": 1}),
        ("DELETE", "limits", None), ("POST", "queue/drain", {"key": "a"}), ("POST", "queue/move", {"to": other}),
    ):  # fmt: skip
        app.api.http.request(method, f"{path}/{what}", json=body, headers=ada).raise_for_status()
    app.api.http.post(f"{path}/pause").raise_for_status()
    # What is refused is not recorded.
    app.api.http.put(f"{path}/limits", json={"concurrency": -1}, headers=ada)

    def recorded() -> list[tuple[str, str, str]]:
        entries = app.api.data("/v1/audit")
        for entry in entries:
            assert_about(entry["at"], time.time(), by=10)
        return [(entry["actor"], entry["action"], entry["subject"]) for entry in reversed(entries)]

    expected = [
        ("ada", action, slug)
        for action in (
            "function.paused", "function.resumed", "function.limits.set", "function.limits.removed", "queue.drained",
            "queue.moved",
        )
    ]  # fmt: skip
    expected.append(("api", "function.paused", slug))
    assert recorded() == expected
    details = {entry["action"]: entry["detail"] for entry in app.api.data("/v1/audit")}
    assert '"limit":1' in details["function.limits.set"]
    assert other in details["queue.moved"]
    assert "a" in details["queue.drained"]
    assert len(app.api.data("/v1/audit?limit=2")) == 2
    own_server.kill9()
    own_server.start()
    assert recorded() == expected
