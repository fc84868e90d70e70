"""The dashboard in a browser: pages load clean, live rows arrive, actions work, and data stays data."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import inngest
import pytest
from axe_playwright_python.sync_playwright import Axe
from harness.api import Api
from harness.ports import free_port
from harness.scripted_app import Call, Reply, ScriptedApp
from harness.sdk_app import SdkApp
from harness.server import Server
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

MARKUP = "<script>document.title = 'broken'</script><img src=x onerror=\"document.title='broken'\">\"'&"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM, "chromium is missing: run Scripts/install-system-packages.sh"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--disable-gpu", "--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A page whose console has to stay silent: breaches of the content policy are errors there, too."""
    context = browser.new_context(base_url=server.url, viewport={"width": 1300, "height": 900})
    page = context.new_page()
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert not complaints


def deploy(app: SdkApp) -> None:
    """One function with a step that fails once, and one that waits for an event that never comes."""
    tries: list[int] = []

    @app.function("main")
    def main(ctx: inngest.ContextSync) -> dict[str, str]:
        def mail() -> dict[str, str]:
            tries.append(1)
            if len(tries) == 1:
                raise RuntimeError(f"the mail server is busy {MARKUP}")
            return {"sent": MARKUP}

        ctx.step.run(f"mail {MARKUP}", mail)
        return {"done": MARKUP}

    @app.function("waiting", event=f"{app.event}.long")
    def waiting(ctx: inngest.ContextSync) -> None:
        ctx.step.wait_for_event("approval", event=f"{app.event}.never", timeout=3_600_000)

    app.deploy()


@pytest.fixture
def shop(app: SdkApp) -> SdkApp:
    deploy(app)
    return app


def finished_run(app: SdkApp, api: Api) -> str:
    event = api.send({"name": app.event, "data": {"note": MARKUP, MARKUP: [1, {"deep": True}]}})[0]
    return api.wait_for_run(event).id


def waiting_run(app: SdkApp, api: Api) -> str:
    run = api.wait_for_start(api.send({"name": f"{app.event}.long", "data": {}})[0]).id
    api.wait_for_waiting(run, "event")
    return run


def test_every_page_loads_and_data_stays_data(shop: SdkApp, api: Api, page: Page) -> None:
    run = finished_run(shop, api)
    event = api.data(f"/v1/runs/{run}")["event_id"]
    slug = f"{shop.id}-main"
    for path, heading in [
        ("/", "Overview"),
        ("/runs", "Runs"),
        (f"/runs?panel={run}", "Runs"),
        (f"/runs/{run}", slug),
        (f"/runs/{run}?step=1", slug),
        ("/events", "Events"),
        (f"/events?panel={event}", "Events"),
        (f"/events/{event}", shop.event),
        (f"/events/send?like={event}", "Send an event"),
        ("/functions", "Functions"),
        (f"/functions/{slug}", ""),
        ("/apps", "Apps"),
        ("/schedules", "Schedules"),
        ("/settings", "Settings"),
        ("/find?q=" + shop.id[:12], "Found"),
    ]:
        answer = page.goto(path)
        assert answer and answer.status == 200, path
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        if heading:
            expect(page.locator("h1").first).to_contain_text(heading)
        assert "broken" not in page.title(), path
        assert page.locator("img").count() == 0, path
    page.goto(f"/runs/{run}")
    expect(page.locator(".payload").first).to_contain_text("document.title = 'broken'")


def test_a_live_row_arrives_and_changes(shop: SdkApp, api: Api, page: Page) -> None:
    finished_run(shop, api)
    page.goto(f"/runs?function={shop.id}-waiting")
    page.goto("/runs")
    expect(page.locator("#fresh")).to_have_text("Live")
    run = waiting_run(shop, api)
    row = page.locator(f"#run-{run}")
    expect(row).to_contain_text("Waiting")
    expect(row).to_contain_text("approval")
    assert api.http.delete(f"/v1/runs/{run}").status_code < 300
    expect(row).to_contain_text("Cancelled")


