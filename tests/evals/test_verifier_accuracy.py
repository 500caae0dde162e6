"""The verifier's reached marks on sentences with planted errors and on true paraphrases are held."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caseloom.evals.verifier_accuracy import failures, first_runs, score, stands, summary, table_of
from caseloom.evals.verifier_mutations import numbers_mutated
from caseloom.evals.verifier_suite import SUITES, TRUE, read_findings, read_suite


@pytest.mark.parametrize(("suite", "most_missed", "most_refused"), [
    ("suite", 0, 4), ("held out", 0, 0), ("third", 0, 0), ("fourth", 0, 3)])
def test_the_marks_reached_are_held(suite: str, most_missed: int, most_refused: int) -> None:
    told = read_suite(SUITES[suite])
    wrong = failures(told)
    missed = [item.text for item in wrong if item.kind != TRUE]
    refused = [item.text for item in wrong if item.kind == TRUE]
    assert len(missed) <= most_missed, missed
    assert len(refused) <= most_refused, refused


def test_the_suite_is_as_large_as_it_is_said_to_be() -> None:
    told = read_suite(SUITES["suite"])
    assert len({item.text for item in told}) >= 889
    assert sum(item.kind == TRUE for item in told) >= 300
    assert sum(item.kind != TRUE for item in told) >= 300
    cited = {finding.id for name in SUITES.values() for item in read_suite(name) for finding in item.findings}
    assert cited >= {known.finding.id for key, known in read_findings().items() if not key.endswith("_prior")}


def test_the_table_shows_the_first_run_beside_the_last() -> None:
    told = read_suite(SUITES["held out"])[:40]
    last = score(told, failures(told))
    lines = table_of(first_runs()["held out"], last)
    assert lines[-1].startswith("| true, refused |")
    assert len(lines) == len(last) + 4
    assert summary(first_runs()["suite"])[1] >= 300


def test_no_mechanical_change_of_a_number_stands() -> None:
    told = [item for item in read_suite(SUITES["held out"]) if item.kind == TRUE][::3]
    made = [replace(item, text=text) for item in told for text in numbers_mutated(item.text)]
    assert len(made) > 100
    assert [item.text for item in made if stands(item)] == []
