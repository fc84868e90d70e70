"""Spans that an app makes while it is called, sent by OTLP."""

import struct
import time
from typing import Any

import httpx

from harness.scripted_app import Answer, Call, Reply, ScriptedApp
from test_checkpoints import complete, record

PATH = "/v1/traces/userland"


def attribute(key: str, value: Any) -> dict[str, Any]:
    kind = "intValue" if isinstance(value, int) else "stringValue"
    return {"key": key, "value": {kind: str(value)}}


def span(call: Call, id: int, name: str, *, parent: int | None = None, step: str | None = None) -> dict[str, Any]:
    """A span as the TypeScript SDK's processor marks it."""
    state = dict(part.split("=") for part in call.headers["tracestate"].split(","))
    attributes = [
        attribute("inngest.traceref", state["inngest@traceref"]),
        attribute("sdk.run.id", call.json["ctx"]["run_id"]),
        attribute("sys.function.id", state["inngest@fn"]),
        attribute("db.rows", 3),
    ]
    if step:
        attributes += [attribute("inngest.step.id", step), attribute("inngest.step.attempt", 0)]
    now = time.time_ns()
    return {
        "traceId": call.headers["traceparent"].split("-")[1],
        "spanId": f"{id:016x}",
        "parentSpanId": f"{parent:016x}" if parent else call.headers["traceparent"].split("-")[2],
        "name": name,
        "kind": 1,
        "startTimeUnixNano": str(now - 5_000_000),
        "endTimeUnixNano": str(now),
        "attributes": attributes,
        "status": {"code": 0},
    }


def export(app: ScriptedApp, *spans: Any) -> httpx.Response:
    body = {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "shop"}, "spans": list(spans)}]}]}
    return app.api.http.post(PATH, json=body)


def children(app: ScriptedApp, run: str) -> list[Any]:
    return app.api.http.get(f"/v2/runs/{run}/trace").json()["data"]["rootSpan"]["children"]


def test_spans_hang_under_the_step_in_which_they_were_made(scripted_app: ScriptedApp) -> None:
    def answer(call: Call) -> Answer:
        if call.json["steps"]:
            return Reply(206, [complete(None)])
        stored = export(
            scripted_app,
            span(call, 1, "inngest.execution"),
            span(call, 2, "charge the card", step="a"),
            span(call, 3, "SELECT", parent=2, step="a"),
        )
        assert (stored.status_code, stored.json()) == (200, {})
        return Reply(206, [record("a", 1)])

    run = scripted_app.run_with(answer)

    spans = children(scripted_app, run.id)
    step = next(child for child in spans if child["name"] == "a")
    [charge] = step["children"]
    assert charge["name"] == "charge the card"
    assert charge["attributes"]["db.rows"] == 3
    assert [child["name"] for child in charge["children"]] == ["SELECT"]
    assert "inngest.execution" in [child["name"] for child in spans]
    page = scripted_app.api.http.get(f"/runs/{run.id}?step=1").text
    assert "charge the card" in page and "SELECT" in page


def test_spans_of_nobody_are_counted(scripted_app: ScriptedApp) -> None:
    answer = export(scripted_app, {"spanId": "0000000000000001", "name": "x"})
    assert answer.json()["partialSuccess"]["rejectedSpans"] == "1"


def test_a_repeated_export_changes_nothing_and_the_number_is_bounded(scripted_app: ScriptedApp) -> None:
    calls: list[Call] = []

    def answer(call: Call) -> Answer:
        calls.append(call)
        return Reply(200, "x")

    run = scripted_app.run_with(answer)
    spans = [span(calls[0], id, f"span {id}") for id in range(1, 1_011)]
    for _ in range(2):
        assert export(scripted_app, *spans).json()["partialSuccess"]["rejectedSpans"] == "10"
    assert len([child for child in children(scripted_app, run.id) if child["name"].startswith("span ")]) == 1_000


def test_the_binary_form_is_answered_in_kind(scripted_app: ScriptedApp) -> None:
    def message(*fields: tuple[int, bytes | int]) -> bytes:
        out = b""
        for number, value in fields:
            if isinstance(value, int):
                out += bytes([number << 3 | 1]) + struct.pack("<Q", value)
            else:
                size = len(value)
                assert size < 16_384
                out += bytes([number << 3 | 2]) + bytes([size & 0x7F | 0x80, size >> 7]) + value
        return out

    calls: list[Call] = []

    def answer(call: Call) -> Answer:
        calls.append(call)
        return Reply(200, "x")

    run = scripted_app.run_with(answer)
    pairs = {"inngest.traceref": "x", "sdk.run.id": run.id, "sys.function.id": "x"}
    attributes = [
        (9, message((1, key.encode()), (2, message((1, value.encode()))))) for key, value in pairs.items()
    ]
    made = message((2, bytes(7) + b"\x09"), (5, b"binary"), (7, 1), (8, 2), *attributes)
    body = message((1, message((2, message((2, made))))))
    headers = {"content-type": "application/x-protobuf"}

    stored = scripted_app.api.http.post(PATH, content=body, headers=headers)
    broken = scripted_app.api.http.post(PATH, content=body[:-3], headers=headers)

    assert (stored.status_code, stored.content) == (200, b"")
    assert stored.headers["content-type"] == "application/x-protobuf"
    assert "binary" in [child["name"] for child in children(scripted_app, run.id)]
    assert broken.status_code == 400 and b"Invalid payload" in broken.content


def test_what_is_no_export_is_refused(scripted_app: ScriptedApp) -> None:
    headers = {"content-type": "application/json"}
    answer = scripted_app.api.http.post(PATH, content="{", headers=headers)
    assert answer.status_code == 400 and answer.json()["message"].startswith("Invalid payload")
    packed = scripted_app.api.http.post(PATH, content="{}", headers={**headers, "content-encoding": "gzip"})
    assert packed.status_code == 415 and "compression" in packed.json()["message"]