def test_a_run_is_cancelled_from_its_page(shop: SdkApp, api: Api, page: Page) -> None:
    run = waiting_run(shop, api)
    page.goto(f"/runs/{run}")
    expect(page.locator(".why")).to_contain_text("waits for the event")
    page.get_by_text("Cancel…").first.click()
    page.get_by_role("button", name="Cancel it").click()
    expect(page.locator(".notice")).to_contain_text("cancelled")
    expect(page.locator("#run header .state").first).to_contain_text("Cancelled")
    assert api.wait_for_end(run).status == "Cancelled"


def test_a_living_run_changes_on_its_page(shop: SdkApp, api: Api, page: Page) -> None:
    run = waiting_run(shop, api)
    page.goto(f"/runs/{run}")
    expect(page.locator("#fresh")).to_have_text("Live")
    api.send({"name": f"{shop.event}.never", "data": {}})
    expect(page.locator("#run header .state").first).to_contain_text("Completed")


def test_a_run_opens_in_a_panel_and_a_step_beside_its_timeline(shop: SdkApp, api: Api, page: Page) -> None:
    run = finished_run(shop, api)
    page.goto(f"/runs?function={shop.id}-main")
    page.locator(f"#run-{run} a.row").click()
    expect(page.locator("#panel .waterfall")).to_be_visible()
    assert f"panel={run}" in page.url
    page.locator("#panel a[data-step]").first.click()
    expect(page.locator("#panel #step .attempts")).to_contain_text("the mail server is busy")
    assert f"function={shop.id}-main" in page.url


def test_an_event_is_sent_from_the_form(shop: SdkApp, api: Api, page: Page) -> None:
    page.goto(f"/events/send?name={shop.event}")
    page.get_by_label("Data, JSON").fill('{"from": "the form"')
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_label("Data, JSON").fill('{"from": "the form"}')
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".notice")).to_contain_text("stored")
    event = page.url.rsplit("/", 1)[1]
    assert api.data(f"/v1/events/{event}")["data"] == {"from": "the form"}
    assert api.wait_for_run(event).status == "Completed"


def test_a_function_is_paused_and_resumed(shop: SdkApp, api: Api, page: Page) -> None:
    slug = f"{shop.id}-main"
    page.goto(f"/functions/{slug}")
    page.get_by_text("Pause…").click()
    page.get_by_role("button", name="Pause it").click()
    expect(page.locator("header.page .state")).to_contain_text("Paused")
    page.get_by_text("Resume…").click()
    page.get_by_role("button", name="Resume it").click()
    expect(page.locator("header.page .state")).to_contain_text("Active")
    page.goto("/settings")
    expect(page.locator("#audit")).to_contain_text("function.paused")


@pytest.mark.parametrize(
    "path",
    ["/", "/runs", "run", "/runs/cancel", "/replays", "/events", "/functions", "function", "/apps", "/settings"],
)
def test_pages_are_accessible(path: str, shop: SdkApp, api: Api, page: Page) -> None:
    run = finished_run(shop, api)
    waiting_run(shop, api)
    page.goto({"run": f"/runs/{run}?step=1", "function": f"/functions/{shop.id}-main"}.get(path, path))
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_posts_from_elsewhere_do_nothing(shop: SdkApp, server: Server, api: Api) -> None:
    run = waiting_run(shop, api)
    for headers in [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}]:
        answer = httpx.post(f"{server.url}/runs/{run}/cancel", headers=headers)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers
    assert not api.run(run).has_ended


def test_what_is_missing_is_said_in_a_page(server: Server) -> None:
    for path in ["/runs/01M7Q4ZC6VX5V6Y2W8K3J9T0AB", "/runs/x", "/events/%3Cscript%3E", "/functions/none"]:
        answer = httpx.get(server.url + path)
        assert answer.status_code == 404
        assert "There is no" in answer.text
        assert "<script>" not in answer.text
    assert httpx.get(f"{server.url}/runs?from=never").status_code == 400
    assert httpx.get(f"{server.url}/assets/none.css").status_code == 404


