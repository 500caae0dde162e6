"""Statements of reports, and texts scored against them, counted by hand."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from huggingface_hub import constants

from caseloom.core.errors import NothingUsable, ReaderUnavailable, UsageError
from caseloom.evals.published.radgraph_score import radgraph_f1
from caseloom.evals.published.report_texts import score_texts
from caseloom.evals.published.statements import Stated, statement_marks, statements_of

REPORT = ("FINDINGS: There is a small left pleural effusion. A 1.2 x 0.8 cm nodule in the right upper lobe is new. No "
          "pneumothorax or consolidation. Possible mild edema.\nIMPRESSION: Left effusion.")


def test_what_a_report_states() -> None:
    assert statements_of(REPORT) == {
        "pleural effusion": {Stated("present", "left", ())},
        "lung nodule": {Stated("present", "right", (12.0, 8.0))},
        "pneumothorax": {Stated("absent", "", ())},
        "consolidation": {Stated("absent", "", ())},
        "edema": {Stated("uncertain", "", ())}}


@pytest.mark.parametrize(("text", "name", "stated"), [
    ("Cannot exclude pneumothorax.", "pneumothorax", Stated("uncertain", "", ())),
    ("No large effusion.", "pleural effusion", Stated("absent, large", "", ())),
    ("Nodules measuring 8 mm and 4 mm, no effusion.", "lung nodule", Stated("present", "", (8.0, 4.0))),
    ("The lungs are clear without focal consolidation, effusion or pneumothorax.", "pneumothorax",
     Stated("absent", "", ())),
    ("ET tube in place.", "endotracheal tube", Stated("present", "", ())),
    ("The heart is not enlarged.", "cardiomegaly", Stated("absent", "", ())),
    ("Heart size is mildly enlarged.", "cardiomegaly", Stated("present", "", ())),
    ("Mildly tortuous thoracic aorta.", "tortuous aorta", Stated("present", "", ())),
    ("No consolidation, large effusion/pneumothorax.", "pneumothorax", Stated("absent", "", ())),
    ("There is no apparent pneumothorax.", "pneumothorax", Stated("absent", "", ())),
    ("Blunting which could be due to effusion or scarring.", "pleural effusion", Stated("uncertain", "", ())),
    ("Bilateral pleural effusions.", "pleural effusion", Stated("present", "bilateral", ()))])
def test_single_statements(text: str, name: str, stated: Stated) -> None:
    assert statements_of(text)[name] == {stated}


def test_nothing_is_made_of_words_that_are_not_on_the_list() -> None:
    assert statements_of("The heart is normal. He wet the bed and was fitted.") == {}


def test_marks_by_hand() -> None:
    said = "Small right effusion. Nodule in the right upper lobe, 12 x 9 mm. Pneumothorax on the left. Cardiomegaly."
    marks = statement_marks(REPORT, said)
    assert {name: [one[key] for key in ("tp", "fp", "fn")] for name, one in marks.items()} == {
        "pleural effusion": [0, 1, 1], "lung nodule": [0, 1, 1], "pneumothorax": [0, 1, 1], "consolidation": [0, 0, 1],
        "edema": [0, 0, 1], "cardiomegaly": [0, 1, 0]}
    effusion, nodule, air = (marks[name] for name in ("pleural effusion", "lung nodule", "pneumothorax"))
    assert (effusion["same_status"], effusion["sided"], effusion["same_side"]) == (1, 1, 0)
    assert (nodule["same_side"], nodule["sized"], nodule["same_size"]) == (1, 1, 0)
    assert (air["same_status"], air["contradicted"], air["named_tp"]) == (0, 1, 1)
    assert (marks["cardiomegaly"]["named_fp"], marks["edema"]["named_fn"]) == (1, 1)
    same = statement_marks(REPORT, "1. No consolidation, no pneumothorax. 2. Lung nodule. 3. Left effusion.")
    assert {name for name, one in same.items() if one["tp"]} == {"consolidation", "pleural effusion", "pneumothorax"}


def write_pairs(folder: Path, *pairs: tuple[str, str], patients: str = "0123") -> Path:
    lines = [json.dumps({"id": str(number), "patient": f"p{patients[number]}", "reference": truth, "candidate": said})
             for number, (truth, said) in enumerate(pairs)]
    (folder / "pairs.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_texts_are_scored_together(tmp_path: Path) -> None:
    folder = write_pairs(tmp_path, ("Left effusion.", "Left effusion."), ("No pneumothorax.", "Large pneumothorax."),
                         ("Edema.", ""))
    result = score_texts(folder, tmp_path, out=tmp_path / "out")
    scores = {score.key: score for score in result.scores}
    # tp 1; pneumothorax fp 1 and fn 1; edema fn 1
    assert scores["statement_f1"].ours.value == pytest.approx(2 * 1 / (2 * 1 + 1 + 2))
    assert scores["statement_macro_f1"].ours.value == pytest.approx(1 / 3)
    assert scores["rouge_l"].ours.value == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert (scores["contradicted"].ours.value, scores["status"].ours.value) == (0.5, 0.5)
    assert scores["statement_f1"].baselines["nothing"].value == 0.0
    assert scores["rouge_l"].baselines["another"].value == 0.0
    assert [line.group for line in result.classes] == ["edema", "pleural effusion", "pneumothorax", "whole report"]
    assert any("RadGraph F1 was not computed" in note for note in result.notes)
    assert (tmp_path / "out" / "evaluation.md").is_file()
    assert len((tmp_path / "out" / "report-text.items.jsonl").read_text(encoding="utf-8").splitlines()) == 3


@pytest.mark.parametrize(("patients", "score"), [("0011", 1 / 4), ("0123", 1 / 2), ("0000", None)])
def test_the_other_report_is_of_another_patient(tmp_path: Path, patients: str, score: float | None) -> None:
    """Of four patients the first edema meets the second and the last the first; of two, the first both meet the
    effusion, and only the last an edema."""
    folder = write_pairs(tmp_path, *((truth, "x") for truth in ("Edema.", "Edema.", "Effusion.", "Edema.")),
                         patients=patients)
    rouge = next(one for one in score_texts(folder, tmp_path).scores if one.key == "rouge_l")
    assert (rouge.baselines["another"].value if "another" in rouge.baselines else None) == score


def test_radgraph_is_of_the_texts_and_other_scores_keep_their_baselines(tmp_path: Path) -> None:
    folder = write_pairs(tmp_path, ("Left effusion.", "Left effusion."), ("Edema.", "Clear."))
    asked = []

    def scorer(truth: Sequence[str], said: Sequence[str], cache: Path, *, download: bool) -> list[float]:
        asked.append((list(truth), list(said), cache, download))
        return [1.0, 0.5]

    result = score_texts(folder, tmp_path / "cache", radgraph=True, scorer=scorer)
    assert asked == [(["Left effusion.", "Edema."], ["Left effusion.", "Clear."], tmp_path / "cache", False)]
    scores = {score.key: score for score in result.scores}
    assert scores["radgraph_f1"].ours.value == 0.75
    assert {figure.value for figure in scores["radgraph_f1"].baselines.values()} == {None}
    assert {key: figure.value for key, figure in scores["rouge_l"].baselines.items()} == {"nothing": 0, "another": 0}


PACKAGE = """
from huggingface_hub import constants
class F1RadGraph:
    def __init__(self, reward_level, model_type, model_cache_dir):
        self.offline = constants.is_offline_mode()
    def __call__(self, refs, hyps):
        if refs == ["absent"]:
            raise OSError("no encoder")
        return 0, [float(self.offline)], [], []
