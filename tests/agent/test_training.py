"""Training pairs come from signed corrections alone, in the recipes' own form, without identities."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from made_ct import block, write_slices
from PIL import Image
from scripted_reader import ScriptedReader

import caseloom
from caseloom.agent.nodes import Review
from caseloom.agent.run import open_run
from caseloom.app.command_line import app
from caseloom.core.errors import UsageError
from caseloom.core.report import ReaderIdentity, Report
from caseloom.core.settings import Settings
from caseloom.memory.home import Home
from caseloom.readers.recipes.prose import prose_request
from caseloom.tools.catalogue import all_tools

NAME, NUMBER = "Quillfeather", "HOSP-55501"
WHO = "Dr Ada Example"
MODEL = ReaderIdentity(name="medgemma", model="google/medgemma-1.5-4b-it", interprets=True, weights_sha256="0" * 64)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A record of two conditions, one of them named after the patient."""
    person = {"reference": "Patient/p"}
    entries: list[dict[str, Any]] = [{"resourceType": "Patient", "id": "p", "identifier": [{"value": NUMBER}],
                                      "name": [{"family": NAME, "given": ["Alex"]}]}]
    entries += [{"resourceType": "Condition", "id": f"c{n}", "subject": person, "code": {"text": text},
                 "onsetDateTime": "2020-02-01", "clinicalStatus": {"coding": [{"code": "active"}]}}
                for n, text in enumerate(("Asthma", "Gout"))]
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "record.json").write_text(json.dumps(
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": item} for item in entries]}), "utf-8")
    return folder


def place_of(report: Report, word: str) -> str:
    return next(f"s-{n}-{m}" for n, section in enumerate(report.sections, 1)
                for m, sentence in enumerate(section.sentences, 1) if word in sentence.text and sentence.findings)


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "train.jsonl").read_text("utf-8").splitlines()]


def words_of(row: dict[str, Any], role: str) -> str:
    return "".join(part["text"] for message in row["messages"] if message["role"] == role
                   for part in message["content"] if part["type"] == "text")


@pytest.mark.usefixtures("home")
def test_a_signed_edit_is_a_pair_with_the_prompt_that_the_prose_recipe_puts(case: Path, tmp_path: Path) -> None:
    draft = caseloom.review_case(case)
    caseloom.edit_case(case, {place_of(draft, "Asthma"): "Asthma is an active condition."}, name=WHO)
    signed = caseloom.sign_case(case, name=WHO)
    done = caseloom.export_training(case, tmp_path / "set")
    row, = rows(tmp_path / "set")
    asthma = next(item for item in signed.findings if item.name == "Asthma")
    request = prose_request("Health record", [asthma], scope="P-0")
    assert words_of(row, "user") == request.parts[0]
    assert request.expect.parse(words_of(row, "assistant"))[0].text == "Asthma is an active condition."
    assert row["images"] == [] and done.pairs == {"prose/1": 1} and done.left_out == []
    about = row["provenance"]
    assert signed.signature is not None
    assert (about["case"], about["report_version"], about["signed_by"]) == (signed.case.id, 2, WHO)
    assert about["content_sha256"] == signed.signature.content_sha256
    assert "Asthma" in about["edits"][0]["before"] and about["edits"][0]["by"] == WHO
    assert caseloom.agent.decide.audit_trail(case)[-1].about["forms"] == ["training"]


@pytest.mark.usefixtures("home")
def test_what_is_not_signed_not_borne_out_or_gone_makes_no_pair_and_is_named(case: Path, tmp_path: Path) -> None:
    draft = caseloom.review_case(case)
    caseloom.edit_case(case, {place_of(draft, "Asthma"): "Severe tuberculosis since 1999."}, name=WHO)
    unsigned = caseloom.export_training(case, tmp_path / "one")
    assert unsigned.count == 0 and "not signed" in unsigned.left_out[0] and not (tmp_path / "one").exists()
    caseloom.sign_case(case, name=WHO)
    done = caseloom.export_training(case, tmp_path / "two")
    assert done.count == 0 and "not borne out" in done.left_out[0]
    again = caseloom.review_case(case, fresh=True)
    caseloom.edit_case(case, {place_of(again, "Asthma"): None}, name=WHO)
    caseloom.sign_case(case, name=WHO)
    assert "taken out" in caseloom.export_training(case, tmp_path / "three").left_out[0]


