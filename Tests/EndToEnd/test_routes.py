"""Which paths and methods there are, what is said about those that are not, and who may read the answers."""

import pytest

from harness.api import Api


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/e/test", "POST"),
        ("PUT", "/e/test", "POST"),
        ("DELETE", "/e/test", "POST"),
        ("PATCH", "/e/test", "POST"),
        ("GET", "/fn/register", "POST"),
        ("GET", "/invoke/some-function", "POST"),
        ("POST", "/health", "GET"),
        ("HEAD", "/health", "GET"),
        ("POST", "/dev", "GET"),
        ("POST", "/v1/events", "GET"),
        ("PUT", "/v1/runs/01HF7YAT00000G40R40M30E209", "GET"),
    ],
)
def test_a_method_that_a_path_does_not_have(api: Api, method: str, path: str, allow: str) -> None:
    response = api.http.request(method, path)

    assert response.status_code == 405
    assert allow in response.headers["Allow"].split(", ")
    assert method not in response.headers["Allow"].split(", ")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/nowhere"),
        ("PUT", "/e"),
        ("DELETE", "/nowhere/at/all"),
        ("GET", "/v1/nowhere"),
        ("GET", "/v1/nothing"),
        ("POST", "/v1/nowhere"),
        ("GET", "/v0/runs/01HF7YAT00000G40R40M30E209/nowhere"),
        ("POST", "/%2e%2e/%2e%2e/etc/passwd"),
        ("POST", "/" + "x" * 4_000),
    ],
)
def test_a_path_that_does_not_exist(api: Api, method: str, path: str) -> None:
    response = api.http.request(method, path)

    assert response.status_code in (404, 405)
    if response.status_code == 404:
        assert response.json()["status"] == 404
        assert isinstance(response.json()["error"], str)


@pytest.mark.parametrize("path", ["/e", "/e/"])
def test_an_event_without_a_key_is_refused(api: Api, path: str) -> None:
    response = api.http.post(path, json={"name": "a"})

    assert response.status_code == 401
    assert response.json()["error"] == "Event key is required"


UNKNOWN = "01HF7YAT00000G40R40M30E209"


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/v1/events/nonsense", 400, "Invalid event ID: nonsense"),
        ("/v1/events/nonsense/runs", 400, "Invalid event ID: nonsense"),
        (f"/v1/events/{UNKNOWN[:-1]}", 400, f"Invalid event ID: {UNKNOWN[:-1]}"),
        (f"/v1/events/8{UNKNOWN[1:]}", 400, f"Invalid event ID: 8{UNKNOWN[1:]}"),
        (f"/v1/events/{UNKNOWN}", 404, "Event not found"),
        ("/v1/runs/nonsense", 400, "Invalid run ID: nonsense"),
        (f"/v1/runs/{UNKNOWN}", 404, f"Unable to load function run: {UNKNOWN}"),
        ("/v1/runs/nonsense/journal", 400, "Invalid run ID: nonsense"),
        (f"/v1/runs/{UNKNOWN}/journal", 404, f"Unable to load function run: {UNKNOWN}"),
        ("/v1/events?cursor=nonsense", 400, "Invalid cursor query parameter"),
        ("/v1/events?received_after=yesterday", 400, "Invalid received_after query parameter"),
        ("/v0/runs/nonsense/actions", 400, "The run ID specified is invalid"),
        (f"/v0/runs/{UNKNOWN}/actions", 410, f"runtime state is no longer available for runID: {UNKNOWN}"),
        (f"/v0/runs/{UNKNOWN}/batch", 410, f"runtime state is no longer available for runID: {UNKNOWN}"),
    ],
)
def test_an_id_that_is_wrong_or_unknown(api: Api, path: str, status: int, message: str) -> None:
    response = api.http.get(path)

    assert response.status_code == status
    assert response.json() == {"error": message, "data": None, "status": status}


@pytest.mark.parametrize("limit", ["0", "-5", "many", "1000000"])
def test_a_limit_that_makes_no_sense_is_no_error(api: Api, limit: str) -> None:
    assert len(api.data(f"/v1/events?limit={limit}")) <= 51


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "Unable to read post data request"),
        (b"7", "Unable to read post data request"),
        (b'{"data":"text"}', "Unable to read post data request"),
        (b'{"data":{},"ts":1}', "Invalid invocation event"),
    ],
)
def test_an_invocation_that_cannot_be_read(api: Api, body: bytes, message: str) -> None:
    response = api.http.post("/invoke/some-function", content=body)

    assert response.status_code == 400
    assert response.json() == {"error": message, "data": None, "status": 400}


@pytest.mark.parametrize(
    ("registration", "message"),
    [
        (b"", "Invalid request"),
        (b"{", "Invalid request"),
        (b"[]", "Invalid request"),
        (b'{"appName":"a","functions":7}', "Invalid request"),
        (b'{"url":"http://127.0.0.1:1/api/inngest","functions":[]}', "App ID required"),
        (b'{"appName":"a","url":"http://127.0.0.1:1","functions":[{"id":"f"}]}', "At least one function is invalid"),
    ],
)
def test_a_registration_that_is_wrong_says_what_is_wrong(api: Api, registration: bytes, message: str) -> None:
    response = api.http.post("/fn/register", content=registration)

    assert response.status_code == 400
    assert response.json()["status"] == 400
    assert message in response.json()["error"]


def test_a_registration_for_another_kind_of_server_is_refused(api: Api) -> None:
    response = api.http.post("/fn/register", json={}, headers={"X-Inngest-Expected-Server-Kind": "cloud"})

    assert response.status_code == 400
    assert response.json()["error"] == "Expected server kind dev, got cloud"


def test_every_answer_says_what_kind_of_server_it_is_from(api: Api) -> None:
    for response in (
        api.http.get("/health"),
        api.http.post("/e/test", content=b"{"),
        api.http.get("/v1/runs/nonsense"),
        api.http.post("/nowhere"),
        api.http.get("/e/test"),
    ):
        assert response.headers["X-Inngest-Server-Kind"] == "dev", response.request.url


# Browsers


def test_a_browser_may_ask_before_it_sends(api: Api) -> None:
    response = api.http.options(
        "/e/test",
        headers={
            "Origin": "https://app.example.com",
            "Access-Control-Request-Method": "post",
            "Access-Control-Request-Headers": "content-type, x-inngest-sdk",
        },
    )

    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert response.headers["Access-Control-Allow-Methods"] == "POST"
    assert response.headers["Access-Control-Allow-Headers"] == "Content-Type, X-Inngest-Sdk"
    assert response.headers["Access-Control-Max-Age"] == "3600"
    assert "X-Inngest-Server-Kind" not in response.headers
    assert set(response.headers.get_list("Vary", split_commas=True)) == {
        "Origin",
        "Access-Control-Request-Method",
        "Access-Control-Request-Headers",
    }


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://app.example.com"}])
def test_a_question_that_is_no_question_of_a_browser_is_not_answered(api: Api, headers: dict[str, str]) -> None:
    """Without an origin, or for a method that is not allowed."""
    response = api.http.options("/e/test", headers={**headers, "Access-Control-Request-Method": "PATCH"})

    assert response.status_code == 200
    assert "Access-Control-Allow-Origin" not in response.headers


def test_a_browser_may_read_the_answer(api: Api) -> None:
    response = api.http.post("/e/test", json={"name": "a"}, headers={"Origin": "https://app.example.com"})

    assert response.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert "Link" in response.headers["Access-Control-Expose-Headers"]
    assert "Origin" in response.headers["Vary"]
