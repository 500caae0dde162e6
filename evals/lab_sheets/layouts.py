"""How made-up documents are printed: every layout is a set of choices, some of them for tuning, others held out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Cell = Literal["name", "value", "flag", "unit", "range", "code", "method", "specimen", "previous", "low", "high",
               "panel", "mark"]
Structure = Literal["table", "leaders", "sides", "cumulative", "flowsheet", "inline", "stacked"]


@dataclass(frozen=True)
class Layout:
    """One way to print a report; positions are points."""

    name: str
    structure: Structure = "table"
    columns: tuple[tuple[Cell, float], ...] = (("name", 50), ("value", 220), ("flag", 275), ("unit", 315),
                                               ("range", 420))
    headings: tuple[tuple[Cell, str], ...] = (("name", "Test"), ("value", "Result"), ("flag", "Flag"),
                                              ("unit", "Units"), ("range", "Reference Range"))
    heading_per: Literal["page", "panel"] = "page"
    rules: Literal["none", "rows", "grid", "zebra"] = "none"
    align: Literal["left", "right", "centre"] = "left"
    flag: str = "letter"
    """letter, word, suffix, spaced, star, star_before, arrow, arrow_before, bold, bracket, plus, caret, none."""
    unit: Literal["column", "glued", "after", "range", "name", "none"] = "column"
    range_form: str = "{low} - {high}"
    below_form: str = "<{high}"
    above_form: str = ">{low}"
    range_place: Literal["column", "below", "after"] = "column"
    panels: Literal["bold", "caps", "plain", "column", "boxed"] = "bold"
    head: Literal["pairs", "table", "line", "centred"] = "pairs"
    comma: bool = False
    si: bool = False
    dates: str = "%m/%d/%Y"
    font: Literal["helv", "tiro", "cour"] = "helv"
    size: float = 9.0
    pitch: float = 15.0
    page: tuple[float, float] = (612.0, 792.0)
    wrap: int = 0
    """Characters at which names are broken; 0: never."""
    middle: bool = False
    """Values stand level with the middle of a broken name."""
    asides: bool = False
    """Comments and methods between rows."""
    indent: float = 0.0
    """Of names under a panel."""
    dates_count: int = 3
    """Columns or rows of a cumulative report."""



def _european(layout: Layout) -> Layout:
    """The layout on A4, with decimal commas, SI units and dates with points."""
    return replace(layout, comma=True, si=True, dates="%d.%m.%Y", page=(595.0, 842.0))


TUNING: tuple[Layout, ...] = (
    Layout("ruled grid", rules="grid", columns=(("name", 50), ("value", 230), ("unit", 300), ("range", 390),
                                                 ("flag", 500))),
    Layout("right aligned", align="right", rules="rows", flag="word", head="table", pitch=13.5, wrap=22,
           range_form="{low}-{high}"),
    Layout("leaders", structure="leaders", unit="after", flag="spaced", font="cour", panels="caps", head="line",
           range_form="({low} - {high})", below_form="(<{high})", above_form="(>{low})"),
    Layout("two sides", structure="sides", size=7.5, pitch=12.5, flag="arrow", unit="range", panels="boxed",
           range_form="{low}-{high}"),
    Layout("cumulative", structure="cumulative", flag="suffix", heading_per="page", head="centred"),
    _european(Layout("cumulative comma", structure="cumulative", flag="plus", range_form="{low}-{high}",
                     dates_count=4)),
    Layout("flow sheet", structure="flowsheet", flag="suffix", head="line"),
    Layout("inline", structure="inline", unit="after", flag="bracket", range_form="(ref: {low} - {high})",
           below_form="(ref: < {high})", above_form="(ref: > {low})"),
    Layout("range below", range_place="below", unit="after", flag="letter", range_form="Ref: {low}-{high}",
           below_form="Ref: <{high}", above_form="Ref: >{low}",
           columns=(("name", 60), ("value", 300), ("flag", 420)), asides=True),
    Layout("unit in name", unit="name", flag="star", columns=(("name", 50), ("value", 280), ("range", 380)),
           range_form="[{low} to {high}]", below_form="[up to {high}]", above_form="[from {low}]"),
    Layout("method and code", columns=(("code", 40), ("name", 95), ("method", 230), ("specimen", 310), ("value", 370),
                                       ("unit", 425), ("range", 500)), flag="star_before", size=8.0,
           headings=(("code", "Code"), ("name", "Investigation"), ("method", "Method"), ("specimen", "Specimen"),
                     ("value", "Result"), ("unit", "Unit"), ("range", "Ref. Range")), range_form="{low}-{high}"),
    Layout("value first", columns=(("flag", 45), ("name", 70), ("value", 240), ("previous", 310), ("unit", 380),
                                   ("range", 460)), head="table",
           headings=(("flag", ""), ("name", "Analyte"), ("value", "Current"), ("previous", "Previous"),
                     ("unit", "Units"), ("range", "Normal Range"))),
    Layout("no headings", headings=(), flag="letter", panels="plain", indent=14, asides=True),
    Layout("low and high", columns=(("name", 50), ("value", 220), ("unit", 290), ("low", 380), ("high", 430),
                                    ("flag", 490)), rules="zebra", align="right",
           headings=(("name", "Component"), ("value", "Value"), ("unit", "Unit"), ("low", "Low"), ("high", "High"),
                     ("flag", "Flag"))),
    _european(Layout("comma table", flag="arrow_before",
                     columns=(("name", 50), ("value", 240), ("unit", 310), ("range", 400)),
           headings=(("name", "Untersuchung"), ("value", "Ergebnis"), ("unit", "Einheit"),
                     ("range", "Referenzbereich")), range_form="{low} - {high}", below_form="bis {high}",
           above_form="> {low}")),
    Layout("middle", middle=True, wrap=18, rules="grid", pitch=20, flag="bracket",
           columns=(("name", 50), ("value", 200), ("unit", 290), ("range", 390))),
    Layout("stacked", structure="stacked", unit="after", flag="spaced", indent=8, range_form="{low} - {high}"),
    Layout("cumulative by time", structure="cumulative", flag="star", dates="%d/%m/%y", dates_count=4, font="tiro",
           rules="rows", range_form="[{low}-{high}]", below_form="[<{high}]", above_form="[>{low}]"),
    Layout("panel column", panels="column", columns=(("panel", 40), ("name", 150), ("range", 320), ("unit", 410),
                                                     ("value", 490)), flag="suffix", size=8.0, align="right",
           headings=(("panel", "Profile"), ("name", "Test"), ("range", "Limits"), ("unit", "UoM"),
                     ("value", "Value")), range_form="{low} .. {high}", head="table"),
    Layout("name last", columns=(("value", 50), ("unit", 110), ("flag", 190), ("name", 230), ("low", 420),
                                 ("high", 480)),
           headings=(("value", "Result"), ("unit", "Units"), ("flag", "Flag"), ("name", "Test"), ("low", "Lower"),
                     ("high", "Upper")), flag="word", dates="%d %B %Y", font="tiro"),
    Layout("bold", flag="bold", font="tiro", size=10.0, columns=(("name", 50), ("value", 250), ("range", 380)),
           unit="glued", headings=(("name", "Test"), ("value", "Result"), ("range", "Expected Values"))),
)

HELD_OUT: tuple[Layout, ...] = (
    Layout("boxes with marks", rules="grid", flag="caret", align="centre", pitch=17, head="line",
           columns=(("name", 45), ("mark", 215), ("value", 240), ("unit", 330), ("range", 430)),
           headings=(("name", "DETERMINATION"), ("mark", ""), ("value", "RESULT"), ("unit", "UNITS"),
                     ("range", "BIOLOGICAL REF. INTERVAL")), panels="caps"),
    Layout("sides with stars", structure="sides", flag="star", unit="column", size=7.0, pitch=11.5, panels="caps",
           range_form="{low} - {high}", dates="%d-%b-%Y"),
    Layout("cumulative in bold frames", structure="cumulative", flag="arrow", dates="%b %d, %Y", dates_count=2,
           font="helv", size=8.5, range_form="{low} to {high}", below_form="up to {high}", above_form="over {low}"),
    Layout("stacked in brackets", structure="stacked", unit="after", flag="bracket", indent=20, comma=True, si=True,
           dates="%d.%m.%Y", range_form="[{low} - {high}]", head="table"),
    Layout("flow sheet grid", structure="flowsheet", flag="spaced", rules="grid", dates="%d.%m.%Y", comma=True,
           si=True, page=(842.0, 595.0)),
    Layout("semicolons", structure="inline", unit="after", flag="word", range_form="[{low}-{high}]",
           below_form="[<{high}]", above_form="[>{low}]", font="tiro", indent=10, dates="%Y-%m-%d"),
    Layout("leaders with flags before", structure="leaders", unit="after", flag="star_before", panels="bold",
           range_form="{low}-{high}", head="centred", wrap=20, dates="%d %b %Y"),
    _european(Layout("wrapped comma", wrap=16, flag="plus", rules="rows", pitch=13, asides=True, panels="boxed",
           columns=(("name", 50), ("value", 190), ("unit", 260), ("range", 350)), below_form="< {high}",
           headings=(("name", "Parameter"), ("value", "Resultat"), ("unit", "Einheit"), ("range", "Norm")))),
)
