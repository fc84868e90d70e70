"""What no app should answer becomes an error that says what was wrong, and the server goes on."""

import gzip
import itertools
import threading
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from harness.api import Api
from harness.scripted_app import Answer, Call, Reply, ScriptedApp
from harness.sdk_app import SdkApp
from harness.server import Server
from harness.waiting import eventually

MEGABYTE = 1 << 20
A, B = "a" * 40, "b" * 40

READING = "error reading generator opcode response"
VALIDATING = "error validating generator opcode"
STREAMING = "error reading response body to check for status code"
UNREADABLE = "The app's response could not be read"


def head(status: int, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Status", "X-Inngest-SDK: scripted:v1.0.0", "X-Inngest-Req-Version: 2", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def forever(piece: bytes) -> Iterator[bytes]:
    yield head(200, "Content-Type: application/json")
    yield from itertools.repeat(piece)


def step(op: str, id: str = A, **fields: Any) -> dict[str, Any]:
    return {"op": op, "id": id, "name": "step", "displayName": "step", **fields}


def test_a_page_instead_of_an_answer_is_shown_to_who_reads_the_run(scripted_app: ScriptedApp) -> None:
    page = b"<html><body>It works!</body></html>"
    run = scripted_app.run_with(Reply(500, page, {"Content-Type": "text/html"}, sdk=False))
    message = "Your server returned HTTP 500 before the SDK responded."

    assert run.status == "Failed"
    assert run.output["name"] == "Server returned a fatal error"
    assert run.output["error"] == run.output["message"] == message
    assert run.output["stack"].endswith("\n\nUpstream response (text/html):\n" + page.decode())


def test_of_a_long_page_eight_kilobytes_are_shown(scripted_app: ScriptedApp) -> None:
    run = scripted_app.run_with(Reply(500, b"x" * MEGABYTE, {"Content-Type": "text/plain"}, sdk=False))

    assert 8_192 <= run.output["stack"].count("x") < 8_300


@pytest.mark.parametrize("body", [b"<html>hi</html>", b'{"ok":true}', b""])
def test_success_of_something_that_is_no_sdk_is_no_success(scripted_app: ScriptedApp, body: bytes) -> None:
    assert scripted_app.run_with(Reply(200, body, sdk=False)).status == "Failed"


def test_an_error_of_the_app_is_shown_as_it_is(scripted_app: ScriptedApp) -> None:
    error = {"name": "E", "message": "m", "stack": "s", "extra": {"n": [1, None]}}
    run = scripted_app.run_with(Reply(500, error))

    assert (run.status, run.output) == ("Failed", error)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        pytest.param(Reply(206, b""), "no response data", id="206 without a body"),
        pytest.param(Reply(206, b"7"), f"{READING}: expected JSON object or array", id="206 with a number"),
        pytest.param(Reply(206, b"[{]"), READING, id="206 with no JSON"),
        pytest.param(Reply(206, [None]), READING, id="a null among steps"),
        pytest.param(
            Reply(206, [step("Bogus")]), f"{READING}: Bogus does not belong to Opcode values", id="an unknown op"
        ),
        pytest.param(
            Reply(206, [step("StepError")]),
            "OpcodeStepError received without Error field set",
            id="an error without one",
        ),
        pytest.param(
            Reply(206, [step("StepRun", opts={"input": 7})]), f"{VALIDATING} {A}", id="an input that is no list"
        ),
        pytest.param(
            Reply(206, [step("StepRun", data="x" * (4 * MEGABYTE))]),
            f"{VALIDATING} {A}: step output size is greater than the limit",
            id="a result of more than 4 MiB",
        ),
        pytest.param(Reply(206, [step("Sleep", name="a while")]), "a while", id="a sleep of no duration"),
        pytest.param(Reply(201, b"   {"), f"error parsing stream: {STREAMING}", id="a stream that breaks off"),
        pytest.param(Reply(201, {"error": "it broke"}), "error parsing stream: it broke", id="a stream with an error"),
        pytest.param(Reply(200, b"x", {"Content-Encoding": "deflate"}), "deflate", id="another packing"),
        pytest.param(Reply(200, b"x", {"Content-Encoding": "gzip"}), UNREADABLE, id="packed nonsense"),
        pytest.param(b"220 mail.example.com ESMTP\r\n", UNREADABLE, id="no HTTP"),
        pytest.param(head(200, "Content-Length: 100") + b"{", UNREADABLE, id="half a body"),
        pytest.param(head(200, "Transfer-Encoding: chunked") + b"zz\r\n", UNREADABLE, id="no chunk size"),
        pytest.param(head(200, "X: " + "x" * 100_000, "Content-Length: 0"), UNREADABLE, id="a huge header"),
        pytest.param(None, "Unable to reach SDK URL", id="nothing"),
    ],
)
def test_an_answer_that_breaks_the_protocol_says_how(scripted_app: ScriptedApp, reply: Answer, message: str) -> None:
    run = scripted_app.run_with(reply)

    assert run.status == "Failed"
    assert message in run.output["message"]