def test_many_runs_are_cancelled_after_a_preview(shop: SdkApp, server: Server, api: Api, page: Page) -> None:
    runs = [waiting_run(shop, api) for _ in range(2)]
    page.goto(f"/runs?function={shop.id}-waiting&query=event.name%20!=%20'x'")
    page.get_by_text("Cancel many…").click()
    expect(page.locator(".count")).to_have_text("2 living runs")
    later = waiting_run(shop, api)
    page.get_by_label("Type cancel 2 to confirm").fill("cancel 3")
    expect(page.get_by_role("button", name="Cancel them")).to_be_disabled()
    page.get_by_label("Type cancel 2 to confirm").fill("cancel 2")
    page.get_by_role("button", name="Cancel them").click()
    expect(page.locator(".notice")).to_contain_text("being cancelled")
    for run in runs:
        assert api.wait_for_end(run).status == "Cancelled"
    assert not api.run(later).has_ended


def test_a_confirmation_is_checked_by_the_server(shop: SdkApp, server: Server, api: Api) -> None:
    run = waiting_run(shop, api)
    fields = {"function": f"{shop.id}-waiting", "until": "0s", "confirmation": "cancel 1", "confirm": "yes"}
    assert httpx.post(f"{server.url}/runs/cancel", data=fields).status_code == 400
    timeless = {**fields, "confirm": "cancel 1", "until": ""}
    assert httpx.post(f"{server.url}/runs/cancel", data=timeless).status_code == 400
    # What is queued after the time of the preview is left alone.
    earlier = {**fields, "confirm": "cancel 1", "until": "2020-01-01T00:00:00Z"}
    assert httpx.post(f"{server.url}/runs/cancel", data=earlier).status_code == 303
    assert not api.run(run).has_ended


def test_the_server_ends_quickly_while_somebody_watches(start_server: Callable[..., Server]) -> None:
    server = start_server()
    with httpx.stream("GET", f"{server.url}/live/runs", timeout=30) as stream:
        assert next(stream.iter_lines()) == ": here"
        assert server.terminate(within=10) == 0


# Long runs


def test_a_run_of_very_many_steps_is_shown_in_parts(scripted_app: ScriptedApp, page: Page) -> None:
    """The rows that are looked at are in the page; with JavaScript the others come as they are scrolled to."""
    steps = {hashlib.sha1(f"nap {number}".encode()).hexdigest(): f"nap {number}" for number in range(900)}

    def answer(call: Call) -> Reply:
        if len(call.json["steps"]) < len(steps):
            ops = [{"op": "Sleep", "id": id, "name": "5ms", "displayName": name} for id, name in steps.items()]
            return Reply(206, ops)
        return Reply(200, "done")

    run = scripted_app.run_with(answer, within=60)
    assert run.output == "done"
    body = httpx.get(f"{scripted_app.api.url}/runs/{run.id}").text
    assert body.count('<li class="step"') == 100
    # The calls that planned and ended it are rows as well.
    [more] = re.findall("([0-9]+) further steps", body)
    assert 800 <= int(more) < 850
    assert len(body) < 150_000
    further = httpx.get(f"{scripted_app.api.url}/runs/{run.id}?row=800").text
    assert "800 earlier steps" in further and "nap 850" in further and "nap 100<" not in further

    page.goto(f"/runs/{run.id}")
    expect(page.locator("#step-100")).to_be_attached()
    page.locator(".shape a").last.click()
    expect(page.locator("#step-900")).to_be_visible()
    expect(page.locator("#step-401")).not_to_be_attached()
    page.locator("#step-900 a").click()
    expect(page.locator("#step")).to_contain_text("sleep")
    page.goto(page.url)
    expect(page.locator("#step-900")).to_be_in_viewport()


# Events


