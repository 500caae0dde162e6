"""The comparison tool: two studies that were already read, laid on each other, and what differs between them."""

from __future__ import annotations

import time
from collections.abc import Collection

from ...core.case import FileKind
from ...core.errors import RefusedFile
from ...core.refusal import Refusal, RefusalCode
from ...core.result import ToolResult
from ..base import ToolContext, refuse
from .films import tell_films
from .measure import DENSITIES, matching
from .opacities import tell_opacities
from .pairs import are_strangers, date_caveats, interval_days, is_copy, is_unnamed, same_body_part
from .read import read_pair
from .reviewed import StudyReading
from .scans import SeenScan, aligned, open_pair, show_pair
from .technique import film_caveats, scan_caveats
from .telling import TOOL, Shown, Told, measured_change

RATIO = "Cardiothoracic ratio"
TURNED = ("one film is turned against the other: the cardiothoracic ratio, measured along the rows of each, is "
          "compared in doubt")
NOT_ALIGNED = ("the scans could not be aligned: they are too unlike, or too little of the body is in both; nodule and "
               "mass candidates were not matched")


class ComparisonTool:
    """Compares what was measured in two studies of the same kind, lays their images on each other, matches what has no
    name by its place, and asks a reader that interprets how the findings of two chest films changed."""

    name = TOOL

    def compare(self, prior: StudyReading, current: StudyReading, context: ToolContext | None = None) -> ToolResult:
        """Changes of every measurement that both studies have, and what a reader says of two films.

        Args:
            prior: the earlier study.
            current: the later one.
            context: where the images lie and who reads them; with None nothing is opened, so that candidates are not
                matched, and nobody is asked.

        Returns:
            Findings of the category `change`; each cites both studies. A difference below the least detectable one is
            `stable`; one that the techniques make doubtful has the status `indeterminate`. Studies that cannot be
            compared (other kinds, other patients, copies) are in `refused`.
        """
        start = time.perf_counter()
        reader = context.reader.identity.name if context else current.result.reader
        empty = ToolResult(tool=self.name, reader=reader)
        refusal = _refusal(prior, current, context)
        if refusal is not None:
            return _refused(empty, refusal, prior, current)
        try:
            told = _compared(prior, current, context)
        except RefusedFile as error:
            return _refused(empty, refuse(current.study, error.code, error.reason), prior, current)
        read = read_pair(prior, current, context) if context else empty
        shown = {item.id: item for item in (*prior.result.evidence, *current.result.evidence, *told.evidence)}
        used = {key for finding in told.findings for key in finding.evidence} | {item.id for item in told.evidence}
        return ToolResult(
            tool=self.name, reader=reader, findings=(*told.findings, *read.findings),
            evidence=(*(item for key, item in sorted(shown.items()) if key in used), *read.evidence),
            warnings=tuple(dict.fromkeys((*told.warnings, *read.warnings))), seconds=time.perf_counter() - start)


def _refused(empty: ToolResult, refusal: Refusal, prior: StudyReading, current: StudyReading) -> ToolResult:
    """Said as a warning too: in a review both studies are read, only their comparison is missing."""
    return empty.model_copy(update={"refused": (refusal,), "warnings": tuple(
        _dated([f"not compared: {refusal.reason}"], prior, current))})


def _refusal(prior: StudyReading, current: StudyReading, context: ToolContext | None) -> Refusal | None:
    """Why two studies are not compared, told before anything is opened.

    A case knows all numbers of its patient; without one, two studies that name different people are refused.
    """
    before, after = prior.study, current.study
    if before.kind is not after.kind:
        return refuse(after, RefusalCode.WRONG_MODALITY,
                      f"a {after.modality} study cannot be compared with a {before.modality} study")
    if (context is None or context.patient is None) and are_strangers(before, after):
        return refuse(after, RefusalCode.OTHER_PATIENT,
                      "the two studies name different patients; studies of one person are compared")
    if is_copy(before, after):
        return refuse(after, RefusalCode.DUPLICATE, "both studies hold the same images: a study is not compared with "
                      "itself or its copy")
    if not same_body_part(before, after):
        return refuse(after, RefusalCode.WRONG_BODY_PART,
                      f"the studies show different parts of the body ({before.body_part}, {after.body_part})")
    return None


