"""Nobody gets in without a token, sees another's case, or asks for more than may be."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from running_server import TOKEN, serving

from caseloom.app.server.roles import Role
from caseloom.app.server.users import User, Users, add_user, read_users, token_digest
from caseloom.core.errors import UsageError


def as_user(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer token-of-{name}"}


def somebody(name: str, role: Role, *cases: str) -> User:
    return User(name=name, role=role, token_sha256=token_digest(f"token-of-{name}"), cases=cases)


TEAM = Users((somebody("vera", Role.VIEWER), somebody("ralf", Role.READER), somebody("sina", Role.SIGNER)))


@pytest.mark.parametrize("headers", [{"Authorization": ""}, {"Authorization": "Bearer wrong"},
                                     {"Authorization": f"Basic {TOKEN}"}, {"Cookie": "caseloom_session=wrong"}])
def test_without_a_known_token_nothing_is_shown(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.get("/api/cases", headers={"Authorization": "", **headers})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert "token" in answer.json()["detail"]


def test_every_address_but_three_wants_a_token(tmp_path: Path) -> None:
    with serving(tmp_path / "home", strangers_at_once=1000) as client:
        _ask_everything(client)


def _ask_everything(client: TestClient) -> None:
    for path, methods in client.get("/api/openapi.json").json()["paths"].items():
        if path in ("/api/health", "/api/ready", "/api/session"):
            continue
        filled = path.format(case="c-0123456789abcdef", job="j-0123456789abcdef", name="x.png", tool="labs",
                             series="S1-1", index=0, level=0, column=0, row=0, page=1)
        for method in methods:
            answer = client.request(method, filled, headers={"Authorization": ""}, json={})
            assert answer.status_code == 401, f"{method} {path}"


def test_another_host_name_is_refused(client: TestClient) -> None:
    answer = client.get("/api/health", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["content-type"]) == (421, "application/problem+json")


def test_a_server_goes_by_its_own_names_alone(tmp_path: Path) -> None:
    with serving(tmp_path / "home", allowed_hosts=("127.0.0.1", "localhost", "::1", "testserver")) as client:
        for host in ("localhost", "127.0.0.1:8765", "[::1]", "[::1]:8765", "LOCALHOST:1"):
            assert client.get("/api/health", headers={"Host": host}).status_code == 200, host
        for host in ("", "[::1", "127.0.0.1.evil.example", "evil.example@localhost", "localhost@evil"):
            assert client.get("/api/health", headers={"Host": host}).status_code == 421, host


def test_answers_forbid_what_a_page_must_not_do(client: TestClient) -> None:
    headers = client.get("/api/health").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "script-src 'self';" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_a_browser_changes_nothing_without_its_sessions_word(client: TestClient) -> None:
    bare = {"Authorization": ""}
    begun = client.post("/api/session", json={"token": TOKEN}, headers=bare)
    assert begun.status_code == 200
    cookie = begun.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie
    assert client.get("/api/me", headers=bare).json()["csrf"] == begun.json()["csrf"]
    assert client.post("/api/cases", json={}, headers=bare).status_code == 403
    assert client.post("/api/cases", json={}, headers={**bare, "X-CSRF-Token": "guessed"}).status_code == 403
    word = {**bare, "X-CSRF-Token": begun.json()["csrf"]}
    assert client.post("/api/cases", json={}, headers=word).status_code == 201
    assert client.delete("/api/session", headers=word).status_code == 204
    assert client.get("/api/me", headers=bare).status_code == 401


def test_roles_decide_what_is_done(tmp_path: Path) -> None:
    with serving(tmp_path / "home", TEAM) as client:
        assert client.post("/api/cases", json={}, headers=as_user("vera")).status_code == 403
        case = client.post("/api/cases", json={"title": "Of Ralf"}, headers=as_user("ralf")).json()["id"]
        signing = client.post(f"/api/cases/{case}/report/signature", json={"name": "R"}, headers=as_user("ralf"))
        assert (signing.status_code, "role signer" in signing.json()["detail"]) == (403, True)
        assert client.get(f"/api/cases/{case}/trail", headers=as_user("ralf")).status_code == 403


def test_a_case_is_not_there_for_whom_it_is_not_shared_with(tmp_path: Path) -> None:
    with serving(tmp_path / "home", TEAM) as client:
        case = client.post("/api/cases", json={}, headers=as_user("ralf")).json()["id"]
        for path in ("", "/files", "/jobs", "/report", "/overlays/a.png", "/timeline", "/chat", "/studies",
                     "/volumes/S1-1", "/slides/S1-1/tiles/1/0/0", "/inspection"):
            assert client.get(f"/api/cases/{case}{path}", headers=as_user("vera")).status_code == 404
        assert client.get("/api/cases", headers=as_user("vera")).json() == {"cases": [], "total": 0}
        job = client.post(f"/api/cases/{case}/reviews", json={}, headers=as_user("ralf")).json()["job"]["id"]
        for path in ("", "/events", "/result"):
            assert client.get(f"/api/jobs/{job}{path}", headers=as_user("vera")).status_code == 404
        assert client.post(f"/api/jobs/{job}/cancel", headers=as_user("sina")).status_code == 404
        shared = client.patch(f"/api/cases/{case}", json={"users": ["vera"]}, headers=as_user("ralf"))
        assert shared.status_code == 200
        assert client.get(f"/api/cases/{case}", headers=as_user("vera")).status_code == 200


def test_too_many_requests_are_told_when_to_come_back(tmp_path: Path) -> None:
    with serving(tmp_path / "home", burst=5, requests_per_second=0.1) as client:
        answers = [client.get("/api/me") for _ in range(7)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
        assert int(answers[-1].headers["retry-after"]) >= 1


def test_guessing_tokens_is_slowed_down(client: TestClient) -> None:
    codes = [client.post("/api/session", json={"token": f"guess-{n}"}).status_code for n in range(40)]
    assert codes[0] == 401
    assert codes[-1] == 429


def test_a_large_request_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path / "home", max_body_bytes=1000, max_upload_bytes=2000) as client:
        assert client.post("/api/cases", json={"title": "x" * 2000}).status_code == 413
        case = client.post("/api/cases", json={}).json()["id"]
        assert client.put(f"/api/cases/{case}/files/a.txt", content=b"x" * 1500).status_code == 201
        assert client.put(f"/api/cases/{case}/files/b.txt", content=b"x" * 1500).status_code == 413
        assert client.put(f"/api/cases/{case}/files/c.txt", content=b"x" * 2500).status_code == 413
        pieces = client.put(f"/api/cases/{case}/files/d.txt", content=(b"x" * 100 for _ in range(30)))
        assert pieces.status_code == 413
        assert [one["file"] for one in client.get(f"/api/cases/{case}/files").json()["files"]] == ["a.txt"]


def test_no_token_is_kept(tmp_path: Path) -> None:
    token = add_user(tmp_path / "home" / "users.yaml", "ana", Role.SIGNER)
    assert (tmp_path / "home" / "users.yaml").stat().st_mode & 0o077 == 0
    with serving(tmp_path / "home", read_users(tmp_path / "home" / "users.yaml")) as client:
        assert client.get("/api/me", headers={"Authorization": f"Bearer {token}"}).json()["role"] == "signer"
        client.post("/api/session", json={"token": token})
    kept = b"".join(file.read_bytes() for file in (tmp_path / "home").rglob("*") if file.is_file())
    assert token.encode() not in kept


@pytest.mark.parametrize(("text", "said"), [
    ("users: [{name: ana, role: queen, token_sha256: '" + "0" * 64 + "'}]", "role"),
    ("users: [{name: ana, role: viewer, token_sha256: short}]", "token_sha256"),
    ("users: []", "nobody"), ("- ana", "docs/server.md"), (": :", "no YAML"),
    ("users: [{name: a, role: viewer, token_sha256: '" + "0" * 64 + "'}, "
     "{name: a, role: viewer, token_sha256: '" + "1" * 64 + "'}]", "twice")])
def test_a_users_file_that_cannot_be_meant_is_told_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "users.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        read_users(file)


def test_a_name_is_added_once(tmp_path: Path) -> None:
    add_user(tmp_path / "users.yaml", "ana", Role.VIEWER)
    with pytest.raises(UsageError, match="already"):
        add_user(tmp_path / "users.yaml", "ana", Role.SIGNER)
    with pytest.raises(UsageError, match="cannot be a user's name"):
        add_user(tmp_path / "users.yaml", "ana\nben", Role.SIGNER)
