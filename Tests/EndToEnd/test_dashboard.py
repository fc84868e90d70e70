"""The dashboard in a browser: pages load clean, live rows arrive, actions work, and data stays data."""

import os
import shutil
from collections.abc import Callable, Iterator

import httpx
import inngest
import pytest
from axe_playwright_python.sync_playwright import Axe
from harness.api import Api
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


@pytest.mark.parametrize("path", ["/", "/runs", "run", "/events", "/functions", "function", "/settings"])
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


def test_a_confirmation_has_to_be_typed(shop: SdkApp, server: Server, api: Api) -> None:
    run = waiting_run(shop, api)
    fields = {"function": f"{shop.id}-waiting", "confirm": "yes"}
    assert httpx.post(f"{server.url}/runs/cancel", data=fields).status_code == 400
    assert not api.run(run).has_ended
    fields["confirm"] = fields["function"]
    assert httpx.post(f"{server.url}/runs/cancel", data=fields).status_code == 303
    assert api.wait_for_end(run).status == "Cancelled"


def test_the_server_ends_quickly_while_somebody_watches(start_server: Callable[..., Server]) -> None:
    server = start_server()
    with httpx.stream("GET", f"{server.url}/live/runs", timeout=30) as stream:
        assert next(stream.iter_lines()) == ": here"
        assert server.terminate(within=10) == 0