def test_events_arrive_live_with_what_became_of_them(shop: SdkApp, api: Api, page: Page) -> None:
    finished_run(shop, api)
    page.goto(f"/events?name={shop.event}")
    expect(page.locator("#fresh")).to_have_text("Live")
    expect(page.locator(".histogram svg")).to_have_attribute("aria-label", "1 event came in")
    event = api.send({"name": shop.event, "data": {}})[0]
    row = page.locator(f"#event-{event}")
    expect(row).to_contain_text(f"{shop.id}-main")
    expect(row.locator(".outcomes .completed")).to_be_attached()
    unheard = api.send({"name": f"{shop.event}.unheard", "data": {}})[0]
    page.goto("/events")
    expect(page.locator(f"#event-{unheard}")).to_contain_text("no function listens")
    other = api.send({"name": f"{shop.event}.unheard", "data": {}})[0]
    expect(page.locator(f"#event-{other}")).to_be_visible()


def test_an_event_says_which_runs_it_resumed(shop: SdkApp, api: Api, page: Page) -> None:
    run = waiting_run(shop, api)
    event = api.send({"name": f"{shop.event}.never", "data": {"by": "ada"}})[0]
    api.wait_for_end(run)
    page.goto(f"/events/{event}")
    expect(page.locator("tr", has_text="Resumed")).to_contain_text(run[-7:])


def test_an_event_says_which_runs_it_cancelled(app: SdkApp, api: Api, page: Page) -> None:
    @app.function(cancel=[inngest.Cancel(event=f"{app.event}.stop")])
    def main(ctx: inngest.ContextSync) -> None:
        ctx.step.sleep("nap", 3_600_000)

    app.deploy()
    run = api.wait_for_start(app.send()).id
    api.wait_for_waiting(run, "sleep")
    event = api.send({"name": f"{app.event}.stop", "data": {}})[0]
    assert api.wait_for_end(run).status == "Cancelled"
    page.goto(f"/events/{event}")
    expect(page.locator("tr", has_text="Cancelled")).to_contain_text(run[-7:])


def test_an_event_is_sent_again(shop: SdkApp, api: Api, page: Page) -> None:
    first = api.send({"name": shop.event, "data": {"n": 12345678901234567890}, "id": f"{shop.id}-once"})[0]
    api.wait_for_run(first)
    page.goto(f"/events/{first}")
    page.get_by_text("Send again…").click()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".notice")).to_contain_text("stored")
    again = page.url.rsplit("/", 1)[1]
    assert again != first
    assert api.wait_for_run(again).status == "Completed"
    assert "12345678901234567890" in api.http.get(f"/v1/events/{again}").text


# What can be taken elsewhere


def test_a_run_is_copied_as_a_link_a_command_and_a_test(
    shop: SdkApp, server: Server, api: Api, page: Page, tmp_path: Path
) -> None:
    run = finished_run(shop, api)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/runs?function={shop.id}-main&panel={run}&step=1")

    def copied(label: str) -> str:
        button = page.get_by_role("link", name=label)
        button.click()
        expect(page.get_by_text("Copied", exact=True)).to_be_visible()
        expect(page.get_by_text("Copied", exact=True)).not_to_be_visible()
        return page.evaluate("navigator.clipboard.readText()")

    assert copied("Copy link") == f"{server.url}/runs/{run}?step=1"
    answer = subprocess.run(["sh", "-c", copied("Copy as curl")], capture_output=True, text=True, check=True)
    again = json.loads(answer.stdout)["ids"][0]
    assert again != api.data(f"/v1/runs/{run}")["event_id"]
    assert api.data(f"/v1/events/{again}")["data"]["note"] == MARKUP

    test = tmp_path / "test_copy.py"
    test.write_text(copied("Copy as a test"))
    command = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "--rootdir", str(tmp_path), str(test)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
    # A test that cannot fail is none.
    test.write_text(test.read_text().replace('"done"', '"undone"'))
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1, result.stdout


