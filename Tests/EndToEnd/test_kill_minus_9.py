"""
The promises that Apus makes, tested by killing it.

A sender posts 5,000 events while the server is killed with SIGKILL and started again ten times.
Two functions listen, one with a single step, one with three of which two form a group.

Events come in requests of 1 to 50; a third of the requests give each event an id, a third carry a
seed, and a third neither. A request that is not answered with 200 is sent again, unchanged, until
it is. Some requests with ids or seeds are sent again although they were answered, as an SDK does
that lost the answer.

What is checked, for every event of a request that was answered with 200:

1.  *Exactly one run.* The API lists, for the event's internal id, exactly one run of each function,
    and all are completed. The only event without runs is one with a sender's id of which an earlier
    request, sent with the same id, had been accepted although its answer was lost.
2.  *No other run.* The app was called for exactly one run of each function for each event that has
    an id or a seed. For an event without either, each run beyond the one that the API lists comes
    from a request whose answer was lost: there are at most as many runs as requests were sent.
3.  *The output of each run* is what the function returned.

And for every execution of a step's body that the app has seen:

4.  *No step whose result was recorded runs again.* The result that the server hands back, in calls
    and in the run's journal, is that of the **last** execution of that step in that run. It never
    changes and never disappears.
5.  *A step runs twice only if a kill cut off its reply.* Two executions of a step in one run are in
    two lives of the server. They belong to the same job and the same attempt, and the second has a
    higher generation. The reply of the earlier was never handed to the socket; or it was, and no
    reply that was handed over more than `GRACE` seconds later was recorded in the same life: a server
    that records a reply has recorded those that came before it.
6.  *A kill costs no attempt*: every call is attempt 0.
"""

import asyncio
import base64
import itertools
import random
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from harness.kept_connection import KeptConnection
from harness.recording_app import ONE_STEP, STEPS, THREE_STEPS, Execution, RecordingApp
from harness.server import Server

EVENTS = 5_000
KILLS = 10
SENDERS = 4
# Events that are sent and not finished: so that every kill meets events, calls and steps under way.
UNDER_WAY = 100
# Replies arrive on many connections: how much a later one may overtake an earlier one.
GRACE = 0.5
FUNCTIONS = (ONE_STEP, THREE_STEPS)


@dataclass
class Request:
    """One POST of events, repeated until it is answered."""

    kind: str
    events: list[dict[str, Any]]
    headers: dict[str, str]
    sent: int = 0
    # The internal ids of each answer with 200.
    answers: list[list[str]] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        return [event["data"]["key"] for event in self.events]


def make_requests(event_name: str, randomness: random.Random) -> list[Request]:
    requests: list[Request] = []
    made = 0
    while made < EVENTS:
        size = min(randomness.randint(1, 50), EVENTS - made)
        kind = ("id", "seed", "plain")[len(requests) % 3]
        keys = [f"{kind}-{number}" for number in range(made, made + size)]
        events = [{"name": event_name, "data": {"key": key}, **({"id": key} if kind == "id" else {})} for key in keys]
        headers = {"x-inngest-event-id-seed": seed(randomness)} if kind == "seed" else {}
        requests.append(Request(kind, events, headers))
        made += size
    return requests


def seed(randomness: random.Random) -> str:
    return f"{int(time.time() * 1000)},{base64.b64encode(randomness.randbytes(10)).decode()}"


async def send_all(requests: list[Request], server: Server, app: RecordingApp, randomness: random.Random) -> None:
    waiting = iter(requests)
    sent = 0

    async def sender() -> None:
        nonlocal sent
        connection = KeptConnection(server.port)
        for request in waiting:
            while sent - app.finished / len(FUNCTIONS) > UNDER_WAY:
                await asyncio.sleep(0.005)
            sent += len(request.events)
            answers = 2 if request.kind != "plain" and randomness.random() < 0.1 else 1
            while len(request.answers) < answers:
                if not await is_answered(request, connection):
                    await asyncio.sleep(0.02)
        connection.close()

    await asyncio.gather(*(sender() for _ in range(SENDERS)))


async def is_answered(request: Request, connection: KeptConnection) -> bool:
    request.sent += 1
    try:
        status, answer = await connection.post("/e/test", request.events, request.headers)
    except ConnectionError:
        return False
    if status == 503:
        return False
    assert status == 200, f"events were refused: {status} {answer}"
    request.answers.append(answer["ids"])
    return True


async def kill_again_and_again(server: Server, app: RecordingApp, randomness: random.Random) -> None:
    """Spreads the kills over the work."""
    for number in range(1, KILLS + 1):
        goal = number * EVENTS * len(FUNCTIONS) / (KILLS + 1)
        while app.finished < goal:
            await asyncio.sleep(0.005)
        await asyncio.sleep(randomness.uniform(0, 0.1))
        server.process.kill()
        await asyncio.to_thread(server.process.wait, 10)
        app.life += 1
        await asyncio.to_thread(server.start)


async def wait_until_all_runs_ended(app: RecordingApp, within: float) -> None:
    """The app has seen the end of every run that it has seen the beginning of, and of enough of them."""
    deadline = time.monotonic() + within
    while app.finished < EVENTS * len(FUNCTIONS) or app.finished < len(app.runs):
        assert time.monotonic() < deadline, f"{app.finished} of {len(app.runs)} runs ended within {within:g} s"
        await asyncio.sleep(0.05)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_killing_the_server_loses_nothing_and_repeats_nothing(own_server: Server) -> None:
    randomness = random.Random()
    app = RecordingApp("kill/happened", randomness)
    requests = make_requests(app.event, randomness)
    listed, shown, journals = asyncio.run(run_everything(own_server, app, requests, randomness))

    assert any(len(all) > 1 for run in app.runs.values() for all in run.executions.values()), "no reply was cut off"
    assert any(request.sent > len(request.answers) for request in requests), "no request was cut off"
    assert app.violations == []
    check_runs(requests, app, listed, shown)
    check_executions(app)
    check_journals(app, journals)


