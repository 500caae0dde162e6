"""Tools that return the truth in place of what they see, so that what is left to go wrong is planning and composing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...core.case import Study
from ...core.evidence import Evidence
from ...core.finding import Change, Direction, Finding, Status
from ...core.refusal import Refusal, RefusalCode
from ...core.result import ToolResult
from ...tools.base import Tool, ToolContext
from ...tools.comparison import StudyReading
from ...tools.comparison.telling import change_finding
from . import oracle_images, oracle_papers

Json = dict[str, Any]
Told = tuple[list[Finding], list[Evidence]]
VERSION = "1"
OTHERS = "the results on another page are another patient's and were left out"


def oracle_tools(truth: Json, shipped: Mapping[str, Tool]) -> dict[str, Any]:
    """A tool in place of each shipped one, and of the comparison.

    Args:
        truth: of the case that they will meet.
        shipped: whose gates hold, since a gate belongs to the planning.
    """
    return {name: OracleTool(tool, truth) for name, tool in shipped.items()} | {"comparison": OracleComparison(truth)}


class OracleTool:
    """Tells the truth about each study that it is given."""

    version = VERSION

    def __init__(self, shipped: Tool, truth: Json) -> None:
        self.name, self._shipped, self._truth = shipped.name, shipped, truth

    def gate(self, study: Study) -> Refusal | None:
        """As the shipped tool's."""
        return self._shipped.gate(study)

    def run(self, study: Study, context: ToolContext) -> ToolResult:
        """What was drawn, printed and written in the study's files; a file that was damaged is refused."""
        broken = {item["file"]: item for item in self._truth["refused"] if not item["why"].endswith("page")}
        mixed = {item["file"] for item in self._truth["refused"] if item["why"].endswith("page")}
        refused = [Refusal(file=file.path, code=RefusalCode(broken[file.path]["codes"][0]),
                           reason=broken[file.path]["why"]) for file in study.files if file.path in broken]
        refused += [Refusal(file=file.path, code=RefusalCode.OTHER_PATIENT, reason=OTHERS)
                    for file in study.files if file.path in mixed]
        findings, evidence = self._told(study, context)
        lost = [gap for gap in self._truth["gaps"] if gap["kind"] == "slices" and gap["date"] == study.date]
        warnings = [f"{len(gap['names'])} slices are missing" for gap in lost if self.name == "volume"]
        return ToolResult(tool=self.name, findings=tuple(findings), evidence=tuple(evidence), refused=tuple(refused),
                          reader=context.reader.identity.name, warnings=tuple(warnings))

    def _told(self, study: Study, context: ToolContext) -> Told:
        tellers = {"volume": oracle_images.tell_ct, "localization": oracle_images.tell_film,
                   "pathology": oracle_images.tell_slide, "labs": oracle_papers.tell_labs,
                   "records": oracle_papers.tell_record}
        return tellers[self.name](study, self._truth, context.opaque_patient)


class OracleComparison:
    """Tells what changed between two studies."""

    name = "comparison"
    version = VERSION

    def __init__(self, truth: Json) -> None:
        self._truth = truth

    def compare(self, prior: StudyReading, current: StudyReading, context: ToolContext | None = None) -> ToolResult:
        """The changes of nodules, fluid and heart that the truth names for these dates and this kind of study."""
        modality = {"ct": "CT", "film": "DX"}.get(current.study.kind.value)
        found = [change for change in self._truth["expected_changes"] if change["modality"] == modality
                 and (change["from_date"], change["to_date"]) == (prior.study.date, current.study.date)]
        findings = [made for change in found if (made := _changed(change, prior, current)) is not None]
        findings += _heart(prior, current)
        shown = {item.id: item for item in (*prior.result.evidence, *current.result.evidence)}
        used = {key for item in findings for key in item.evidence}
        return ToolResult(tool=self.name, findings=tuple(findings), reader="measure",
                          evidence=tuple(item for key, item in sorted(shown.items()) if key in used))


def _changed(change: Json, prior: StudyReading, current: StudyReading) -> Finding | None:
    """A change of a nodule or of fluid, between the oracle's own findings of both studies."""
    name = "Pleural effusion" if change["name"] == "pleural effusion" else "Pulmonary nodule candidate"
    old, new = (_of_place(reading.result, name, change, which) for reading, which in ((prior, "from"), (current, "to")))
    seen = new or old
    if seen is None:
        return None
    direction = Direction(change["direction"])
    before, after = old or seen, new or seen
    made = Change(direction=direction, from_=old.number if old else None, to=new.number if new else None,
                  delta=change.get("delta"), interval_days=None, prior_evidence=before.evidence if old else ())
    if new is None:
        shown = [item.id for item in current.result.evidence[:1]]
        after = before.model_copy(update={"value": None, "date": current.study.date, "evidence": tuple(shown)})
    return change_finding(before, after, made, status=Status.MEASURED)


def _of_place(result: ToolResult, name: str, change: Json, which: str) -> Finding | None:
    """The finding of the change's side and, of nodules, of the size that it names for this study."""
    alike = [item for item in result.findings if item.name == name and item.laterality == change["side"]]
    if name == "Pleural effusion":
        return next(iter(alike), None)
    return next((item for item in alike if item.number == change[which]), None)


def _heart(prior: StudyReading, current: StudyReading) -> Sequence[Finding]:
    """The heart does not change between films of one body."""
    ratios = [next((item for item in reading.result.findings if item.name == "Cardiothoracic ratio"), None)
              for reading in (prior, current)]
    old, new = ratios
    if old is None or new is None or old.number is None or new.number is None:
        return ()
    made = Change(direction=Direction.STABLE, from_=old.number, to=new.number, delta=0.0, least_detectable=0.06,
                  prior_evidence=old.evidence)
    return (change_finding(old, new, made, status=Status.MEASURED),)
