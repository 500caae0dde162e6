"""The page's addresses: the token in them, the built files, what the browser is forbidden."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from caseloom.agent.opened import settings_here
from caseloom.app.server.application import make_application
from caseloom.app.server.options import Options
from caseloom.app.server.routes.pages import BUILT
from caseloom.app.server.service import Service
from caseloom.app.server.sessions import COOKIE
from caseloom.app.server.users import local_user

TOKEN = "token-of-the-tests-0123456789"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASELOOM_HOME", str(tmp_path_factory.mktemp("home")))
        made = Service(settings_here(), Options(allowed_hosts=("127.0.0.1",)), local_user(TOKEN))
        with made.running():
            yield made


@pytest.fixture
def client(service: Service) -> TestClient:
    return TestClient(make_application(service), base_url="http://127.0.0.1", follow_redirects=False)


def test_the_token_in_the_address_begins_a_session_and_leaves_the_address(client: TestClient) -> None:
    answer = client.get("/", params={"token": TOKEN})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=") and "HttpOnly" in cookie and "SameSite=strict" in cookie
    assert client.get("/api/me").json()["user"] == "local"


def test_a_wrong_token_begins_nothing(client: TestClient) -> None:
    answer = client.get("/", params={"token": "another-token-0123456789"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?refused=1")
    assert "set-cookie" not in answer.headers
    assert client.get("/api/me").status_code == 401


@pytest.mark.parametrize("address", ["/", "/sign-in", "/doctor", "/cases/c-0123456789abcdef"])
def test_every_view_is_the_one_page_under_a_strict_policy(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy and "unsafe-eval" not in policy


def test_built_files_are_kept_for_good_and_nothing_else_is_served(client: TestClient) -> None:
    script = next((BUILT / "assets").glob("index-*.js"))
    answer = client.get(f"/assets/{script.name}")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    for address in ("/assets/none.js", "/assets/..%2Findex.html", "/assets/.hidden.js", "/cases/none", "/anything"):
        assert client.get(address).status_code in (404, 422)