def test_a_run_of_an_unknown_sdk_is_copied_as_json(scripted_app: ScriptedApp, api: Api) -> None:
    run = scripted_app.run_with(Reply(200, {"n": 1}))
    copy = api.http.get(f"/runs/{run.id}/copy").json()
    assert copy["status"] == "Completed" and copy["output"] == {"n": 1}
    assert copy["events"][0]["name"] == scripted_app.event
    assert api.http.get(f"/runs/{run.id}/curl").text.startswith("curl http://")


# Invocations, functions, apps


def test_an_invoked_run_stands_below_the_step_that_invoked_it(app: SdkApp, api: Api, page: Page) -> None:
    @app.function("child", event=f"{app.event}.child")
    def child(ctx: inngest.ContextSync) -> str:
        return ctx.step.run("inner", lambda: "made")

    @app.function("main")
    def main(ctx: inngest.ContextSync) -> object:
        return ctx.step.invoke("ask", function=child)

    run = app.run()
    assert run.output == "made"
    page.goto(f"/runs/{run.id}")
    below = page.locator(".step.child")
    expect(below).to_contain_text(f"{app.id}-child")
    assert below.locator("rect.call").count() >= 1
    below.locator("a").click()
    expect(page.locator("h1")).to_contain_text(f"{app.id}-child")
    expect(page.locator(".linked")).to_contain_text("invoked by")


def test_a_function_shows_how_it_fares_and_what_its_steps_are(shop: SdkApp, api: Api, page: Page) -> None:
    finished_run(shop, api)
    page.goto(f"/functions/{shop.id}-main?window=1h")
    expect(page.locator("#figures")).to_contain_text("100.00 %")
    expect(page.locator(".windows [aria-current]")).to_have_text("1h")
    expect(page.locator(".graph a")).to_have_count(2)
    expect(page.locator(".graph path")).to_have_count(1)
    page.locator(".windows a", has_text="7d").click()
    expect(page.locator("h2", has_text="Runs,")).to_have_text("Runs, the last 7 days")


def test_an_app_that_cannot_be_reached_is_explained(start_server: Callable[..., Server], browser: Browser) -> None:
    server = start_server()
    context = browser.new_context(base_url=server.url)
    page = context.new_page()
    page.goto("/apps")
    page.get_by_text("Add by URL…").click()
    page.get_by_label("URL").fill(f"http://127.0.0.1:{free_port()}/api/inngest")
    page.get_by_role("button", name="Add it").click()
    expect(page.locator(".app .error")).to_have_text("unreachable")
    expect(page.locator(".app .advice")).to_contain_text("Nothing answers at this address")
    context.close()


def test_the_overview_says_how_long_commits_take_and_how_large_the_store_is(shop: SdkApp, page: Page, api: Api) -> None:
    finished_run(shop, api)
    page.goto("/")
    expect(page.locator("#figures li", has_text="Commits take")).to_contain_text(" ms")
    expect(page.locator("#figures li", has_text="Store")).to_contain_text("B")


# Repeating


@pytest.fixture
def payment(app: SdkApp) -> list[str]:
    """A function whose second step fails until the card is good; what has been done."""
    done: list[str] = []

    @app.function("main", retries=0)
    def main(ctx: inngest.ContextSync) -> object:
        price = ctx.step.run("price", lambda: done.append("price") or 7)

        def charge(price: int) -> int:
            done.append("charge")
            if "good" not in done:
                raise ValueError("the card was declined")
            return price

        return ctx.step.run("charge", charge, price)

    @app.function("sleeper", event=f"{app.event}.sleep")
    def sleeper(ctx: inngest.ContextSync) -> str:
        ctx.step.sleep("nap", 3_600_000)
        return "awake"

    app.deploy()
    return done


def follow_to_the_new_run(page: Page, api: Api, old: str) -> str:
    expect(page.locator(".notice")).to_contain_text("A new run has started")
    new = page.url.rsplit("/", 1)[1]
    assert new != old
    api.wait_for_end(new)
    page.reload()
    expect(page.locator(".linked")).to_contain_text("repeats")
    return new


