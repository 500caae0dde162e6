"""Made-up laboratory documents: the same seed gives the same bytes, and native ones are read without an error."""

from pathlib import Path

import pytest

from caseloom.evals.lab_accuracy import score
from caseloom.evals.lab_sheets.layouts import HELD_OUT, TUNING, Layout
from caseloom.evals.lab_sheets.write import make_document
from caseloom.evals.labs import predict


def test_the_same_seed_gives_the_same_document() -> None:
    layout = TUNING[0]
    assert make_document(layout, 3, scan=True) == make_document(layout, 3, scan=True)
    assert make_document(layout, 3, scan=False)[0] != make_document(layout, 4, scan=False)[0]


def test_no_layout_is_both_tuned_to_and_held_out() -> None:
    assert not {layout.name for layout in TUNING} & {layout.name for layout in HELD_OUT}
    assert len({layout.name for layout in (*TUNING, *HELD_OUT)}) == len(TUNING) + len(HELD_OUT)


@pytest.mark.parametrize("layout", TUNING, ids=lambda layout: layout.name)
def test_every_tuning_layout_is_read(layout: Layout, tmp_path: Path) -> None:
    """Two people in each document: none of the results changes hands."""
    data, truth = make_document(layout, 1005, scan=False)
    (tmp_path / "made.pdf").write_bytes(data)
    found = score(truth, predict(tmp_path / "made.pdf", tmp_path)["findings"])
    assert found.f1 >= 0.95
    assert found.strange == 0
    assert found.coded_right >= 0.99 * found.coded


def test_a_score_counts_what_the_page_does_not_bear_out() -> None:
    _, truth = make_document(TUNING[0], 3, scan=False)
    rows = truth["results"]
    told = [{"name": row["name"], "code": None, "status": "measured", "date": row["collected_at"], "patient": "P",
             "evidence": [{"page": row["page"]}],
             "value": {"number": row["value"], "text": row["value_text"], "unit": row["unit"], "ucum": row["ucum"]}}
            for row in rows]
    assert score(truth, told).f1 == 1.0
    told[0]["value"] = dict(told[0]["value"], number=-1.0, text="-1")
    wrong = score(truth, told)
    assert wrong.false == 1
    assert wrong.f1 == pytest.approx((len(rows) - 1) / len(rows))