@pytest.mark.usefixtures("home")
def test_several_cases_make_one_set(case: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(case, other)
    (other / "note.txt").write_text("2020-03-01\nNo fever.\n", encoding="utf-8")
    draft = caseloom.review_case(case)
    caseloom.edit_case(case, {place_of(draft, "Asthma"): "Asthma is an active condition."}, name=WHO)
    caseloom.sign_case(case, name=WHO)
    unsigned = caseloom.review_case(other)
    done = caseloom.export_training([case, other], tmp_path / "set", unedited=True)
    assert len(rows(tmp_path / "set")) == done.count == 1
    assert done.left_out == [f"case {unsigned.case.id[:12]}: the report is draft, not signed; only what was signed is "
                             "learned from"]
    assert json.loads((tmp_path / "set" / "about.json").read_text("utf-8"))["left_out"] == done.left_out


@pytest.mark.usefixtures("home")
def test_identifiers_are_blanked_unless_they_are_asked_for(case: Path, tmp_path: Path) -> None:
    draft = caseloom.review_case(case)
    place = place_of(draft, "Asthma")
    first = caseloom.edit_case(case, {place: f"Asthma is an active condition ({NAME}, {NUMBER})."}, name=WHO)
    assert first.edits[0].objection
    caseloom.edit_case(case, {place: "Asthma is an active condition."}, name=WHO)
    caseloom.sign_case(case, name=WHO)
    done = caseloom.export_training(case, tmp_path / "blanked")
    text = (tmp_path / "blanked" / "train.jsonl").read_text("utf-8")
    assert NAME not in text and NUMBER not in text and "blanked" in done.notes[0]
    kept = caseloom.export_training(case, tmp_path / "kept", identifiers=True)
    assert NAME in (tmp_path / "kept" / "train.jsonl").read_text("utf-8") and "kept as you asked" in kept.notes[0]


@pytest.mark.usefixtures("home")
def test_sentences_that_nobody_changed_are_added_when_asked_for(case: Path, tmp_path: Path) -> None:
    caseloom.review_case(case)
    caseloom.sign_case(case, name=WHO)
    none = caseloom.export_training(case, tmp_path / "none")
    assert none.left_out == ["no sentence was changed before it was signed"]
    done = caseloom.export_training(case, tmp_path / "all", unedited=True)
    told = "".join(words_of(row, "assistant") for row in rows(tmp_path / "all"))
    assert done.count and "Asthma" in told and "Gout" in told
    with pytest.raises(UsageError, match="not empty"):
        caseloom.export_training(case, tmp_path / "all")
    with pytest.raises(UsageError, match="within a case"):
        caseloom.export_training(case, case / "set")


def reviewed_head(folder: Path, home: Path, reader: ScriptedReader, question: str | None = None) -> Report:
    """A draft about a CT of a head that the reader read."""
    write_slices(folder / "head", block(5), BodyPartExamined="HEAD", StudyDate="20250304", PatientName=f"{NAME}^Alex")
    opened = Home(Settings(home=home).home)
    made = Review(path=folder, patient=None, settings=Settings(home=home), home=opened, reader=reader,
                  tools=all_tools(), results=opened.results)
    with open_run(made, question) as run:
        return run.go(question)


def test_one_reading_of_several_is_corrected_and_what_the_words_say_of_the_others_is_not_guessed(
        home: Path, tmp_path: Path) -> None:
    reader = ScriptedReader({"ct": "Final Answer: yes"}, MODEL)
    draft = reviewed_head(tmp_path / "case", home, reader, "Is there a skull fracture?")
    place = next(f"s-{n}-{m}" for n, section in enumerate(draft.sections, 1) if section.title == "CT"
                 for m, sentence in enumerate(section.sentences, 1) if "skull fracture" in sentence.text)
    caseloom.edit_case(tmp_path / "case", {place: "No intracranial hemorrhage."}, name=WHO)
    caseloom.sign_case(tmp_path / "case", name=WHO)
    done = caseloom.export_training(tmp_path / "case", tmp_path / "set")
    row, = (row for row in rows(tmp_path / "set") if row["provenance"]["recipe"] == "ct/1")
    assert "intracranial hemorrhage" in words_of(row, "user")
    assert words_of(row, "assistant") == "No intracranial hemorrhage.\nFinal Answer: no"
    assert any(line.startswith("Skull fracture") and "not known" in line for line in done.left_out)


@pytest.mark.parametrize(("said", "read", "learned"), [
    ("No intracranial hemorrhage.", "yes", "no"), ("There is an intracranial hemorrhage.", "yes", "yes"),
    ("There is an intracranial hemorrhage.", "no", "yes"),
])
def test_a_corrected_reading_is_a_pair_with_its_pictures(home: Path, tmp_path: Path, said: str, read: str,
                                                        learned: str) -> None:
    folder, reader = tmp_path / "case", ScriptedReader({"ct": f"Final Answer: {read}"}, MODEL)
    draft = reviewed_head(folder, home, reader)
    place = next(f"s-{n}-{m}" for n, section in enumerate(draft.sections, 1) if section.title == "CT"
                 for m, sentence in enumerate(section.sentences, 1) if "emorrhage" in sentence.text)
    caseloom.edit_case(folder, {place: said}, name=WHO)
    caseloom.sign_case(folder, name=WHO)
    done = caseloom.export_training(folder, tmp_path / "set")
    row = next(row for row in rows(tmp_path / "set") if row["provenance"]["recipe"] == "ct/1")
    asked = next(request for request in reader.requests if request.recipe == "ct/1")
    assert done.pairs["ct/1"] == 1
    assert words_of(row, "user") == "".join(part for part in asked.parts if isinstance(part, str))
    assert words_of(row, "assistant") == f"{said}\nFinal Answer: {learned}"
    content = row["messages"][0]["content"]
    assert [part["type"] for part in content].count("image") == len(row["images"]) == len(asked.pictures) == 5
    with Image.open(tmp_path / "set" / row["images"][0]) as picture:
        assert picture.size == asked.pictures[0].pixels.shape[1::-1]


@pytest.mark.usefixtures("home")
def test_the_command_writes_the_set_and_says_what_it_left_out(case: Path, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    draft = caseloom.review_case(case)
    caseloom.edit_case(case, {place_of(draft, "Asthma"): "Asthma is an active condition."}, name=WHO)
    unsigned = CliRunner().invoke(app, ["export-training", str(case), "--out", str(tmp_path / "set")])
    assert unsigned.exit_code == 3 and "not signed" in unsigned.stdout
    caseloom.sign_case(case, name=WHO)
    done = CliRunner().invoke(app, ["export-training", str(case), "--out", str(tmp_path / "set"), "--json"])
    assert done.exit_code == 0 and json.loads(done.stdout)["pairs"] == {"prose/1": 1}