def _compared(prior: StudyReading, current: StudyReading, context: ToolContext | None) -> Told:
    """What was measured to change.

    Raises:
        RefusedFile: DUPLICATE when the images turn out to be the same.
    """
    told = Told(warnings=date_caveats(prior.study, current.study))
    if current.study.kind is FileKind.FILM:
        told.add(_films(prior, current, context))
    elif current.study.kind is FileKind.CT and context is not None:
        told.add(_scans(prior, current, context))
    else:
        told.add(_named(prior, current))
    if not told.findings:
        told.warnings.append(_nothing_shared(prior, current))
    told.warnings += _unnamed(prior, current, context)
    return told


def _unnamed(prior: StudyReading, current: StudyReading, context: ToolContext | None) -> list[str]:
    """Outside a case nothing but the files themselves says that two studies are of one person."""
    silent = [which for which, reading in (("earlier", prior), ("later", current)) if is_unnamed(reading.study)]
    if not silent or (context is not None and context.patient is not None):
        return []
    return [f"nothing in the {' and the '.join(silent)} study says whose it is: that both are of one person is taken "
            "as given"]


def _nothing_shared(prior: StudyReading, current: StudyReading) -> str:
    days = interval_days(prior.study.date, current.study.date)
    apart = "" if days is None else f", {days} days apart,"
    return (f"the studies of {prior.study.date or 'unknown date'} and {current.study.date or 'unknown date'}{apart} "
            "share no measurement that is compared")


def _named(prior: StudyReading, current: StudyReading, shown: Shown | None = None, *, left_out: Collection[str] = (),
           doubtful: Collection[str] = ()) -> Told:
    """Changes of what has a name in both studies."""
    interval = interval_days(prior.study.date, current.study.date)
    return Told([measured_change(before, after, interval, doubtful=after.name in doubtful, shown=shown)
                 for before, after in matching(prior.result.findings, current.result.findings)
                 if after.name not in left_out])


def _films(prior: StudyReading, current: StudyReading, context: ToolContext | None) -> Told:
    caveats, unlike = film_caveats(prior.study, current.study)
    told, shown = tell_films(prior, current, context) if context is not None else (Told(), Shown())
    told.add(_named(prior, current, shown, doubtful=(RATIO,) if unlike or shown.turned else ()))
    told_of_heart = any(item.name == RATIO for item in told.findings)
    said = caveats if unlike or told_of_heart else []
    said += [TURNED] if shown.turned and told_of_heart else []
    return Told(told.findings, told.evidence, [*_dated(said, prior, current), *told.warnings])


def _scans(prior: StudyReading, current: StudyReading, context: ToolContext) -> Told:
    try:
        seen = open_pair(prior, current, context)
    except RefusedFile as error:
        if error.code is RefusalCode.DUPLICATE:
            raise
        told = _named(prior, current)
        return Told(told.findings, [], [f"the scans were not opened again: {error}"])
    if seen is None:
        return _named(prior, current)
    caveats = scan_caveats(seen[0].technique, seen[1].technique)
    told = Told(warnings=_dated(_technique_words(caveats), prior, current))
    shown = _laid(seen, prior, current, context, told)
    told.add(_named(prior, current, shown, left_out=DENSITIES if caveats else ()))
    return told


def _laid(seen: tuple[SeenScan, SeenScan], prior: StudyReading, current: StudyReading, context: ToolContext,
          told: Told) -> Shown:
    """Align, and add the changes of candidates; the evidence of both scans as a whole."""
    pair = aligned(*seen, context)
    if pair is None:
        told.warnings.append(NOT_ALIGNED)
        return Shown()
    first, second = show_pair(pair)
    shown = Shown((first,), (second,))
    told.evidence += shown.all
    told.add(tell_opacities(pair, prior.result, current.result, shown, context.opaque_patient))
    return shown


def _technique_words(caveats: list[str]) -> list[str]:
    if not caveats:
        return []
    return [f"the scans were made differently ({'; '.join(caveats)}): attenuation and low-attenuation area are not "
            "compared, and sizes of small opacities with care"]


def _dated(said: list[str], prior: StudyReading, current: StudyReading) -> list[str]:
    dates = [reading.study.date or "unknown date" for reading in (prior, current)]
    return [f"{dates[0]} and {dates[1]}: {text}" for text in said]