"""


def test_nothing_is_asked_of_the_hub_unless_a_download_is_wanted(tmp_path: Path,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    """The package, here a stand-in for it, loads its encoder by itself."""
    before = constants.HF_HUB_OFFLINE
    (tmp_path / "radgraph.py").write_text(PACKAGE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "radgraph", raising=False)
    weights = tmp_path / "radgraph" / "radgraph" / "weights.th"
    weights.parent.mkdir(parents=True)
    weights.touch()
    assert radgraph_f1(["a"], ["b"], tmp_path, download=False) == [1.0]
    assert radgraph_f1(["a"], ["b"], tmp_path, download=True) == [float(before)]
    with pytest.raises(ReaderUnavailable, match=r"encoder or tokenizer .* cannot be loaded \(OSError\); --download"):
        radgraph_f1(["absent"], ["b"], tmp_path, download=False)
    assert constants.HF_HUB_OFFLINE is before
    monkeypatch.delitem(sys.modules, "radgraph")


def test_wrong_lists_and_absent_models_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"expected is pairs.jsonl"):
        score_texts(tmp_path / "none", tmp_path)
    (tmp_path / "pairs.jsonl").write_text('{"id": "1", "reference": "x"}', encoding="utf-8")
    with pytest.raises(NothingUsable, match=r"line 1 of pairs.jsonl is not as expected: candidate: Field required"):
        score_texts(tmp_path, tmp_path)
    with pytest.raises(ReaderUnavailable, match=r"RadGraph is not installed|RadGraph's model is not in"):
        radgraph_f1(["a"], ["b"], tmp_path, download=False)
