"""What docs/evaluation.md shows is what the loaders read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from caseloom.evals.published.lab_pages import Truth
from caseloom.evals.published.names import NAMED, TEXTS
from caseloom.evals.published.report_texts import Pair
from caseloom.evals.published.scans import CtLine, MriLine
from caseloom.evals.published.slides import SlideLine

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "evaluation.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)


FORMS = ((CtLine, MriLine), (SlideLine,), (Truth,), (Pair,))


@pytest.mark.parametrize("place", range(len(FORMS)))
def test_every_key_of_an_example_is_read(place: int) -> None:
    block, forms = SHOWN[place], FORMS[place]
    lines = block.splitlines() if len(forms) > 1 else [block]
    for form, line in zip(forms, lines, strict=True):
        assert len(form.model_validate_json(line).model_fields_set) == len(json.loads(line))


def test_every_example_has_its_form() -> None:
    assert len(SHOWN) == len(FORMS)


@pytest.mark.parametrize("name", [named.name for named in (*NAMED, TEXTS)])
def test_every_task_is_described(name: str) -> None:
    heading = re.search(rf"^#+ .*`{name}`", TEXT, re.MULTILINE)
    assert heading or f"caseloom eval {name} --data" in TEXT
