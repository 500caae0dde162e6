"""Cases: uploaded file by file, or registered where they lie."""

from __future__ import annotations

import io
from pathlib import Path
from zipfile import ZipFile

import pytest
from fastapi.testclient import TestClient
from running_server import serving

from caseloom.app.server.problems import Problem


@pytest.fixture
def uploaded(client: TestClient) -> str:
    return f"/api/cases/{client.post('/api/cases', json={'title': 'Anna'}).json()['id']}"


def test_a_new_case_is_empty_then_holds_what_is_sent(client: TestClient, uploaded: str) -> None:
    assert client.get(uploaded).json()["state"] == "empty"
    sent = client.put(f"{uploaded}/files/letters/a note.txt", content=b"Hb 10.2 g/dL")
    assert (sent.status_code, sent.json()) == (201, {"file": "letters/a note.txt", "bytes": 12})
    client.put(f"{uploaded}/files/letters/a note.txt", content=b"Hb 10.3 g/dL!")
    assert client.get(f"{uploaded}/files").json()["files"] == [{"file": "letters/a note.txt", "bytes": 13}]
    assert client.get(uploaded).json()["state"] == "new"
    assert client.delete(f"{uploaded}/files/letters/a note.txt").status_code == 204
    assert client.delete(f"{uploaded}/files/letters/a note.txt").status_code == 404


@pytest.mark.parametrize("name", ["%2e%2e/outside", "a/%2e%2e/%2e%2e/outside", "%2Fetc/passwd", "a%00b", "a%0Ab",
                                  "%5C..%5Cb", "x" * 300, "/".join(["d"] * 30)])
def test_a_file_never_lands_outside_its_case(client: TestClient, uploaded: str, tmp_path: Path, name: str) -> None:
    answer = client.put(f"{uploaded}/files/{name}", content=b"x")
    assert answer.status_code in (404, 409)
    assert client.get(f"{uploaded}/files").json()["files"] == []
    assert not list(tmp_path.rglob("outside"))


def test_a_file_and_a_folder_of_one_name_clash(client: TestClient, uploaded: str) -> None:
    assert client.put(f"{uploaded}/files/a", content=b"x").status_code == 201
    assert client.put(f"{uploaded}/files/a/b", content=b"x").status_code == 409
    assert [one["file"] for one in client.get(f"{uploaded}/files").json()["files"]] == ["a"]


def test_a_folder_whose_files_were_removed_leaves_its_name(client: TestClient, uploaded: str) -> None:
    assert client.put(f"{uploaded}/files/a/b//c", content=b"x").json()["file"] == "a/b/c"
    assert client.delete(f"{uploaded}/files/a/b/c").status_code == 204
    assert client.put(f"{uploaded}/files/a", content=b"y").json() == {"file": "a", "bytes": 1}


def test_a_case_is_shared_with_known_users_alone(client: TestClient, uploaded: str) -> None:
    answer = client.patch(uploaded, json={"users": ["nobody"]})
    assert (answer.status_code, "nobody" in answer.json()["detail"]) == (409, True)
    assert client.get(uploaded).json()["users"] == []


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", ""])
def test_a_body_of_another_kind_is_told_which_is_read(client: TestClient, kind: str) -> None:
    answer = client.post("/api/cases", content=b'{"title": "x"}', headers={"Content-Type": kind})
    assert (answer.status_code, "application/json" in answer.json()["detail"]) == (422, True)


def test_a_single_zip_is_the_case(client: TestClient, uploaded: str) -> None:
    packed = io.BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("note.txt", "Patient: Anna Beck\nDOB: 1970-01-01\nHb 10.2 g/dL")
    client.put(f"{uploaded}/files/case.zip", content=packed.getvalue())
    files = client.get(f"{uploaded}/inspection").json()["files"]
    assert [(one["file"], one["kind"]) for one in files] == [("note.txt", "note")]


def test_folders_are_registered_under_a_root_alone(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "anna").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (root / "leads out").symlink_to(tmp_path / "elsewhere")
    with serving(tmp_path / "home", roots=(root,)) as client:
        def told(folder: str) -> int:
            return client.post("/api/cases", json={"folder": folder}).status_code

        assert told("anna") == told(str(root / "anna")) == 201
        assert told("../elsewhere") == told(str(tmp_path / "elsewhere")) == told("leads out") == told("/") == 403
        assert told("nobody") == told("x" * 900) == 404
        assert client.get("/api/cases").json()["total"] == 2
        shown = client.get("/api/cases").text
        assert str(tmp_path) not in shown
    with serving(tmp_path / "home2") as client:
        answer = client.post("/api/cases", json={"folder": str(root / "anna")})
        assert (answer.status_code, "--root" in answer.json()["detail"]) == (403, True)


def test_the_state_folder_is_no_case(tmp_path: Path) -> None:
    with serving(tmp_path / "home", roots=(tmp_path,)) as client:
        assert client.post("/api/cases", json={"folder": "home"}).status_code == 403


def test_a_removed_case_is_gone_with_its_files(client: TestClient, uploaded: str, tmp_path: Path) -> None:
    client.put(f"{uploaded}/files/note.txt", content=b"secret words")
    assert client.delete(uploaded).status_code == 204
    assert client.get(uploaded).status_code == 404
    kept = [file for file in (tmp_path / "home").rglob("*") if file.is_file()]
    assert not any(b"secret words" in file.read_bytes() for file in kept)


def test_nothing_stays_of_what_was_sent_to_a_case_that_was_removed_meanwhile(
        client: TestClient, uploaded: str) -> None:
    service = client.app.state.service
    entry = service.registry.get(uploaded.rpartition("/")[2])
    assert client.delete(uploaded).status_code == 204
    late = service.uploads.folder(entry.id) / "late.pdf"
    late.parent.mkdir(parents=True)
    late.write_bytes(b"x")
    with pytest.raises(Problem, match="no such case"):
        service.uploaded(entry)
    assert not late.parent.exists()


def test_wrong_requests_are_told_what_is_wrong(client: TestClient) -> None:
    answer = client.post("/api/cases", json={"titel": "x"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["errors"] == ["body.titel: Extra inputs are not permitted"]
    assert client.get("/api/nowhere").json()["detail"] == "there is nothing at this address"
    assert client.put("/api/me").status_code == 405


def test_what_was_set_is_taken_back_with_null(client: TestClient, uploaded: str) -> None:
    set_ = client.patch(uploaded, json={"patient": "CL-1", "question": "Has it grown?"}).json()
    assert (set_["patient"], set_["question"]) == ("CL-1", "Has it grown?")
    back = client.patch(uploaded, json={"patient": None}).json()
    assert (back["patient"], back["question"]) == (None, "Has it grown?")
    assert client.patch(uploaded, json={"title": None}).status_code == 422


def test_uploads_and_lists_are_in_the_trail(client: TestClient, uploaded: str) -> None:
    client.put(f"{uploaded}/files/note.txt", content=b"Hb 10.2 g/dL")
    client.get(f"{uploaded}/files")
    client.get(f"{uploaded}/files")
    client.delete(f"{uploaded}/files/note.txt")
    client.get(uploaded)
    seen = [(entry["action"], entry["about"]) for entry in client.get(f"{uploaded}/trail").json()["entries"]]
    assert seen == [("case added", {"origin": "uploaded"}), ("file uploaded", {"file": "note.txt"}),
                    ("uploads listed", {}), ("file removed", {"file": "note.txt"}), ("case seen", {})]
