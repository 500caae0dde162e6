"""The text of each cell of a made-up row, in a layout's own way of writing."""

from __future__ import annotations

import random

from .catalogue import Test
from .content import Printed
from .layouts import Layout

_WORDS = {"H": "High", "L": "Low", "A": "Abnormal"}
_ARROWS = {"H": "↑", "L": "↓", "A": "*"}
_PLUS = {"H": "+", "L": "-", "A": "*"}
_METHODS = ("Hexokinase", "ISE", "Colorimetric", "Immunoassay", "Flow cytometry", "Enzymatic", "CLIA", "Dipstick")
ASIDES = ("Method: photometry, IDMS traceable", "Comment: repeated and confirmed on a second specimen.",
          "Fasting status was not stated.", "Please interpret with the clinical findings and earlier results.",
          "Performed at Site 2, Hall 7.")


def number_text(number: float, test: Test, layout: Layout) -> str:
    """A limit as the layout writes it."""
    text = f"{number:.{test.decimals}f}"
    return text.replace(".", ",") if layout.comma else text


def range_text(test: Test, layout: Layout) -> str:
    """The reference range as printed, with the unit where the layout puts it there."""
    if test.words:
        return test.words[0] if layout.range_place == "column" else f"Ref: {test.words[0]}"
    limits = {key: number_text(value, test, layout) for key, value in (("low", test.low), ("high", test.high))
              if value is not None}
    form = layout.range_form if len(limits) == 2 else layout.below_form if "high" in limits else layout.above_form
    unit = f" {test.unit}" if layout.unit == "range" and test.unit else ""
    return form.format(**limits) + unit


def value_text(one: Printed | None, layout: Layout) -> str:
    """The result as printed: with its flag and unit where the layout glues them to it."""
    if one is None:
        return "-"
    text = flagged(one, layout)
    unit = one.test.unit or ""
    if layout.unit == "glued":
        return text + unit
    return f"{text} {unit}".rstrip() if layout.unit == "after" else text


def flagged(one: Printed, layout: Layout) -> str:
    """The result with the marks that touch it."""
    if one.flag is None:
        return one.text
    forms = {"suffix": f"{one.text}{one.flag}", "spaced": f"{one.text} {one.flag}", "star": f"{one.text}*",
             "star_before": f"*{one.text}", "arrow": f"{one.text} {_ARROWS[one.flag]}",
             "arrow_before": f"{_ARROWS[one.flag]} {one.text}", "bracket": f"{one.text} ({one.flag})",
             "plus": f"{one.text}{_PLUS[one.flag]}", "word": f"{one.text} {_WORDS[one.flag]}"}
    own_column = any(cell in ("flag", "mark") for cell, _ in layout.columns)
    worded = bool(one.test.words) and layout.flag in ("suffix", "plus")
    if worded or (layout.flag == "word" and own_column and layout.structure == "table"):
        return one.text
    return forms.get(layout.flag, one.text)


def flag_cell(one: Printed, layout: Layout) -> str:
    """What stands in a column of flags."""
    if one.flag is None or layout.flag not in ("letter", "word", "caret"):
        return ""
    return _WORDS[one.flag] if layout.flag == "word" else {"letter": one.flag, "caret": "*"}[layout.flag]


def name_text(one: Printed, layout: Layout) -> str:
    """The name as printed, with the unit where the layout puts it there."""
    return f"{one.name} ({one.test.unit})" if layout.unit == "name" and one.test.unit else one.name


def cells_of(one: Printed, previous: Printed | None, layout: Layout, rng: random.Random) -> dict[str, str]:
    """Every cell of a single result by what it holds."""
    test = one.test
    limits = [number_text(limit, test, layout) if limit is not None else "" for limit in (test.low, test.high)]
    return {"name": name_text(one, layout), "value": value_text(one, layout), "flag": flag_cell(one, layout),
            "mark": flag_cell(one, layout), "unit": test.unit or "", "range": range_text(test, layout),
            "code": f"{rng.randint(1000, 9999)}", "method": rng.choice(_METHODS), "specimen": test.specimen,
            "previous": value_text(previous, layout) if previous else "", "low": limits[0], "high": limits[1],
            "panel": test.panel}
