"""A laboratory page: the eight fields, constrained while decoding, read tolerantly."""

from __future__ import annotations

import json

import numpy as np
import pytest
from rendered import assert_as_reviewed

from caseloom.readers.expect import Unparsed
from caseloom.readers.recipes.lab_page import LabRow, lab_page_request

FIELDS = ["name", "result", "unit", "range", "panel", "method", "specimen", "sample_collection_time"]
PAGE = np.full((14, 10, 3), 255, np.uint8)


def test_a_request_is_as_reviewed():
    assert_as_reviewed("lab_page", lab_page_request(PAGE, scope="P"))


def test_the_page_is_padded_and_comes_before_the_words():
    picture, words = lab_page_request(PAGE, scope="P").parts
    assert picture.pixels.shape == (14, 14, 3)
    assert (picture.pixels[:, 2:12] == 255).all() and not picture.pixels[:, [0, 1, 12, 13]].any()
    assert str(words).endswith(f"{', '.join(FIELDS)} (formatted as DD-MM-YYYY HH:MM:SS)")


def test_decoding_is_held_to_all_eight_fields_and_no_other():
    schema = lab_page_request(PAGE, scope="P").expect.schema
    assert schema is not None
    row = schema["$defs"]["LabRow"]
    assert row["required"] == list(row["properties"]) == FIELDS
    assert row["additionalProperties"] is False
    assert schema["type"] == "array"


def test_the_schema_can_hold_a_decoder():
    import llguidance

    schema = json.dumps(lab_page_request(PAGE, scope="P").expect.schema)
    assert llguidance.LLMatcher.validate_grammar(llguidance.LLMatcher.grammar_from_json_schema(schema)) == ""


def test_rows_are_read_also_from_a_model_that_was_not_held():
    answer = ('Here it is:\n```json\n[{"name": "Haemoglobin", "result": 12.50, "unit": "g/dL", "range": null, '
              '"flag": "L"}, {"name": "Protein", "result": "+++"}]\n```')
    rows = lab_page_request(PAGE, scope="P").expect.parse(answer)
    assert rows[0].model_dump() == {**dict.fromkeys(FIELDS), "name": "Haemoglobin", "result": rows[0].result,
                                    "unit": "g/dL"}
    assert rows[0].result == "12.50"
    assert rows[1] == LabRow(name="Protein", result="+++")
    assert lab_page_request(PAGE, scope="P").expect.parse("[]") == []


@pytest.mark.parametrize("answer", ['[{"name": "Sodium"}]', '[{"name": "Sodium", "result": null}]',
                                    '[{"name": "Sodium", "result": "140"', '{"tests": 3}', "There are no tests."])
def test_a_row_without_name_or_result_is_no_row(answer: str):
    with pytest.raises(Unparsed):
        lab_page_request(PAGE, scope="P").expect.parse(answer)


def test_other_pixels_are_refused():
    with pytest.raises(ValueError, match="uint8 pixels"):
        lab_page_request(PAGE.astype(np.uint16), scope="P")
