"""
The rules of flow control, tested by killing the server again and again while they bite.

A sender posts some hundred events, each with an id, and repeats a request until it is answered. Five
functions listen, each with one rule; the server is killed with SIGKILL at random moments and started again.
What is checked, from what the app has seen and from the journals:

1.  *Concurrency.* Never more calls of a key under way than its limit. A call that a kill has cut off may still
    be under way in the app; its repeat, which has the same job, is in the same slot, and once that has been
    answered the old call does not count any more.
2.  *Throttle.* The times at which runs were first called keep the pace, also across kills.
3.  *Batches.* Each event is in exactly one batch; batches have one key, are in order and not too large, and one
    that is not full has waited for its time.
4.  *Rate limit.* One run for each key, for its first event.
5.  *Singleton.* No two runs of a key live at a time.

Each event of the first two functions has exactly one run, each of them ends, and no kill costs an attempt.
"""

import datetime
import itertools
import random
import threading
import time
from collections import Counter, defaultdict
from typing import Any

import httpx
import pytest

from harness.api import Api
from harness.scripted_app import Call, Reply, ScriptedApp
from harness.server import Server
from harness.waiting import eventually

EVENTS = 400
KILLS = 6
USERS = "abcde"
SLOTS = 2
# Starts in a second, and at once beyond those.
PACE, BURST = 25, 10
BATCH, BATCH_TIME = 7, 1.0


class FlowApp:
    """What the app has seen; every method is called with the lock held."""

    def __init__(self, randomness: random.Random) -> None:
        self.lock = threading.Lock()
        self.randomness = randomness
        # Events of each run, and the runs of each function in the order in which they were first seen.
        self.events: dict[str, list[Any]] = {}
        self.runs: dict[str, list[str]] = defaultdict(list)
        # When a run was first called and last answered with its result.
        self.begun: dict[str, float] = {}
        self.ended: dict[str, float] = {}
        self.attempts: Counter[int] = Counter()
        self.repeats = 0
        self.most: Counter[str] = Counter()
        # Calls under way by key: the newest generation of each job.
        self._slots: dict[str, dict[str, int]] = defaultdict(dict)
        self._generations: dict[str, int] = {}

    def answer(self, function: str, call: Call) -> Reply:
        context, job = call.json["ctx"], call.headers["x-inngest-job-id"]
        generation = int(call.headers["x-inngest-generation-id"])
        run = context["run_id"]
        with self.lock:
            self.attempts[context["attempt"]] += 1
            if run not in self.events:
                self.events[run] = [event["data"] for event in call.json["events"]]
                self.runs[function].append(run)
                self.begun[run] = time.monotonic()
            key = f"{function}/{self.events[run][0]['user']}"
            self.enter(key, job, generation)
            delay = self.randomness.uniform(0.001, 0.03)
        time.sleep(delay)
        with self.lock:
            is_current = self.leave(key, job, generation)
            if function in ("keyed", "single") and len(call.json["steps"]) < 2:
                step = f"step-{len(call.json['steps'])}"
                return Reply(206, [{"op": "StepRun", "id": step, "displayName": step, "data": generation}])
            if is_current:
                self.ended[run] = time.monotonic()
            return Reply(body=[event["n"] for event in self.events[run]])

    def enter(self, key: str, job: str, generation: int) -> None:
        known = self._generations.get(job, 0)
        if known:
            self.repeats += 1
        if generation < known:
            return  # From a server that is dead, and late.
        self._generations[job] = generation
        self._slots[key][job] = generation
        self.most[key] = max(self.most[key], len(self._slots[key]))

    def leave(self, key: str, job: str, generation: int) -> bool:
        """Returns whether no repeat of the call has come meanwhile."""
        if self._slots[key].get(job) != generation:
            return False
        del self._slots[key][job]
        return True

    def numbers(self, run: str) -> list[int]:
        return [event["n"] for event in self.events[run]]


def send_all(server: Server, name: str, randomness: random.Random) -> None:
    """Posts the events in their order, some at a time."""
    numbers = list(range(EVENTS))
    with httpx.Client(base_url=server.url, timeout=5, trust_env=False) as client:
        while numbers:
            size = randomness.randint(1, 8)
            part, numbers = numbers[:size], numbers[size:]
            events = [
                {"name": name, "id": f"{name}-{n}", "data": {"n": n, "user": USERS[n % len(USERS)]}} for n in part
            ]
            while not is_accepted(client, events):
                time.sleep(0.02)
            time.sleep(randomness.uniform(0, 0.08))


def is_accepted(client: httpx.Client, events: list[Any]) -> bool:
    try:
        return client.post("/e/test", json=events).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.long
