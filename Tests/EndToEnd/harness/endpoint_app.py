"""An app with durable endpoints, which says and expects what the SDKs' own endpoints do, field by field."""

import base64
import hashlib
import json
import secrets
import time
import urllib.parse
from collections.abc import Callable
from typing import Any

import httpx

from .scripted_app import Answer, Call, Reply, ScriptedApp
from .server import Server
from .signatures import hash_of, sign

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_ulid() -> str:
    value = int(time.time() * 1_000) << 80 | secrets.randbits(80)
    return "".join(ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))


def hashed(name: str) -> str:
    return hashlib.sha1(name.encode()).hexdigest()


def claims_of(token: str) -> dict[str, Any]:
    """What a JSON Web Token says, without a look at its signature."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class EndpointApp(ScriptedApp):
    """
    Plays the SDK inside the app: begins runs, reports steps, and answers when the server comes back. `answer` is what
    the endpoint does then.
    """

    go = False

    def __init__(self, server: Server, answer: Callable[[Call], Answer] = lambda call: Reply(500, b"")) -> None:
        super().__init__(server)
        self.server = server
        self.domain = f"http://127.0.0.1:{self.port}"
        self.reenter = answer
        self.run = new_ulid()
        self.began: dict[str, Any] = {}

    def answer(self, call: Call) -> Answer:
        self.calls.append(call)
        return self.reenter(call)

    @property
    def authorization(self) -> dict[str, str]:
        """TypeScript sends the hash of the key, and in development an empty token; Go sends the key itself."""
        keys = self.server.keys
        if keys is None:
            return {"Authorization": "Bearer"}
        return {"Authorization": f"Bearer {keys.signing if self.go else 'signkey-prod-' + hash_of(keys.signing)}"}

    def post(self, path: str, body: Any, **options: Any) -> httpx.Response:
        return httpx.post(
            self.server.url + path, json=body, headers=self.authorization, timeout=30, trust_env=False, **options
        )

    def get(self, path: str, **options: Any) -> httpx.Response:
        return httpx.get(
            self.server.url + path, headers=self.authorization, timeout=30, trust_env=False, **options
        )

    # State

    def actions(self, call: Call) -> dict[str, Any]:
        """The results of the run's steps, which an SDK fetches first."""
        answer = self.get(f"/v0/runs/{call.headers['x-run-id']}/actions")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def batch(self, call: Call) -> list[dict[str, Any]]:
        answer = self.get(f"/v0/runs/{call.headers['x-run-id']}/batch")
        assert answer.status_code == 200, answer.text
        return answer.json()

    # Results

    def output(self, token: str | None = None, **options: Any) -> httpx.Response:
        """What whoever sent the request gets when it follows the SDK's redirect: no key, only the token."""
        token = self.began["token"] if token is None else token
        return httpx.get(
            f"{self.server.url}/v1/http/runs/{self.run}/output", params={"token": token}, timeout=30, trust_env=False,
            **options,
        )  # fmt: skip

    def wait_for_call(self, count: int = 1, *, within: float = 15.0) -> Call:
        deadline = time.monotonic() + within
        while len(self.calls) < count:
            assert time.monotonic() < deadline, f"{len(self.calls)} calls instead of {count} within {within:g} s"
            time.sleep(0.02)
        return self.calls[count - 1]


