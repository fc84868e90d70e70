"""An app without an SDK that is fast and remembers every execution of every step it was asked for."""

import asyncio
import hashlib
import json
import random
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from .ports import free_port

ONE_STEP = "one-step"
THREE_STEPS = "three-steps"
# Steps in the order in which the function's code meets them; the last two form a group.
STEPS = {ONE_STEP: (("only",),), THREE_STEPS: (("first",), ("left", "right"))}
STEP_IDS = {name: hashlib.sha1(name.encode()).hexdigest() for groups in STEPS.values() for g in groups for name in g}
STEP_NAMES = {id: name for name, id in STEP_IDS.items()}
HEAD = (
    "HTTP/1.1 %d OK\r\nContent-Type: application/json\r\n"
    "X-Inngest-SDK: recording:v1\r\nX-Inngest-Req-Version: 2\r\nContent-Length: %d\r\n\r\n"
)


@dataclass(slots=True)
class Execution:
    """One execution of a step's body."""

    number: int
    run: str
    step: str
    job: str
    generation: int
    attempt: int
    life: int  # Of the server that asked for it.
    replied_at: float | None = None  # When the answer was handed to the socket.


@dataclass
class RecordedRun:
    function: str
    key: str
    executions: dict[str, list[Execution]] = field(default_factory=lambda: defaultdict(list))
    # Which execution's result the server hands back, by step.
    results: dict[str, int] = field(default_factory=dict)
    output: Any = None
    is_finished: bool = False


class RecordingApp:
    """
    Two functions: `one-step`, and `three-steps`, of which the last two form a group.

    Each result carries the number of the execution that made it, so that later calls tell which
    execution's result the server has recorded. What must never happen is noted in `violations`.
    """

    def __init__(self, event: str, randomness: random.Random) -> None:
        self.event = event
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/api/inngest"
        self.life = 0
        self.runs: dict[str, RecordedRun] = {}
        self.finished = 0
        self.calls = 0
        self.violations: list[str] = []
        self.executions: list[Execution] = []
        # By life of the server: when the newest reply was sent of which the server has shown, in the
        # same life, that it is recorded.
        self.recorded_up_to: dict[int, float] = defaultdict(float)
        self._random = randomness
        self._listener: asyncio.Server | None = None

    async def listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: _Connection(self), "127.0.0.1", self.port, backlog=1024)

    def close(self) -> None:
        if self._listener:
            self._listener.close()

    def registration(self, app_id: str) -> dict[str, Any]:
        def function(name: str) -> dict[str, Any]:
            url = f"{self.url}?fnId={app_id}-{name}&stepId=step"
            steps = {"step": {"id": "step", "name": "step", "runtime": {"type": "http", "url": url}}}
            return {"id": f"{app_id}-{name}", "name": name, "triggers": [{"event": self.event}], "steps": steps}

        return {
            "appName": app_id,
            "url": self.url,
            "v": "0.1",
            "deployType": "ping",
            "sdk": "recording:v1",
            "functions": [function(ONE_STEP), function(THREE_STEPS)],
        }

    # Answering

    def answer(
        self, function: str, target: str, headers: dict[bytes, bytes], call: Any
    ) -> tuple[int, Any, "Execution | None"]:
        self.calls += 1
        context = call["ctx"]
        id = context["run_id"]
        run = self.runs.get(id)
        if run is None:
            run = self.runs[id] = RecordedRun(function, call["event"]["data"]["key"])
        self._note_results(id, run, call["steps"])

        if target != "step":
            return self._execute(id, run, STEP_NAMES[target], headers, context)
        for group in STEPS[function]:
            missing = [step for step in group if STEP_IDS[step] not in call["steps"]]
            if not missing:
                continue
            if len(group) > 1 or context["disable_immediate_execution"]:
                return 206, [_op("StepPlanned", step) for step in missing], None
            return self._execute(id, run, missing[0], headers, context)
        run.output = {"key": run.key, "executions": dict(sorted(run.results.items()))}
        if not run.is_finished:
            run.is_finished = True
            self.finished += 1
        return 200, run.output, None

    def _note_results(self, id: str, run: RecordedRun, memos: Any) -> None:
        for step_id, memo in memos.items():
            step, number = STEP_NAMES[step_id], memo["data"]
            if step not in run.results:
                self._note_recorded(self.executions[number])
            known = run.results.setdefault(step, number)
            if known != number:
                self.violations.append(f"run {id}: the result of {step} was {known} and is {number} now")
        for step in run.results.keys() - {STEP_NAMES[step_id] for step_id in memos}:
            self.violations.append(f"run {id}: the result of {step} was there and is gone")

    def _note_recorded(self, execution: Execution) -> None:
        if execution.life == self.life and execution.replied_at is not None:
            self.recorded_up_to[self.life] = max(self.recorded_up_to[self.life], execution.replied_at)

    def _execute(
        self, id: str, run: RecordedRun, step: str, headers: dict[bytes, bytes], context: Any
    ) -> tuple[int, Any, Execution]:
        execution = Execution(
            number=len(self.executions),
            run=id,
            step=step,
            job=headers[b"x-inngest-job-id"].decode(),
            generation=int(headers[b"x-inngest-generation-id"]),
            attempt=context["attempt"],
            life=self.life,
        )
        if step in run.results:
            self.violations.append(f"{execution} runs although execution {run.results[step]} was recorded")
        self.executions.append(execution)
        run.executions[step].append(execution)
        return 206, [_op("StepRun", step, data=execution.number)], execution

    def delay(self) -> float:
        """Every tenth answer takes a moment, so that a kill always finds some under way."""
        return self._random.uniform(0.001, 0.05) if self._random.random() < 0.1 else 0


def _op(op: str, step: str, **fields: Any) -> dict[str, Any]:
    return {"op": op, "id": STEP_IDS[step], "name": step, "displayName": step, "opts": None, **fields}


class _Connection(asyncio.Protocol):
    """A connection that is kept open; calls on it come one after the other."""

    def __init__(self, app: RecordingApp) -> None:
        self._app = app
        self._life = app.life
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._life != self._app.life:
            # What a killed server had sent and nobody had read yet never reached the app.
            self._transport.abort()
            return
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            request_line, *lines = self._buffer[:end].split(b"\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
            length = int(headers[b"content-length"])
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            self._receive(request_line, headers, body)

    def _receive(self, request_line: bytes, headers: dict[bytes, bytes], body: bytes) -> None:
        target = request_line.split()[1].decode()
        query = dict(pair.split("=", 1) for pair in target.partition("?")[2].split("&"))
        function = ONE_STEP if query["fnId"].endswith(ONE_STEP) else THREE_STEPS
        status, answer, execution = self._app.answer(function, query["stepId"], headers, json.loads(body))
        content = json.dumps(answer).encode()
        reply = (HEAD % (status, len(content))).encode() + content
        if delay := self._app.delay():
            asyncio.get_running_loop().call_later(delay, self._reply, reply, execution)
        else:
            self._reply(reply, execution)

    def _reply(self, reply: bytes, execution: Execution | None) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(reply)
        if execution:
            execution.replied_at = time.monotonic()