@pytest.mark.timeout(180)
def test_the_rules_hold_while_the_server_is_killed(own_server: Server) -> None:
    randomness = random.Random()
    seen = FlowApp(randomness)
    app = ScriptedApp(own_server)
    try:
        names = declare(app, seen)
        sender = threading.Thread(target=send_all, args=(own_server, app.event, randomness), daemon=True)
        sender.start()
        for _ in range(KILLS):
            time.sleep(randomness.uniform(0.2, 1.2))
            own_server.kill9()
            own_server.start()
        sender.join(60)
        assert not sender.is_alive(), "not all events were accepted"
        eventually(lambda: is_idle(app.api, names, seen), "all runs have ended", within=60, every=0.2)
    finally:
        app.close()

    assert seen.repeats > 0, "no call was cut off"
    assert set(seen.attempts) == {0}, f"attempts were spent: {seen.attempts}"
    check_statuses(app.api, seen, randomness)
    check_concurrency(seen)
    check_throttle(app.api, seen)
    check_batches(app.api, seen)
    check_rate_limit(seen)
    check_singleton(seen)


def declare(app: ScriptedApp, seen: FlowApp) -> list[str]:
    def function(name: str, **options: Any) -> str:
        return app.function(lambda call: seen.answer(name, call), name, **options)

    return [
        function("keyed", concurrency=[{"limit": SLOTS, "key": "event.data.user"}]),
        function("paced", throttle={"limit": PACE, "period": "1s", "burst": BURST}),
        function("batch", batchEvents={"maxSize": BATCH, "timeout": f"{BATCH_TIME:g}s", "key": "event.data.user"}),
        function("limited", rateLimit={"limit": 1, "period": "1h", "key": "event.data.user"}),
        function("single", singleton={"mode": "skip", "key": "event.data.user"}),
    ]


def is_idle(api: Api, names: list[str], seen: FlowApp) -> bool:
    """Nothing waits or is under way, and each event is where it has to be."""
    with seen.lock:
        if len(seen.runs["keyed"]) < EVENTS or len(seen.runs["paced"]) < EVENTS or len(seen.ended) < len(seen.events):
            return False
        if sum(len(seen.events[run]) for run in seen.runs["batch"]) < EVENTS:
            return False
    queues = [api.queue(name) for name in names]
    return all(queue["waiting"] == 0 and queue["calls"] == 0 for queue in queues)


# Checks


def check_statuses(api: Api, seen: FlowApp, randomness: random.Random) -> None:
    for run in randomness.sample(sorted(seen.events), 150):
        shown = api.run(run)
        assert (shown.status, shown.output) == ("Completed", seen.numbers(run))


def check_concurrency(seen: FlowApp) -> None:
    assert sorted(n for run in seen.runs["keyed"] for n in seen.numbers(run)) == list(range(EVENTS))
    assert {user: seen.most[f"keyed/{user}"] for user in USERS} == dict.fromkeys(USERS, SLOTS)


def check_throttle(api: Api, seen: FlowApp) -> None:
    assert sorted(n for run in seen.runs["paced"] for n in seen.numbers(run)) == list(range(EVENTS))
    journals = [api.journal(run) for run in seen.runs["paced"]]
    assert any(entry.get("rule") == "throttle" for journal in journals for entry in journal), "none has waited"
    starts = sorted(next(entry["at"] for entry in journal if entry["kind"] == "called") for journal in journals)
    interval = 1_000 / PACE
    arrival = 0.0
    for start in starts:
        assert start + (PACE + BURST - 1) * interval >= arrival - 1, f"too early: {start} in {starts}"
        arrival = max(arrival, start) + interval


def check_batches(api: Api, seen: FlowApp) -> None:
    batches = sorted((seen.numbers(run), run) for run in seen.runs["batch"])
    for user_number in range(len(USERS)):
        of_user = [numbers for numbers, _ in batches if numbers[0] % len(USERS) == user_number]
        assert list(itertools.chain(*of_user)) == list(range(user_number, EVENTS, len(USERS)))
    assert any(len(numbers) == BATCH for numbers, _ in batches)
    for numbers, run in batches:
        assert len(numbers) <= BATCH
        if len(numbers) < BATCH:
            shown = api.run(run).raw
            opened = moment(api.data(f"/v1/events/{shown['event_id']}")["received_at"])
            assert moment(shown["run_started_at"]) - opened >= BATCH_TIME - 0.01, f"{numbers} started early: {shown}"


def moment(text: str) -> float:
    return datetime.datetime.fromisoformat(text).timestamp()


def check_rate_limit(seen: FlowApp) -> None:
    assert sorted(seen.numbers(run) for run in seen.runs["limited"]) == [[n] for n in range(len(USERS))]


def check_singleton(seen: FlowApp) -> None:
    by_user: dict[str, list[str]] = defaultdict(list)
    for run in seen.runs["single"]:
        by_user[seen.events[run][0]["user"]].append(run)
    assert set(by_user) == set(USERS)
    for runs in by_user.values():
        for earlier, later in itertools.pairwise(runs):
            assert seen.ended[earlier] <= seen.begun[later], f"{later} began before {earlier} had ended"
        assert len(runs) > 1