def test_a_run_is_repeated_from_its_failure_its_beginning_and_a_step(
    app: SdkApp, api: Api, page: Page, payment: list[str]
) -> None:
    failed = app.run()
    assert failed.status == "Failed"
    payment.append("good")
    page.goto(f"/runs/{failed.id}")
    page.get_by_text("Run from its failure…").click()
    page.get_by_role("button", name="Start a new run").click()
    second = follow_to_the_new_run(page, api, failed.id)
    assert api.run(second).output == 7
    assert payment == ["price", "charge", "good", "charge"]

    page.goto(f"/runs/{second}")
    page.get_by_text("Run again…").first.click()
    page.get_by_role("button", name="Start a new run").click()
    assert api.run(follow_to_the_new_run(page, api, second)).output == 7
    assert payment[4:] == ["price", "charge"]

    page.goto(f"/runs/{failed.id}")
    expect(page.locator(".linked")).to_contain_text("is repeated by")
    page.locator("a[data-step]", has_text="charge").click()
    page.locator("#step").get_by_text("Run again from here…").click()
    page.get_by_label("Other arguments, optional").fill("[11]")
    page.get_by_role("button", name="Start a new run").click()
    third = follow_to_the_new_run(page, api, failed.id)
    [origin] = [entry for entry in api.journal(third) if entry["kind"] == "origin"]
    assert (origin["run_id"], origin["from"], origin["input"]) == (failed.id, "step", [11])
    assert "price" not in payment[6:]


def test_a_run_that_sleeps_is_woken(app: SdkApp, api: Api, page: Page, payment: list[str]) -> None:
    run = api.wait_for_start(api.send({"name": f"{app.event}.sleep", "data": {}})[0]).id
    api.wait_for_waiting(run, "sleep")
    page.goto(f"/runs/{run}")
    page.get_by_text("Wake…").click()
    page.get_by_role("button", name="Wake it").click()
    expect(page.locator(".notice")).to_contain_text("woken")
    assert api.wait_for_end(run).output == "awake"


def test_many_runs_are_repeated_after_a_preview(
    app: SdkApp, server: Server, api: Api, page: Page, payment: list[str]
) -> None:
    failed = [app.run() for _ in range(2)]
    payment.append("good")
    page.goto(f"/runs?status=failed&function={app.id}-main")
    page.get_by_text("Repeat many…").click()
    expect(page.locator(".count")).to_have_text("2 runs")
    page.get_by_label("Type repeat 2 to confirm").fill("repeat 2")
    page.get_by_role("button", name="Repeat them").click()
    expect(page.locator(".notice")).to_contain_text("2 runs are being repeated")
    row = page.locator("tr", has_text=f"{app.id}-main")
    expect(row).to_contain_text("2 of 2")
    expect(row).to_contain_text("Finished")
    for run in failed:
        page.goto(f"/runs/{run.id}")
        expect(page.locator(".linked")).to_contain_text("Completed")
    fields = {"function": f"{app.id}-main", "status": "failed", "confirmation": "repeat 2", "confirm": "no"}
    assert httpx.post(f"{server.url}/replays", data=fields).status_code == 400
    assert httpx.get(f"{server.url}/replays/new").status_code == 400


def test_a_replay_is_paused_and_stopped_from_its_page(
    app: SdkApp, api: Api, page: Page, payment: list[str]
) -> None:
    for _ in range(3):
        app.run()
    order = {"function_id": f"{app.id}-main", "per_minute": 1}
    assert api.http.post("/v1/replays", json=order).status_code == 201
    page.goto("/replays")
    row = page.locator("tr", has_text=f"{app.id}-main")
    row.get_by_text("Pause…").click()
    page.get_by_role("button", name="Pause it").click()
    expect(row.locator(".state").first).to_have_text("Paused")
    row.get_by_text("Stop…").click()
    page.get_by_role("button", name="Stop it").click()
    expect(row.locator(".state").first).to_have_text("Stopped")