class TypeScriptEndpoint(EndpointApp):
    """What the TypeScript SDK (v4) sends."""

    def start(
        self, *steps: dict[str, Any], method: str = "GET", path: str = "/api/x", query: str = "a=1", body: str = "",
        content_type: str = "", fn: str = "", retries: int = 3, **changes: Any,
    ) -> httpx.Response:  # fmt: skip
        answer = self.post(
            "/v1/checkpoint",
            {
                "run_id": self.run,
                "event": {
                    "name": "inngest/http.request",
                    "data": {
                        "domain": self.domain,
                        "method": method,
                        "path": path,
                        "fn": fn,
                        "ip": "127.0.0.1",
                        "content_type": content_type,
                        "query_params": query,
                        "body": body,
                    },
                },
                "steps": list(steps),
                "ts": int(time.time() * 1_000),
                "request_version": 2,
                "retries": retries,
                **changes,
            },
        )
        if answer.status_code == 200:
            self.began = answer.json()["data"]
        return answer

    def report(self, *steps: dict[str, Any], **changes: Any) -> httpx.Response:
        return self.post(
            f"/v1/checkpoint/{self.run}/steps",
            {
                "fn_id": self.began.get("fn_id"),
                "app_id": self.began.get("app_id"),
                "run_id": self.run,
                "steps": list(steps),
                "ts": int(time.time() * 1_000),
                **changes,
            },
        )

    @staticmethod
    def ran(name: str, data: Any) -> dict[str, Any]:
        """The SDK's internal record of a step."""
        return {
            "id": hashed(name), "mode": "sync", "op": "StepRun", "name": name, "displayName": name,
            "userland": {"id": name}, "opts": {}, "rawArgs": [name, None], "hashedId": hashed(name), "promise": {},
            "fulfilled": True, "hasStepState": True, "handled": True, "data": data,
            "timing": {"a": time.time_ns(), "b": 0},
        }  # fmt: skip

    @staticmethod
    def complete(body: str, status: int = 200, headers: dict[str, str] | None = None) -> dict[str, Any]:
        data = {"status": status, "headers": headers or {}, "body": body, "version": 2}
        return {"op": "RunComplete", "id": hashed("complete"), "data": data}

    @staticmethod
    def sleep(name: str, duration: str) -> dict[str, Any]:
        return {
            "displayName": name, "op": "Sleep", "id": hashed(name), "name": duration, "opts": {},
            "userland": {"id": name}, "data": None,
        }  # fmt: skip

    @staticmethod
    def planned(name: str) -> dict[str, Any]:
        return {
            "displayName": name, "op": "StepPlanned", "id": hashed(name), "name": name, "opts": {},
            "userland": {"id": name}, "data": None,
        }  # fmt: skip

    @staticmethod
    def failed(name: str, message: str) -> dict[str, Any]:
        error = {"name": "Error", "message": message, "stack": "", "__serialized": True}
        return {"id": hashed(name), "op": "StepError", "error": error}

    def finish(self, body: str, **options: Any) -> Reply:
        """How a run that was entered again ends: a bare object, its body encoded as JSON once more."""
        return Reply(206, self.complete(json.dumps(body), **options))


class GoEndpoint(EndpointApp):
    """What the Go SDK sends: everything at once, at the first step that has to wait or at the end."""

    go = True

    def start(
        self, *steps: dict[str, Any], method: str = "POST", path: str = "/api/go", query: str = "", body: bytes = b"",
        content_type: str = "application/json", fn: str = "",
    ) -> httpx.Response:  # fmt: skip
        answer = self.post(
            "/v1/http/runs",
            {
                "run_id": self.run,
                "idempotency": "",
                "event": {
                    "name": "http/run.started",
                    "data": {
                        "domain": self.domain,
                        "method": method,
                        "path": path,
                        "fn": fn,
                        "ip": "127.0.0.1",
                        "content_type": content_type,
                        "query_params": query,
                        "body": base64.b64encode(body).decode() or None,
                    },
                },
                "steps": list(steps),
            },
        )
        if answer.status_code == 200:
            self.began = answer.json()["data"]
        return answer

    @staticmethod
    def ran(name: str, data: Any) -> dict[str, Any]:
        return {
            "id": hashed(name), "op": "StepRun", "name": name, "opts": None, "error": None, "displayName": None,
            "data": data, "userland": {"id": name}, "timing": {"a": time.time_ns(), "b": 5},
        }  # fmt: skip

    @staticmethod
    def sleep(name: str, duration: str) -> dict[str, Any]:
        return {
            "id": hashed(name), "op": "Sleep", "name": name, "opts": {"duration": duration}, "error": None,
            "displayName": None, "data": None, "userland": {"id": name}, "timing": {"a": 0, "b": 0},
        }  # fmt: skip

    @staticmethod
    def complete(body: bytes, status: int = 200, *, field: str = "status", **more: Any) -> dict[str, Any]:
        data = {
            field: status, "headers": {"Content-Type": "text/plain"}, "body": base64.b64encode(body).decode(),
            "duration": 1_000_000, **more,
        }  # fmt: skip
        return {"op": "RunComplete", "id": hashed("complete"), "data": data, "opts": None, "error": None}

    def is_resumed_by(self, call: Call) -> bool:
        """How the SDK tells a call of the server: by a signature of the run's id, in development by the id alone."""
        run = call.headers.get("x-run-id", "")
        keys = self.server.keys
        if keys is None:
            return bool(run)
        fields = dict(urllib.parse.parse_qsl(call.headers.get("x-inngest-signature", "")))
        return sign(keys.signing, run.encode(), int(fields["t"])) == call.headers["x-inngest-signature"]
