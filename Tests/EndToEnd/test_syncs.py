"""How the server learns what an app's functions are, and what changes when they change."""

import datetime
from collections.abc import Callable

import inngest
import pytest

from harness.ports import free_usual_port
from harness.sdk_app import SdkApp
from harness.server import Server
from harness.waiting import eventually

pytestmark = pytest.mark.both_modes


def declare(app: SdkApp, fn_id: str, event: str) -> inngest.Function[str]:
    """A function that returns its own id."""

    @app.function(fn_id, event=event)
    async def function(ctx: inngest.Context) -> str:
        return fn_id

    return function


def outputs(app: SdkApp, event: str, count: int) -> list[str]:
    """What the functions return that an event starts."""
    return sorted(run.output for run in app.api.wait_for_runs(app.send(name=event), count))


def test_a_sync_makes_the_apps_functions_known(app: SdkApp) -> None:
    declare(app, "main", app.event)

    answer = app.deploy()
    function = app.api.functions()[f"{app.id}-main"]

    assert answer["ok"] is True and answer["modified"] is True
    assert function["name"] == "main"
    assert function["triggers"] == [{"event": app.event}]
    [step] = function["steps"]
    assert step["uri"] == f"http://localhost:{app.port}/api/inngest?fnId={app.id}-main&stepId=step"


def test_a_sync_of_the_same_functions_changes_nothing(app: SdkApp) -> None:
    declare(app, "main", app.event)
    first = app.deploy()
    second = app.sync()

    assert second["modified"] is False
    assert second["app_id"] == first["app_id"]


def test_an_added_function_listens_from_then_on(app: SdkApp) -> None:
    declare(app, "first", app.event)
    app.deploy()
    assert outputs(app, app.event, 1) == ["first"]

    declare(app, "second", app.event)
    assert app.deploy()["modified"] is True
    assert outputs(app, app.event, 2) == ["first", "second"]


def test_a_removed_function_listens_no_more(app: SdkApp) -> None:
    declare(app, "stays", app.event)
    removed = declare(app, "goes", app.event)
    app.deploy()
    assert outputs(app, app.event, 2) == ["goes", "stays"]

    app.functions.remove(removed)
    app.deploy()

    assert outputs(app, app.event, 1) == ["stays"]
    assert f"{app.id}-goes" not in app.api.functions()


def test_a_changed_trigger_counts_from_then_on(app: SdkApp) -> None:
    declare(app, "main", f"{app.id}/before")
    app.deploy()
    known = app.api.functions()[f"{app.id}-main"]

    app.functions.clear()
    declare(app, "main", f"{app.id}/after")
    app.deploy()

    assert outputs(app, f"{app.id}/after", 1) == ["main"]
    assert app.api.runs_of(app.send(name=f"{app.id}/before")) == []
    assert app.api.functions()[f"{app.id}-main"]["id"] == known["id"]


def test_a_removed_function_that_is_added_again_is_the_same_function(app: SdkApp) -> None:
    function = declare(app, "main", app.event)
    declare(app, "other", f"{app.id}/other")
    app.deploy()
    known = app.api.functions()[function.id]["id"]

    app.functions.remove(function)
    app.deploy()
    app.functions.append(function)
    app.deploy()

    assert app.api.functions()[function.id]["id"] == known
    assert outputs(app, app.event, 1) == ["main"]


def test_a_run_that_began_before_its_function_was_removed_still_ends(app: SdkApp) -> None:
    """The instance that is about to be replaced still serves the function; the new one does not list it."""

    @app.function("goes")
    async def goes(ctx: inngest.Context) -> str:
        await ctx.step.sleep("pause", datetime.timedelta(seconds=1))
        return "ended"

    declare(app, "stays", f"{app.id}/other")
    app.deploy()
    event = app.send()
    app.api.wait_for_start(event)

    app.functions.remove(goes)
    app.deploy()
    app.functions.append(goes)
    app.serve()

    run = app.api.wait_for_run(event)
    assert (run.status, run.output) == ("Completed", "ended")


def test_a_run_whose_function_the_app_has_forgotten_fails_and_says_so(app: SdkApp) -> None:
    @app.function("goes", retries=0)
    async def goes(ctx: inngest.Context) -> None:
        await ctx.step.sleep("pause", datetime.timedelta(seconds=1))

    declare(app, "stays", f"{app.id}/other")
    app.deploy()
    event = app.send()
    app.api.wait_for_start(event)

    app.functions.remove(goes)
    app.deploy()

    run = app.api.wait_for_run(event)
    assert run.status == "Failed"
    assert run.output["code"] == "function_not_found"


def test_an_app_that_moved_is_called_at_its_new_address(make_app: Callable[..., SdkApp], server: Server) -> None:
    before, after = make_app(server), make_app(server)
    after.id, after.event, after.client = before.id, before.event, before.client
    called: list[str] = []

    for app, place in ((before, "before"), (after, "after")):

        @app.function()
        async def main(ctx: inngest.Context, place: str = place) -> str:
            called.append(place)
            return place

    assert before.run().output == "before"
    assert after.run().output == "after"
    assert called == ["before", "after"]


def test_two_apps_may_have_functions_of_the_same_id(make_app: Callable[..., SdkApp], server: Server) -> None:
    first, second = make_app(server), make_app(server)
    for app in (first, second):

        @app.function("main", event=first.event)
        async def main(ctx: inngest.Context, id: str = app.id) -> str:
            return id

        app.deploy()

    assert outputs(first, first.event, 2) == sorted([first.id, second.id])


# Syncs that the server asks for


def test_the_server_syncs_the_app_that_it_is_started_with(
    make_app: Callable[..., SdkApp], prepare_server: Callable[..., Server]
) -> None:
    """Also when the app starts after the server."""
    server = prepare_server("--no-discovery", "--poll-interval", "1")
    app = make_app(server)
    declare(app, "main", app.event)
    server.start("-u", app.url)

    app.serve()

    eventually(lambda: f"{app.id}-main" in app.api.functions(), "the app is synced")
    assert outputs(app, app.event, 1) == ["main"]


def test_the_server_notices_when_an_apps_functions_change(
    make_app: Callable[..., SdkApp], prepare_server: Callable[..., Server]
) -> None:
    server = prepare_server("--no-discovery", "--poll-interval", "1")
    app = make_app(server)
    declare(app, "first", app.event)
    server.start("-u", app.url)
    app.serve()
    eventually(lambda: f"{app.id}-first" in app.api.functions(), "the app is synced")

    declare(app, "second", app.event)
    app.serve()

    eventually(lambda: f"{app.id}-second" in app.api.functions(), "the new function is noticed")
    assert outputs(app, app.event, 2) == ["first", "second"]


@pytest.mark.usefixtures("usual_ports")
def test_the_server_finds_an_app_on_a_usual_port(
    make_app: Callable[..., SdkApp], start_server: Callable[..., Server]
) -> None:
    port = free_usual_port()
    if port is None:
        pytest.skip("other programs listen on every port that the server searches")
    server = start_server("--poll-interval", "1")
    app = make_app(server, port=port)
    declare(app, "main", app.event)

    app.serve()

    eventually(lambda: f"{app.id}-main" in app.api.functions(), "the app is found")
    assert outputs(app, app.event, 1) == ["main"]