async def run_everything(
    server: Server, app: RecordingApp, requests: list[Request], randomness: random.Random
) -> tuple[dict[str, list[Any]], dict[str, Any], dict[str, list[Any]]]:
    await app.listen()
    httpx.post(f"{server.url}/fn/register", json=app.registration("kill"), trust_env=False).raise_for_status()
    await asyncio.gather(
        send_all(requests, server, app, randomness),
        kill_again_and_again(server, app, randomness),
    )
    await wait_until_all_runs_ended(app, within=60)
    ids = {id for request in requests for answer in request.answers for id in answer}
    listed = await get_all(server, {id: f"/v1/events/{id}/runs" for id in ids})
    shown = {run["run_id"]: run for runs in listed.values() for run in runs}
    shown |= await get_all(server, {id: f"/v1/runs/{id}" for id in app.runs.keys() - shown.keys()})
    repeated = [id for id, run in app.runs.items() if any(len(all) > 1 for all in run.executions.values())]
    sample = repeated + randomness.sample(sorted(app.runs), 100)
    journals = await get_all(server, {id: f"/v1/runs/{id}/journal" for id in sample})
    app.close()
    return listed, shown, {id: journal["entries"] for id, journal in journals.items()}


async def get_all(server: Server, paths: dict[str, str]) -> dict[str, Any]:
    """What is inside the `data` of each answer, by the given keys."""
    found: dict[str, Any] = {}
    waiting = iter(paths.items())

    async def reader() -> None:
        connection = KeptConnection(server.port)
        for key, path in waiting:
            status, answer = await connection.get(path)
            assert status == 200, f"GET {path}: {status} {answer}"
            found[key] = answer["data"]
        connection.close()

    await asyncio.gather(*(reader() for _ in range(4)))
    return found


# Checks


def check_runs(requests: list[Request], app: RecordingApp, listed: dict[str, list[Any]], shown: dict[str, Any]) -> None:
    called: dict[tuple[str, str], set[str]] = {}
    for id, run in app.runs.items():
        called.setdefault((run.key, run.function), set()).add(id)
        assert shown[id]["status"] == "Completed", f"run {id}: {shown[id]}"
        assert shown[id]["output"] == run.output, f"run {id}: {shown[id]} instead of {run.output}"

    for request in requests:
        for position, key in enumerate(request.keys):
            internal_ids = {answer[position] for answer in request.answers}
            runs = [run for id in internal_ids for run in listed[id]]
            if request.kind == "seed":
                assert len(internal_ids) == 1, f"{key} has the ids {internal_ids}"
            if request.kind == "id" and request.sent > len(request.answers) and not runs:
                pass  # The request that started the runs was accepted, and its answer lost.
            else:
                assert_one_run_of_each_function(key, runs, app)
            for function in FUNCTIONS:
                count = len(called[key, function])
                most = request.sent if request.kind == "plain" else 1
                assert 1 <= count <= most, f"{key}: {count} runs of {function} after {request.sent} requests"


def assert_one_run_of_each_function(key: str, runs: list[Any], app: RecordingApp) -> None:
    assert [run["status"] for run in runs] == ["Completed"] * len(FUNCTIONS), f"{key}: {runs}"
    recorded = [app.runs[run["run_id"]] for run in runs]
    assert {run.function for run in recorded} == set(FUNCTIONS), f"{key}: {runs}"
    assert {run.key for run in recorded} == {key}


def check_executions(app: RecordingApp) -> None:
    for id, run in app.runs.items():
        assert run.executions.keys() == {step for group in STEPS[run.function] for step in group}, f"run {id}"
        for step, executions in run.executions.items():
            assert run.results[step] == executions[-1].number, f"run {id}, {step}: not the last of {executions}"
            assert all(execution.attempt == 0 for execution in executions), f"run {id}: {executions}"
            for earlier, later in itertools.pairwise(executions):
                assert_cut_off(earlier, later, app.recorded_up_to[earlier.life])


def assert_cut_off(earlier: Execution, later: Execution, recorded_up_to: float) -> None:
    both = f"{earlier} and {later}"
    assert earlier.life < later.life, f"twice in one life: {both}"
    assert earlier.job == later.job, f"another job: {both}"
    assert earlier.generation < later.generation, f"no later generation: {both}"
    if earlier.replied_at is not None:
        overtaken = recorded_up_to - earlier.replied_at
        assert overtaken <= GRACE, f"not recorded, but a reply {overtaken:.3f} s later was: {both}"


def check_journals(app: RecordingApp, journals: dict[str, list[Any]]) -> None:
    for id, entries in journals.items():
        run = app.runs[id]
        finished = {entry["name"]: entry["memo"]["data"] for entry in entries if entry["kind"] == "stepFinished"}
        assert finished == run.results, f"run {id}: {finished} instead of {run.results}"
        kinds = [entry["kind"] for entry in entries]
        assert kinds.count("stepFinished") == len(run.results), f"run {id}: {kinds}"
        assert kinds.count("started") == kinds.count("finished") == 1, f"run {id}: {kinds}"
        for executions in run.executions.values():
            generations = {entry["generation"] for entry in entries if entry["kind"] == "called"}
            assert executions[-1].generation in generations, f"run {id}: {executions} not in {generations}"
