"""Who may do what on a server with keys."""

import time
from collections.abc import Callable

import httpx
import inngest
import pytest

from harness.sdk_app import SdkApp
from harness.server import Server
from harness.signatures import Keys, hash_of, secret_of
from harness.waiting import eventually

RUN = "01HF7YAT00000G40R40M30E209"


@pytest.fixture
def server(shared_server: Callable[[str], Server]) -> Server:
    return shared_server("signed")


@pytest.fixture
def keys(server: Server) -> Keys:
    assert server.keys
    return server.keys


def ask(server: Server, method: str, path: str, **options: object) -> httpx.Response:
    """A request without any key but those given."""
    with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client:
        return client.request(method, path, **options)  # type: ignore[arg-type]


CLOSED = [
    ("GET", "/dev"),
    ("POST", "/fn/register"),
    ("POST", "/invoke/some-function"),
    ("GET", "/metrics"),
    ("GET", f"/v0/runs/{RUN}/actions"),
    ("GET", f"/v0/runs/{RUN}/batch"),
    ("GET", "/v1/runs"),
    ("GET", f"/v1/runs/{RUN}"),
    ("DELETE", f"/v1/runs/{RUN}"),
    ("GET", "/v1/events"),
    ("POST", "/v1/signals"),
    ("POST", "/v1/cancellations"),
    ("GET", "/v1/schedules"),
    ("GET", "/v1/audit"),
    ("POST", f"/v1/checkpoint/{RUN}/async"),
    ("POST", "/v1/checkpoint"),
    ("POST", "/v1/http/runs"),
    ("POST", f"/v1/checkpoint/{RUN}/steps"),
    ("POST", "/v1/realtime/publish/tee"),
    ("POST", "/v1/realtime/publish"),
    ("POST", "/v1/realtime/token"),
    ("POST", "/v0/gql"),
    ("GET", "/v2/apps"),
    ("GET", "/api/v2/apps"),
    ("GET", "/openapi.json"),
    ("GET", "/live/runs"),
    ("GET", "/find.json"),
    ("POST", "/runs/cancel"),
    ("POST", "/settings"),
]


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_nothing_is_said_or_done_without_the_key(server: Server, keys: Keys, method: str, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer undefined"}, {"Authorization": f"Bearer {keys.event}"}):
        response = ask(server, method, path, headers=headers)
        assert response.status_code == 401
        assert response.headers["X-Inngest-Server-Kind"] == "cloud"
        if path == "/dev":
            # Old SDKs take any JSON here for a server in development.
            assert response.text == "Authentication failed\n"
        else:
            assert response.json() == {"error": "Authentication failed", "data": None, "status": 401}


@pytest.mark.parametrize("prefix", ["", "signkey-prod-", "signkey-any_thing-"])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_sdks_name_the_key_in_several_ways(server: Server, keys: Keys, scheme: str, prefix: str) -> None:
    for token in (secret_of(keys.signing), hash_of(keys.signing)):
        response = ask(server, "GET", "/v1/runs", headers={"Authorization": f"{scheme} {prefix}{token}"})
        assert response.status_code == 200


def test_event_keys_are_compared_letter_by_letter(server: Server, keys: Keys) -> None:
    assert ask(server, "POST", f"/e/{keys.event}", json={"name": "a"}).status_code == 200
    for key in (keys.event[:-1], keys.event.swapcase(), keys.event + "a", "test", "NO_EVENT_KEY_SET", keys.signing):
        response = ask(server, "POST", f"/e/{key}", json={"name": "a"}, headers=keys.authorization)
        assert response.status_code == 401
        assert response.json() == {"status": 401, "message": "", "error": "Event key not found"}


def test_anybody_may_ask_for_the_servers_health(server: Server) -> None:
    response = ask(server, "GET", "/health")
    assert response.status_code == 200
    assert response.headers["X-Inngest-Server-Kind"] == "cloud"


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/v1/nowhere", 404), ("/v1/signals", 405)])
def test_what_does_not_exist_needs_no_key(server: Server, path: str, status: int) -> None:
    assert ask(server, "GET", path).status_code == status


def test_a_browser_is_told_of_what_there_is_alone(server: Server) -> None:
    def allowed(path: str, method: str) -> str | None:
        headers = {"Origin": "https://app.example.com", "Access-Control-Request-Method": method}
        return ask(server, "OPTIONS", path, headers=headers).headers.get("Access-Control-Allow-Methods")

    assert allowed("/e/any", "POST") == "POST"
    assert allowed("/v1/runs", "GET") == "GET"
    assert allowed("/v1/runs", "PUT") is None
    assert allowed("/nowhere", "GET") is None


def test_a_registration_for_a_server_in_development_is_refused(server: Server, keys: Keys) -> None:
    headers = {**keys.authorization, "X-Inngest-Expected-Server-Kind": "dev"}
    response = ask(server, "POST", "/fn/register", json={}, headers=headers)
    assert response.status_code == 400
    assert response.json()["error"] == "Expected server kind cloud, got dev"


# Replacing keys


def test_a_key_can_be_replaced_while_the_old_one_is_in_use(
    prepare_server: Callable[..., Server], make_app: Callable[..., SdkApp], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has both, then the app has the new one and falls back on the old, then the old one goes."""
    old, new = Keys(event="old"), Keys(event="new")
    server = prepare_server(keys=old)
    server.start()

    def declare(app: SdkApp) -> SdkApp:
        @app.function()
        async def main(ctx: inngest.Context) -> str:
            return "done"

        return app

    app = declare(make_app(server))
    assert app.run().output == "done"

    # First the apps: their new key is unknown to the server, which they find out by its refusal.
    app.close()
    monkeypatch.setenv("INNGEST_SIGNING_KEY_FALLBACK", old.signing)
    app = declare(make_app(server, keys=Keys(signing=new.signing, event=old.event)))
    assert app.run().output == "done"

    # Then the server: it signs with the new key and still takes the old one.
    server.terminate()
    server.start("--signing-key", new.signing, "--signing-key", old.signing, "--event-key", "old", "--event-key", "new")
    assert app.run().output == "done"
    for keys in (old, new):
        assert ask(server, "GET", "/v1/runs", headers=keys.authorization).status_code == 200

    # At last the old one goes.
    server.terminate()
    server.start("--signing-key", new.signing, "--event-key", "new")
    assert ask(server, "GET", "/v1/runs", headers=old.authorization).status_code == 401
    assert ask(server, "POST", "/e/old", json={"name": "a"}).status_code == 401
    monkeypatch.delenv("INNGEST_SIGNING_KEY_FALLBACK")
    app.close()
    server.api.http.headers.update(new.authorization)
    app = declare(make_app(server, keys=new))
    assert app.run().output == "done"


# People


def sign_in(server: Server, key: str, to: str = "/", **headers: str) -> httpx.Response:
    return ask(server, "POST", "/login", data={"key": key, "to": to}, headers=headers)


def test_people_sign_in_with_the_key_and_out_again(server: Server, keys: Keys) -> None:
    with httpx.Client(base_url=server.url, trust_env=False, headers={"Accept": "text/html"}) as browser:
        led = browser.get("/runs?status=failed")
        assert (led.status_code, led.headers["Location"]) == (303, "/login?to=/runs%3Fstatus%3Dfailed")
        form = browser.get(led.headers["Location"])
        assert form.status_code == 200 and 'value="/runs?status=failed"' in form.text

        answer = browser.post("/login", data={"key": keys.signing, "to": "/runs?status=failed"})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/runs?status=failed")
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Max-Age=43200" in cookie

        assert browser.get("/runs").status_code == 200
        assert browser.post("/settings", data={"theme": "dark"}).status_code == 303
        # A session is for pages, not for the API.
        assert browser.get("/v1/runs").status_code == 401

        assert browser.post("/logout").status_code == 303
        assert browser.get("/runs").status_code == 303
        assert browser.post("/settings", data={"theme": "dark"}).status_code == 401


def test_live_pages_end_when_their_owner_signs_out(server: Server, keys: Keys) -> None:
    cookies = [sign_in(server, keys.signing).headers["Set-Cookie"].partition(";")[0] for _ in range(2)]
    if cookies[0] == cookies[1]:
        # Made in the same second, they are one session.
        time.sleep(1.1)
        cookies[1] = sign_in(server, keys.signing).headers["Set-Cookie"].partition(";")[0]
    headers = [{"Cookie": cookie} for cookie in cookies]
    with (
        httpx.stream("GET", f"{server.url}/live/runs", headers=headers[0], timeout=30) as ended,
        httpx.stream("GET", f"{server.url}/live/runs", headers=headers[1], timeout=30) as other,
    ):
        assert ended.status_code == other.status_code == 200
        left = other.iter_text()
        assert ask(server, "POST", "/logout", headers=headers[0]).status_code == 303
        # To its end, which a stream that goes on never has.
        assert ": here" in "".join(ended.iter_text())
        assert ": here" in next(left)
        assert ask(server, "GET", "/", headers=headers[1]).status_code == 200


def test_a_copied_command_names_no_key(server: Server, keys: Keys, make_app: Callable[..., SdkApp]) -> None:
    app = make_app(server)

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        pass

    command = server.api.http.get(f"/runs/{app.run().id}/curl").text
    assert f"{server.url}/e/YOUR_EVENT_KEY -d" in command
    assert keys.event not in command


@pytest.mark.parametrize("key", ["", "wrong", "00" * 32])
def test_another_key_opens_nothing(server: Server, key: str) -> None:
    answer = sign_in(server, key, to="/runs")
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers
    assert "not a signing key" in answer.text and 'value="/runs"' in answer.text
    assert not key or key not in answer.text


@pytest.mark.parametrize(
    "to", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)", "/\n/a"]
)
def test_signing_in_leads_nowhere_else(server: Server, keys: Keys, to: str) -> None:
    assert sign_in(server, keys.signing, to=to).headers["Location"] == "/"


def test_another_site_can_neither_sign_in_nor_act(server: Server, keys: Keys) -> None:
    assert sign_in(server, keys.signing, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    cookie = sign_in(server, keys.signing).headers["Set-Cookie"].partition(";")[0]
    headers = {"Cookie": cookie, "Origin": "https://elsewhere.example"}
    assert ask(server, "POST", "/settings", data={}, headers=headers).status_code == 403


def test_the_cookie_is_for_tls_alone_where_there_is_tls(server: Server, keys: Keys) -> None:
    assert "; Secure" not in sign_in(server, keys.signing).headers["Set-Cookie"]
    assert "; Secure" in sign_in(server, keys.signing, **{"X-Forwarded-Proto": "https"}).headers["Set-Cookie"]


def test_a_forged_or_changed_session_opens_nothing(server: Server, keys: Keys) -> None:
    value = sign_in(server, keys.signing).headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    end, _, code = value.partition(".")
    assert ask(server, "GET", "/", headers={"Cookie": f"apus-session={value}"}).status_code == 200
    for forged in (f"{int(end) + 1}.{code}", f"{end}.{code[::-1]}", f"{end}.", code, f"{end}.{'0' * 64}"):
        assert ask(server, "GET", "/", headers={"Cookie": f"apus-session={forged}"}).status_code == 401


# Secrets


def test_no_key_is_ever_written_down(
    start_server: Callable[..., Server], make_app: Callable[..., SdkApp]
) -> None:
    keys = Keys()
    server = start_server("--log-level", "trace", "--retry-interval", "1", "--poll-interval", "1", keys=keys)
    app = make_app(server)

    @app.function()
    async def main(ctx: inngest.Context) -> str:
        return await ctx.step.run("step", lambda: "done")  # type: ignore[arg-type,return-value]

    @app.function("failing", event=f"{app.id}/fails", retries=0)
    async def failing(ctx: inngest.Context) -> None:
        raise ValueError("no")

    run = app.run({"n": 1})
    app.send(name=f"{app.id}/fails")
    stranger = make_app(server, name="stranger", keys=Keys(event=keys.event))
    ask(server, "POST", "/e/wrong", json={"name": "a"})
    sign_in(server, keys.signing)
    ask(server, "POST", "/apps", data={"url": stranger.url}, headers=keys.authorization)

    answers = [
        server.api.http.get(path).text
        for path in (
            "/dev", "/metrics", "/v1/events", "/v1/runs", f"/v1/runs/{run.id}", f"/v1/runs/{run.id}/journal",
            "/v1/audit", "/", "/settings", "/apps", "/events/send", f"/runs/{run.id}", "/login",
        )
    ]  # fmt: skip
    eventually(lambda: "app" in server.log(), "the log says something")
    server.terminate()
    stored = [path.read_bytes() for path in server.data.rglob("*") if path.is_file()]
    assert stored and answers

    secrets = [secret_of(keys.signing), hash_of(keys.signing), keys.event]
    for secret in secrets:
        assert secret not in server.log()
        assert all(secret not in answer for answer in answers)
        assert all(secret.encode() not in content for content in stored)
        assert all(bytes.fromhex(secret) not in content for content in stored if secret != keys.event)
