"""A page of a laboratory report: its rows with the eight fields that MedGemma 1.5 was tuned to extract.

The page goes in whole, padded to a square and not tiled: so were the pages of the published evaluation
(Technical Report, 3.2.5), and a row that is cut in two, or read twice where tiles overlap, would need repair
that nobody has measured. The model sees 896 pixels along the page's longer side, 77 dots per inch of an A4
page; small print is beyond it. Render at `PAGE_SIDE` and let the processor scale down: that smooths letters,
more pixels are lost.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ...prompts.loader import load_templates
from ..expect import Json
from ..request import Request, Rgb
from .square import padded

PAGE_SIDE = 2 * 896
"""Pixels along the longer side of a rendered page; 153 dots per inch for A4."""

TOOL = "labs"
RECIPE = "lab_page/1"
MOST_TOKENS = 8192
"""Of the answer: the model's greatest output length (model card); a full page has some sixty rows of eighty tokens."""

Cell = Annotated[str, Field(max_length=300)]


def _every_field(schema: dict[str, Any]) -> None:
    """Decoding is held to all eight fields, null where the page says nothing; reading is not."""
    schema["required"] = list(schema["properties"])
    schema["additionalProperties"] = False


class LabRow(BaseModel):
    """One test of a page, in the page's own words; None for what it does not say."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, json_schema_extra=_every_field)

    name: Cell
    result: Cell
    unit: Cell | None = None
    range: Cell | None = None
    panel: Cell | None = None
    method: Cell | None = None
    specimen: Cell | None = None
    sample_collection_time: Cell | None = None
    """DD-MM-YYYY HH:MM:SS."""


ROWS: TypeAdapter[list[LabRow]] = TypeAdapter(list[LabRow])


def lab_page_request(page: Rgb, *, scope: str) -> Request[list[LabRow]]:
    """All laboratory tests of one page.

    Args:
        page: (rows, columns, 3) uint8, upright, identities already blanked; best with `PAGE_SIDE` as its longer side.
        scope: opaque patient.

    Raises:
        ValueError: another shape or type.
    """
    words = load_templates("lab_page")["rows"].text
    return Request(TOOL, RECIPE, (padded(page), words), Json(ROWS), scope, MOST_TOKENS)
