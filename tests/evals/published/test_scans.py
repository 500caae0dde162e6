"""CT and MRI conditions, and slides, from lists of our own form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_ct import block, write_nifti, write_slices
from made_slide import stain, write_tiff
from scripted_reader import ScriptedReader

from caseloom.core.errors import NothingUsable
from caseloom.evals.published.evaluate import Wish, evaluate
from caseloom.evals.published.task import Source
from caseloom.memory.home import Home
from caseloom.readers.request import Request


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def write_list(root: Path, lines: list[dict[str, Any]]) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    text = "\n".join(json.dumps(line) for line in lines)
    (root / "cases.jsonl").write_text(f"{text}\n\n", encoding="utf-8")
    return root


def test_ct_conditions_by_hand(home: Home, tmp_path: Path) -> None:
    root = write_list(tmp_path / "ct", [
        {"id": "one", "patient": "p", "volume": "one.nii.gz", "body_part": "chest", "history": 'cough, "old" scar',
         "conditions": {"pleural effusion": True, "lung nodule": False}},
        {"id": "two", "patient": "p", "volume": "two", "conditions": {"pleural effusion": False}},
        {"id": "gone", "volume": "gone.nii.gz", "conditions": {"pleural effusion": False}}])
    write_nifti(root / "one.nii.gz", block(4))
    write_slices(root / "two", block(5))
    reader = ScriptedReader(lambda request: "Final Answer: yes" if "effusion" in str(request.parts[-1]) else "maybe")
    result = evaluate("ct-conditions", Source(root), reader, home)
    accuracy = result.scores[0]
    assert accuracy.ours.value == pytest.approx((1 / 2 + 0) / 2)
    assert accuracy.baselines["nothing"].value == pytest.approx((1 / 2 + 1) / 2)
    assert accuracy.ours.low is None  # one patient alone
    assert (result.cases, result.units, result.answered) == (2, 1, 2)
    assert any("1 of the 3 studies" in note for note in result.notes)
    said = str(reader.requests[0].parts[-1])
    assert "history \"cough, 'old' scar\"" in said
    assert "center of the chest" in str(reader.requests[0].parts[0])


def test_mri_sequences_are_stacked(home: Home, tmp_path: Path) -> None:
    root = write_list(tmp_path / "mri", [
        {"id": "one", "sequences": ["a.nii.gz", "b.nii.gz"], "conditions": {"acute infarct": True}}])
    write_nifti(root / "a.nii.gz", block(4, air=0))
    write_nifti(root / "b.nii.gz", block(3, air=0))
    reader = ScriptedReader(lambda request: "Final Answer: yes")
    result = evaluate("mri-conditions", Source(root), reader, home, wish=Wish(blind=False))
    assert result.scores[0].ours.value == 1.0
    assert len(reader.requests[0].pictures) == 7
    assert any("13.4" in note for note in result.notes)


@pytest.mark.parametrize(("line", "said"), [
    ({"id": "one", "volume": "a.nii.gz"}, "line 1 of cases.jsonl is not as expected: conditions: Field required"),
    ({"id": "one", "volume": "a.nii.gz", "conditions": {"x": "perhaps"}},
     "conditions.x: Input should be a valid bool"),
    ({"id": "one", "volume": "../a.nii.gz", "conditions": {"x": True}}, "lies outside the data set's folder"),
    ({"id": "one", "volume": "cases.jsonl", "conditions": {"x": True}},
     "2 questions of the id 'one: x'; ids must differ"),
    ({"id": "one", "volume": "a.nii.gz", "conditions": {"x": True}}, "expected is cases.jsonl, one CT a line")])
def test_a_wrong_line_is_named(home: Home, tmp_path: Path, line: dict[str, Any], said: str) -> None:
    root = write_list(tmp_path / "ct", [line, line])
    with pytest.raises(NothingUsable) as raised:
        evaluate("ct-conditions", Source(root), ScriptedReader({}), home)
    assert said in str(raised.value)


def test_slide_texts_by_hand(home: Home, tmp_path: Path) -> None:
    root = write_list(tmp_path / "slides", [
        {"id": "one", "slide": "one.tiff", "procedure": "colon, biopsy",
         "diagnosis": "Colon, biopsy: tubular adenoma."}])
    dense = np.full((1200, 1200), 0.1)
    dense[200:1000, 200:1000] = 0.5
    write_tiff(root / "one.tiff", [stain(dense * 0.5, dense)], mpp=1.0)

    def script(request: Request[Any]) -> str:
        return "Colon biopsy: hyperplastic polyp" if request.pictures[0].pixels.any() else "Normal."

    reader = ScriptedReader(script)
    result = evaluate("slide-diagnosis", Source(root), reader, home)
    score = result.scores[0]
    assert score.ours.value == pytest.approx(2 * 2 / (4 + 4))
    assert score.baselines["nothing"].value == pytest.approx(2 * 2 / (4 + 2))
    assert (score.baselines["majority"].value, score.baselines["blind"].value) == (1.0, 0.0)
    assert str(reader.requests[0].parts[-1]).endswith("colon, biopsy:")
    assert reader.requests[0].pictures[0].pixels.shape == (896, 896, 3)
    assert any("macro F1" in note for note in result.notes)