def test_of_a_reply_with_one_bad_step_nothing_is_kept(scripted_app: ScriptedApp) -> None:
    answers = iter([Reply(206, [step("StepRun", A, data=1), step("Bogus", B)]), Reply(200, "done")])
    scripted_app.function(lambda call: next(answers), retries=1)
    scripted_app.run()

    assert [call.json["steps"] for call in scripted_app.calls] == [{}, {}]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda call: Reply(200, b'"' + b"x" * (9 * MEGABYTE) + b'"'), id="9 MiB"),
        pytest.param(lambda call: forever(b"x" * MEGABYTE), id="without end"),
        pytest.param(lambda call: forever(b" " * MEGABYTE), id="spaces without end"),
        pytest.param(
            lambda call: Reply(200, gzip.compress(b" " * (200 * MEGABYTE)), {"Content-Encoding": "gzip"}),
            id="200 MiB packed in 200 KiB",
        ),
        pytest.param(
            lambda call: Reply(201, gzip.compress(b" " * (200 * MEGABYTE)), {"Content-Encoding": "gzip"}),
            id="a stream of 200 MiB packed in 200 KiB",
        ),
    ],
)
def test_an_answer_that_is_too_large_is_cut_off(scripted_app: ScriptedApp, answer: Any) -> None:
    run = scripted_app.run_with(answer, within=30)

    assert run.status == "Failed"
    assert run.output["name"] == "output_too_large"


def test_an_answer_of_nearly_eight_megabytes_is_taken(scripted_app: ScriptedApp) -> None:
    run = scripted_app.run_with(Reply(200, "x" * (8 * MEGABYTE - 10)), within=30)

    assert run.status == "Completed"
    assert len(run.output) == 8 * MEGABYTE - 10


def test_a_packed_answer_is_unpacked(scripted_app: ScriptedApp) -> None:
    run = scripted_app.run_with(Reply(200, gzip.compress(b'{"packed":true}'), {"Content-Encoding": "gzip"}))

    assert (run.status, run.output) == ("Completed", {"packed": True})


def test_a_packed_answer_that_breaks_off_is_an_error(scripted_app: ScriptedApp) -> None:
    packed = gzip.compress(zlib.compress(bytes(range(256)) * 100))[:-20]
    run = scripted_app.run_with(Reply(200, packed, {"Content-Encoding": "gzip"}))

    assert run.status == "Failed"


def test_a_result_that_is_nested_too_deeply_is_shown_as_text(scripted_app: ScriptedApp) -> None:
    run = scripted_app.run_with(Reply(200, b"[" * 100_000 + b"]" * 100_000))

    assert (run.status, run.output) == ("Completed", "[" * 100_000 + "]" * 100_000)


def test_steps_with_nesting_without_end_are_refused(scripted_app: ScriptedApp) -> None:
    run = scripted_app.run_with(Reply(206, b'[{"op":"StepRun","id":"a","data":' + b"[" * 100_000))

    assert run.status == "Failed"


def test_a_thousand_steps_in_one_answer_are_too_many(scripted_app: ScriptedApp) -> None:
    run = scripted_app.run_with(Reply(206, [step("StepPlanned", f"{number:040x}") for number in range(1_001)]))

    assert run.status == "Failed"
    assert run.output["name"] == "InngestErrFunctionOverflowed"


def test_a_function_that_reports_new_steps_for_ever_is_stopped(scripted_app: ScriptedApp) -> None:
    def next_hundred(call: Call) -> Answer:
        known = len(call.json["ctx"]["stack"]["stack"])
        return Reply(206, [step("StepRun", f"{number:040x}", data=0) for number in range(known, known + 100)])

    run = scripted_app.run_with(next_hundred, within=40)

    assert run.status == "Failed"
    assert run.output["name"] == "InngestErrFunctionOverflowed"
    assert run.output["message"] == "The function run exceeded the step limit of 1000 steps."


def test_an_app_that_always_asks_to_be_called_again_is_stopped(scripted_app: ScriptedApp) -> None:
    run = scripted_app.run_with(Reply(206, []), within=30)

    assert run.status == "Failed"
    assert len(scripted_app.calls) < 1_000


def test_an_app_that_repeats_what_is_known_is_stopped(scripted_app: ScriptedApp) -> None:
    run = scripted_app.run_with(Reply(206, [step("StepRun", A, data=1)]))

    assert run.status == "Failed"
    assert len(scripted_app.calls) == 2


def test_a_redirect_is_followed_and_a_circle_of_them_is_an_error(scripted_app: ScriptedApp) -> None:
    circle = Reply(307, b"", {"Location": scripted_app.url + "?fnId=" + f"{scripted_app.id}-main"}, sdk=False)
    run = scripted_app.run_with(circle)

    assert run.status == "Failed"
    assert 2 <= len(scripted_app.calls) <= 61


def test_apps_that_never_answer_do_not_stop_the_others(
    scripted_app: ScriptedApp, app: SdkApp, api: Api, server: Server
) -> None:
    release = threading.Event()

    def drip(call: Call) -> Iterator[bytes]:
        yield head(200, "Content-Length: 100000")
        while not release.wait(0.1):
            yield b" "

    scripted_app.function(drip)
    api.send([{"name": scripted_app.event}] * 20)
    eventually(lambda: len(scripted_app.calls) == 20, "all drip")

    @app.function()
    async def main(ctx: Any) -> str:
        return "quick"

    assert app.run(within=5).output == "quick"
    release.set()


def test_memory_stays_bounded_whatever_apps_answer(scripted_app: ScriptedApp, server: Server) -> None:
    """After everything above, and after ten of the worst answers at once."""
    process = server.pid
    bomb = gzip.compress(b" " * (200 * MEGABYTE))
    scripted_app.function(lambda call: Reply(200, bomb, {"Content-Encoding": "gzip"}))
    events = scripted_app.api.send([{"name": scripted_app.event}] * 10)
    for event in events:
        assert scripted_app.api.wait_for_run(event, within=30).status == "Failed"

    assert server.is_running and server.pid == process
    eventually(
        lambda: server.resident_megabytes < 300,
        f"the server needs less than 300 MB; it has {server.resident_megabytes:.0f} MB",
    )
