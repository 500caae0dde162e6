"""MedQA, SLAKE and VQA-RAD in the shapes that they are distributed in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_ct_rate import table
from PIL import Image
from scripted_reader import SCRIPTED, ScriptedReader

from caseloom.core.errors import NothingUsable
from caseloom.evals.published.evaluate import Wish, evaluate
from caseloom.evals.published.task import Source
from caseloom.memory.home import Home
from caseloom.readers.reading import Reading
from caseloom.readers.request import Request

OPTIONS = {"A": "Rest", "B": "Aspirin", "C": "Surgery", "D": "A fall"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def write_json(path: Path, items: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(items), encoding="utf-8")


def write_picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((6, 8, 3), 90, np.uint8)).save(path)


def test_medqa_by_hand(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "questions" / "US" / "4_options" / "phrases_no_exclude_test.jsonl"
    path.parent.mkdir(parents=True)
    lines = [{"question": f"What helps in case {number}?", "options": OPTIONS, "answer": OPTIONS[letter],
              "answer_idx": letter, "meta_info": step, "metamap_phrases": ["a\u2028b"]}
             for number, (letter, step) in enumerate([("B", "step1"), ("D", "step1"), ("C", "step2&3")])]
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    answers = {"0": "<unused94>thought\nhm<unused95>Final Answer: (B)", "1": "Final Answer: A fall",
               "2": "<unused94>thought\nhm"}
    reader = ScriptedReader(lambda request: next(text for number, text in answers.items()
                                                 if f"case {number}?" in str(request.parts[0])))
    result = evaluate("medqa", Source(tmp_path), reader, home)
    assert result.scores[0].ours.value == pytest.approx(2 / 3)
    assert result.scores[0].baselines["nothing"].value == 0.0
    assert "blind" not in result.scores[0].baselines
    assert result.problems[0].reason == "the model thought and gave no answer"
    assert reader.requests[0].system == "SYSTEM INSTRUCTION: think silently if needed."
    assert str(reader.requests[0].parts[0]).startswith("What helps in case 0?\n(A) Rest\n(B) Aspirin\n")
    path.write_text(json.dumps(lines[0] | {"answer_idx": "E"}), encoding="utf-8")
    with pytest.raises(NothingUsable, match=r"question 1 of phrases_no_exclude_test.jsonl has no option 'E'"):
        evaluate("medqa", Source(tmp_path), reader, home)


class Counting(ScriptedReader):
    """A scripted reader that keeps how many requests came together."""

    def read(self, requests: Sequence[Request[Any]]) -> list[Reading[Any]]:
        self.together = [*getattr(self, "together", []), len(requests)]
        return super().read(requests)


@pytest.mark.parametrize(("origin", "together"), [(None, [1] * 18), ("a server", [16, 2])])
def test_only_a_server_gets_several_cases_together(home: Home, tmp_path: Path, origin: str | None,
                                                   together: list[int]) -> None:
    lines = [{"question": f"Which of {number}?", "options": OPTIONS, "answer_idx": "A"} for number in range(18)]
    (tmp_path / "phrases_no_exclude_test.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    reader = Counting(lambda request: "Final Answer: A", SCRIPTED.model_copy(update={"origin": origin}))
    assert evaluate("medqa", Source(tmp_path), reader, home).scores[0].ours.value == 1.0
    assert reader.together == together


def test_slake_by_hand(home: Home, tmp_path: Path) -> None:
    def item(number: int, question: str, answer: str, **fields: Any) -> dict[str, Any]:
        return {"img_id": 1, "img_name": "xmlab1/source.jpg", "question": question, "answer": answer, "q_lang": "en",
                "location": "Lung", "modality": "CT", "answer_type": "OPEN", "base_type": "vqa",
                "content_type": "Organ", "triple": ["vhead", "_", "_"], "qid": number} | fields

    write_json(tmp_path / "Slake1.0" / "test.json", [
        item(1, "Which organs are there?", "Lung, Heart"),
        item(2, "Is it healthy?", "No", answer_type="CLOSED", content_type="Abnormality"),
        item(3, "Is this a CT?", "Yes", answer_type="CLOSED", content_type="Abnormality"),
        item(4, "有什么?", "肺", q_lang="zh"),
        item(5, "Where?", "Left", img_name="xmlab2/source.jpg")])
    write_picture(tmp_path / "Slake1.0" / "imgs" / "xmlab1" / "source.jpg")

    def script(request: Request[Any]) -> str:
        if not request.pictures[0].pixels.any():
            return "Final Answer: X"
        return "Final Answer: the heart." if "organs" in str(request.parts[1]) else "I think so.\nFinal Answer: Yes"

    reader = ScriptedReader(script)
    result = evaluate("slake", Source(tmp_path), reader, home)
    f1, closed = result.scores
    assert f1.ours.value == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert closed.ours.value == pytest.approx(1 / 2)
    assert f1.baselines["nothing"].value == pytest.approx(1 / 3)
    assert f1.baselines["majority"].value == pytest.approx(2 / 3)
    assert f1.baselines["blind"].value == 0.0
    assert any("1 of the 2 pictures" in note for note in result.notes)
    assert reader.requests[0].pictures[0].pixels.shape == (8, 8, 3)
    assert str(reader.requests[0].parts[1]).startswith("Which organs are there? You may write out your argument")


def test_vqa_rad_takes_the_balanced_split_where_it_is_there(home: Home, tmp_path: Path) -> None:
    write_json(tmp_path / "VQA_RAD Dataset Public.json", [
        {"qid": number, "phrase_type": phrase, "image_name": "synpic1.jpg", "question": f"Question {number}?",
         "answer": answer, "answer_type": "CLOSED ", "question_type": "SIZE", "image_organ": "CHEST"}
        for number, phrase, answer in ((1, "freeform", "yes"), (2, "test_freeform", "no"), (3, "test_para", 3))])
    write_picture(tmp_path / "VQA_RAD Image Folder" / "synpic1.jpg")
    reader = ScriptedReader(lambda request: "no")
    original = evaluate("vqa-rad", Source(tmp_path), reader, home, wish=Wish(blind=False))
    assert (original.questions, original.scores[0].ours.value) == (2, pytest.approx(1 / 2))
    assert any("not those of the balanced split" in note for note in original.notes)
    split = tmp_path / "vqa_rad_balanced_split_and_human_eval_inclusions.tsv"
    split.write_text("QID_unique\tSPLIT_BALANCED\tINCLUDED_IN_HUMAN_EVAL\n1\ttest\tTRUE\n2\ttrain\tTRUE\n",
                     encoding="utf-8")
    balanced = evaluate("vqa-rad", Source(tmp_path), reader, home, wish=Wish(blind=False))
    assert (balanced.questions, balanced.scores[0].ours.value) == (1, 0.0)
    table(split, ["QID_unique"], [])
    with pytest.raises(NothingUsable, match="has no column SPLIT_BALANCED"):
        evaluate("vqa-rad", Source(tmp_path), reader, home)
