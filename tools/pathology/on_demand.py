"""A slide searched when somebody asks: by words for what is measured, or by an example."""

from __future__ import annotations

import re
from dataclasses import replace

from pydantic import Field

from ...core.case import Study
from ...core.evidence import SlideRegion
from ...core.refusal import Refusal, RefusalCode
from ...core.result import ToolResult
from ..base import Aids, Arguments, ToolContext, refuse
from ..slide_search import SlideSearch
from .tool import PathologyTool

Place = tuple[int, int, int, int]
_EVIDENCE = re.compile(r"[ER]\d{1,6}")


class SearchArguments(Arguments):
    """What to look for: one of the two."""

    query: str = Field(default="", max_length=120, description="Such as 'dense nuclei', 'large nuclei', 'high eosin'.")
    like: str = Field(default="", pattern=r"^([ER]\d{1,6}|\d+(,\d+){3})?$", description=(
        "To find regions like one: the id of its evidence, or X,Y,WIDTH,HEIGHT in level-0 pixels."))


class SearchSlide:
    """Regions of a slide ranked by words or by an example."""

    name = "search_slide"
    arguments = SearchArguments

    def gate(self, study: Study) -> Refusal | None:
        """Refuse a study without a slide."""
        return PathologyTool().gate(study)

    def run(self, study: Study, context: ToolContext, given: SearchArguments, aids: Aids) -> ToolResult:
        """See `OnDemand.run`."""
        place = _place(given.like, aids)
        if isinstance(place, str):
            return _refused(study, context, place)
        if bool(given.query.strip()) == (place is not None):
            return _refused(study, context, "a slide is searched by words or by an example: give one of the two")
        if place is not None and len(study.series) > 1:
            return _refused(study, context, "the examination has several slides, and an example lies on one of them")
        search = SlideSearch(given.query.strip() or None, place, None, aids.open_index)
        return PathologyTool().run(study, replace(context, search=search, question=None))


def _place(like: str, aids: Aids) -> Place | str | None:
    """The example's place; why there is none, where it cannot be one; None where none was given."""
    if not like:
        return None
    if not _EVIDENCE.fullmatch(like):
        x, y, width, height = (int(part) for part in like.split(","))
        return (x, y, width, height) if width and height else "an example needs a width and a height"
    shown = aids.shown(like)
    if shown is None or not isinstance(shown.locator, SlideRegion):
        return f"{like} is no region of a slide"
    return (shown.locator.x, shown.locator.y, shown.locator.width, shown.locator.height)


def _refused(study: Study, context: ToolContext, reason: str) -> ToolResult:
    return ToolResult(tool=PathologyTool.name, reader=context.reader.identity.name,
                      refused=(refuse(study, RefusalCode.NO_RESULTS, reason),))
