"""Reviews and tools in the queue: watched, stopped, resumed, outliving the server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from running_server import ended, serving, until
from small_case import LAB

from caseloom.app.server.jobs import JobKind, JobState, JobStore, QueueFull
from caseloom.app.server.registry import open_database
from caseloom.core.errors import SeveralPatients
from caseloom.memory.home import Home


def events_of(client: TestClient, job: str, **headers: str) -> list[dict]:
    text = client.get(f"/api/jobs/{job}/events", headers=headers).text
    return [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]


def test_a_review_is_watched_to_its_end(shared: tuple[TestClient, str]) -> None:
    client, case = shared
    job = client.get(f"{case}/jobs").json()["jobs"][-1]["job"]
    assert (job["kind"], job["state"], job["usable"], job["user"]) == ("review", "done", True, "web:local")
    events = events_of(client, job["id"])
    assert [one["number"] for one in events] == list(range(1, len(events) + 1))
    assert [one["state"] for one in events if one["step"] is None] == ["queued", "running", "done"]
    assert {"intake", "plan", "verify", "render"} <= {one["step"] for one in events}
    assert [one["number"] for one in events_of(client, job["id"], **{"Last-Event-ID": "5"})] == list(
        range(6, len(events) + 1))


def test_a_tool_runs_on_files_of_the_case(own: tuple[TestClient, str]) -> None:
    client, case = own
    job = client.post(f"{case}/tools/labs", json={"files": [LAB]}).json()["job"]["id"]
    assert client.get(f"/api/jobs/{job}/result").status_code in (200, 409)
    assert ended(client, job)["job"]["state"] == "done"
    result = client.get(f"/api/jobs/{job}/result").json()
    assert "Hemoglobin" in {finding["name"] for finding in result["findings"]}
    picture = next(item["picture"] for item in result["evidence"] if item["picture"])
    assert client.get(f"/api/jobs/{job}/{picture}").headers["content-type"] == "image/png"
    assert client.get(f"/api/jobs/{job}/overlays/..%2Fresult.json").status_code in (404, 422)


def test_a_tool_reads_no_other_files(own: tuple[TestClient, str]) -> None:
    client, case = own
    job = client.post(f"{case}/tools/labs", json={"files": ["../pictures/documents"]}).json()["job"]["id"]
    over = ended(client, job)["job"]
    assert (over["state"], over["error"]["exit_code"]) == ("failed", 2)
    assert "no file of the case" in over["error"]["detail"]


def test_a_reader_that_was_not_allowed_is_refused(shared: tuple[TestClient, str]) -> None:
    client, case = shared
    answer = client.post(f"{case}/reviews", json={"reader": "http://elsewhere.example"})
    assert (answer.status_code, "measure" in answer.json()["detail"]) == (403, True)


def test_a_job_is_stopped_and_taken_up_again(own: tuple[TestClient, str]) -> None:
    client, case = own
    job = client.post(f"{case}/reviews", json={"fresh": True}).json()["job"]["id"]
    again = client.post(f"{case}/reviews", json={"fresh": True}).json()["job"]["id"]
    assert again == job  # the same work is queued once
    until(lambda: job_of(client, job) if job_of(client, job)["state"] == "running" else None, 30)
    assert client.post(f"/api/jobs/{job}/cancel").json()["job"]["state"] == "cancelled"
    assert client.get(case).json()["state"] == "cancelled"
    assert client.post(f"/api/jobs/{job}/resume").json()["job"]["state"] == "queued"
    assert ended(client, job)["job"]["state"] == "done"


def test_a_server_that_stops_leaves_its_job_to_the_next(own: tuple[TestClient, str], tmp_path: Path,
                                                        demo_parts: Path) -> None:
    client, case = own
    job = client.post(f"{case}/reviews", json={"fresh": True}).json()["job"]["id"]
    until(lambda: job_of(client, job) if job_of(client, job)["state"] == "running" else None, 30)
    client.__exit__(None, None, None)
    with serving(tmp_path / "home", roots=(demo_parts,)) as next_one:
        assert ended(next_one, job)["job"]["state"] == "done"


def test_a_case_that_cannot_be_reviewed_says_why(client: TestClient) -> None:
    case = client.post("/api/cases", json={}).json()["id"]
    client.put(f"/api/cases/{case}/files/noise.bin", content=bytes(range(256)))
    job = client.post(f"/api/cases/{case}/reviews", json={}).json()["job"]["id"]
    over = ended(client, job)["job"]
    assert (over["state"], over["error"]["exit_code"]) == ("failed", 3)
    assert "no file of the case can be used" in over["error"]["detail"]
    assert client.get(f"/api/cases/{case}").json()["state"] == "failed"


def test_the_queue_has_an_end(tmp_path: Path) -> None:
    store = JobStore(open_database(Home(tmp_path)), most_waiting=2)
    first, second = (store.add(JobKind.REVIEW, f"c-{n}", "web:local", {}) for n in range(2))
    with pytest.raises(QueueFull, match="2 jobs wait"):
        store.add(JobKind.REVIEW, "c-3", "web:local", {})
    assert [store.position(job) for job in (first, second)] == [1, 2]
    assert store.take("runner-1/a") == store.get(first.id)
    assert store.position(second) == 1
    assert store.cancel(second.id).state is JobState.CANCELLED
    assert store.take("runner-1/b") is None
    assert [(job.id, claim) for job, claim in store.left_by(["runner-2"])] == [(first.id, "runner-1/a")]
    assert store.left_by(["runner-1"]) == []


def test_an_attempt_that_is_over_ends_no_other(tmp_path: Path) -> None:
    store = JobStore(open_database(Home(tmp_path)), most_waiting=1)
    job = store.add(JobKind.REVIEW, "c-0", "web:local", {})
    store.take("runner-1/a")
    assert store.resume(job.id).state is JobState.RUNNING  # what runs is not queued once more
    store.cancel(job.id)
    assert store.give_back(job.id, "runner-1/a").state is JobState.CANCELLED
    assert store.resume(job.id).state is JobState.QUEUED
    store.take("runner-1/b")
    assert store.end(job.id, "runner-1/a", JobState.FAILED).state is JobState.RUNNING
    assert store.end(job.id, "runner-1/b", JobState.DONE).state is JobState.DONE
    store.cancel(store.add(JobKind.REVIEW, "c-1", "web:local", {}).id)
    store.add(JobKind.REVIEW, "c-2", "web:local", {})
    with pytest.raises(QueueFull):
        store.resume(store.of("c-1")[0].id)


def job_of(client: TestClient, job: str) -> dict:
    return client.get(f"/api/jobs/{job}").json()["job"]


def test_old_jobs_are_forgotten(tmp_path: Path) -> None:
    store = JobStore(open_database(Home(tmp_path)), 50)
    jobs = [store.add(JobKind.TOOL, "c-1", "web:ana", {"tool": "labs", "n": n}) for n in range(5)]
    waiting = store.add(JobKind.REVIEW, "c-1", "web:ana", {})
    for job in jobs:
        store.cancel(job.id)
    assert [job.id for job in store.forget_old("c-1", 2)] == [job.id for job in reversed(jobs[:3])]
    assert [job.id for job in store.of("c-1")] == [waiting.id, jobs[4].id, jobs[3].id]
    assert store.events(jobs[0].id) == []


def test_an_error_names_no_folder_of_the_server(own: tuple[TestClient, str], tmp_path: Path, demo_parts: Path) -> None:
    client, case = own
    service = client.app.state.service
    named = f"cannot read {demo_parts / 'small' / 'a.pdf'} in {service.home.path}"
    assert service.without_folders(named) == "cannot read small/a.pdf in the server's folder"
    assert "--" not in service.without_folders(str(SeveralPatients(["a: 1 file", "b: 1 file"])))
    assert service.without_folders("a signature needs a name: give yours with --name") == "a signature needs a name"
    gone = service.registry.change(case.rpartition("/")[2], path=demo_parts / "gone")
    assert gone is not None
    answer = client.get(f"{case}/inspection").json()
    assert (answer["status"], str(tmp_path) in answer["detail"], str(demo_parts) in answer["detail"]) == (
        409, False, False)
    job = client.post(f"{case}/reviews", json={}).json()["job"]["id"]
    assert str(demo_parts) not in ended(client, job)["job"]["error"]["detail"]
