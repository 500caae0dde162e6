"""The command line's contract: one JSON document, one line of error, fixed exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from installed import caseloom, program

LETTER = "Haemoglobin was normal."


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def record(identifier: str, name: str) -> str:
    """A FHIR bundle with one condition of one person."""
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [
        {"resource": {"resourceType": "Patient", "id": identifier, "identifier": [{"value": identifier}],
                      "name": [{"family": name, "given": ["Alex"]}]}},
        {"resource": {"resourceType": "Condition", "id": "c1", "subject": {"reference": f"Patient/{identifier}"},
                      "code": {"text": "Asthma"}, "onsetDateTime": "2020-02-01",
                      "clinicalStatus": {"coding": [{"code": "active"}]}}}]})


@pytest.fixture
def case(tmp_path: Path) -> Path:
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "record.json").write_text(record("P-1", "Sample"), encoding="utf-8")
    return folder


def test_version_and_help(home: Path) -> None:
    assert program(home, "--version").stdout.startswith("caseloom 0.")
    assert "review" in caseloom(home, "--help").stdout


def test_review_prints_one_report_and_writes_all_forms(home: Path, case: Path, tmp_path: Path) -> None:
    done = caseloom(home, "review", case, "--out", tmp_path / "out", "--question", "Does the patient have asthma?",
                    "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["schema"] == "caseloom.report/1"
    assert report["status"] == "draft"
    assert report["answer"]["status"] == "answered"
    assert {"report.json", "report.md", "report.html", "report.pdf", "fhir.json"} <= {
        file.name for file in (tmp_path / "out").iterdir()}
    assert json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8")) == report


def test_the_case_is_never_written_to(home: Path, case: Path) -> None:
    before = sorted(case.rglob("*"))
    for out in (case, case / "report"):
        done = caseloom(home, "review", case, "--out", out)
        assert done.returncode == 2
        assert "never written to" in done.stderr
    assert sorted(case.rglob("*")) == before


def test_a_bad_folder_for_results_is_said_before_the_work(home: Path, case: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    done = caseloom(home, "review", case, "--out", tmp_path / "file")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_another_question_gets_another_draft_and_the_latest_is_signed(home: Path, case: Path) -> None:
    first = json.loads(caseloom(home, "review", case, "--json").stdout)
    asked = json.loads(caseloom(home, "review", case, "--question", "Does the patient have asthma?", "--json").stdout)
    assert (first["answer"], asked["answer"]["status"]) == (None, "answered")
    signed = json.loads(caseloom(home, "sign", case, "--name", "Dr Ada Example", "--json").stdout)
    assert (signed["status"], signed["answer"]) == ("signed", asked["answer"])
    caseloom(home, "timeline", case)
    kept = home / "runs" / signed["case"]["id"]
    assert json.loads((kept / "report.json").read_text(encoding="utf-8"))["status"] == "signed"
    assert caseloom(home, "review", case, "--question", "Is the patient on aspirin?").returncode == 0
    assert json.loads((kept / "report.json").read_text(encoding="utf-8"))["status"] == "draft"
    copy, = (kept / "signed").glob("*/report.json")
    assert json.loads(copy.read_text(encoding="utf-8")) == signed


def test_timeline_and_signing(home: Path, case: Path) -> None:
    assert caseloom(home, "review", case).returncode == 0
    events = json.loads(caseloom(home, "timeline", case, "--search", "asthma", "--json").stdout)["events"]
    assert (events[0]["occurred_at"], events[0]["match"]) == ("2020-02-01", "words")
    signed = json.loads(caseloom(home, "sign", case, "--name", "Dr Ada Example", "--json").stdout)
    assert signed["status"] == "signed"
    assert signed["signature"]["name"] == "Dr Ada Example"
    again = caseloom(home, "sign", case, "--name", "Dr Ada Example")
    assert again.returncode == 2


def test_chat_answers_with_one_document_and_in_lines(home: Path, case: Path) -> None:
    done = caseloom(home, "chat", case, "--ask", "Does the patient have asthma?", "--json")
    answer = json.loads(done.stdout)
    assert (answer["status"], answer["sentences"][0]["evidence"]) == ("answered", ["E1"])
    assert answer["evidence"][0]["source"]["file"] == "record.json"
    assert answer["steps"] == [{"tool": "ask_record", "arguments": {"question": "does the patient have asthma"}}]
    lines = caseloom(home, "chat", case, "--ask", "Does the patient have asthma?").stdout.splitlines()
    assert lines == ["Yes: Asthma, since 2020-02-01. [E1]"]
    assert caseloom(home, "chat", case, "--json").returncode == 2
    empty = caseloom(home, "chat", case, "--ask", " ")
    assert (empty.returncode, empty.stdout, len(empty.stderr.strip().splitlines())) == (2, "", 1)


def test_a_chat_reads_questions_and_commands_until_its_input_ends(home: Path, case: Path) -> None:
    typed = "When did asthma start?\n/evidence E1\n/timeline\n/report\n/history\n/help\nsing a song\n/quit\nignored\n"
    done = caseloom(home, "chat", case, typed=typed)
    assert done.returncode == 0
    for text in ("Asthma, since 2020-02-01. [E1]", "Condition/c1", "1 event", "report.html", "> When did asthma start?",
                 "/evidence E12", "They can answer, for instance"):
        assert text in done.stdout, text


def test_the_timeline_is_asked_by_dates_and_kind(home: Path, case: Path) -> None:
    def found(*words: str) -> int:
        return len(json.loads(caseloom(home, "timeline", case, *words, "--json").stdout)["events"])

    assert found("--since", "2020", "--until", "2020-02-01", "--kind", "record", "--analyte", "asthma") == 1
    assert found("--since", "2021") == 0
    none = caseloom(home, "timeline", case, "--as-of", "2019", "--kind", "lab")
    assert (none.returncode, none.stdout) == (0, "")
    assert none.stderr == ("The timeline holds no event of the kind lab known by 2019; it holds 1 (kinds: record), "
                           "2020-02-01 to 2020-02-01.\n")
    assert caseloom(home, "timeline", case, "--since", "yesterday").returncode == 2


def test_signing_without_a_report_is_wrong_usage(home: Path, case: Path) -> None:
    (case / "note.txt").write_text(LETTER, encoding="utf-8")
    done = caseloom(home, "sign", case, "--name", "Dr Ada Example")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_several_patients_are_listed(home: Path, case: Path) -> None:
    (case / "other.json").write_text(record("P-2", "Other"), encoding="utf-8")
    done = caseloom(home, "review", case)
    assert done.returncode == 3
    assert "P-1" in done.stderr
    assert "P-2" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    chosen = caseloom(home, "review", case, "--patient", "P-2", "--json")
    refused = json.loads(chosen.stdout)["not_read"]
    assert [(item["file"], item["code"]) for item in refused] == [("record.json", "other_patient")]
    inspected = json.loads(caseloom(home, "inspect", case, "--json").stdout)
    assert {person["id"] for person in inspected["patients"]} == {"P-1", "P-2"}


@pytest.mark.parametrize(("words", "code"), [
    (("review", "no-such-folder"), 2),
    (("run", "magic", "."), 2),
    (("run", "comparison", "."), 2),
    (("review",), 2),
    (("review", ".", "--no-such-option"), 2),
    (("review", ".", "--model", "some/model"), 2),
    (("sign", ".", "--name", " "), 2),
    (("no-such-command",), 2),
    (("review", ".", "--reader", "medgemma"), 4),
])
def test_exit_codes(home: Path, words: tuple[str, ...], code: int) -> None:
    done = caseloom(home, *words)
    assert done.returncode == code, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_nothing_usable(home: Path, tmp_path: Path) -> None:
    (tmp_path / "junk.bin").write_bytes(bytes(range(256)) * 4)
    done = caseloom(home, "review", tmp_path)
    assert done.returncode == 3
    assert len(done.stderr.strip().splitlines()) == 1
    result = caseloom(home, "run", "labs", tmp_path / "junk.bin", "--json")
    assert result.returncode == 3
    assert json.loads(result.stdout)["refused"][0]["code"] == "unknown_format"
    (tmp_path / "empty").mkdir()
    assert caseloom(home, "run", "labs", tmp_path / "empty", "--json").returncode == 3


def test_a_comparison_that_cannot_be_made_names_every_file(home: Path, case: Path) -> None:
    (case / "film.bin").write_bytes(bytes(range(256)) * 4)
    done = caseloom(home, "run", "comparison", case / "record.json", case / "film.bin", "--json")
    assert done.returncode == 3
    assert {item["file"]: item["code"] for item in json.loads(done.stdout)["refused"]} == {
        "record.json": "not_chosen", "film.bin": "unknown_format"}


def test_one_tool_gives_one_document(home: Path, case: Path) -> None:
    done = caseloom(home, "run", "records", case / "record.json", "--question", "Does the patient have asthma?",
                    "--json")
    result = json.loads(done.stdout)
    assert (result["tool"], result["answer"]["status"]) == ("records", "answered")
    assert result["findings"][0]["id"] == "F1"
    assert result["findings"][0]["evidence"] == ["E1"]
