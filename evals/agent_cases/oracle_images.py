"""What was drawn in CTs, films and slides, said as the shipped tools say what they see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...core.boxes import BoxMm
from ...core.case import CaseFile, Study
from ...core.evidence import Evidence, ImageBox, SlideRegion, VolumeRegion, VolumeSlice, make_evidence
from ...core.finding import Category, Finding, Laterality, Status, Value, make_finding
from ...tools.base import MEASURED, source_of

Json = dict[str, Any]
Told = tuple[list[Finding], list[Evidence]]
CHEST: BoxMm = (-142.0, -102.0, -150.0, 142.0, 102.0, 132.0)
"""LPS mm around both lungs of every phantom."""


@dataclass(frozen=True)
class _Teller:
    """What every finding of one study carries."""

    tool: str
    date: str | None
    patient: str

    def finding(self, name: str, standing: tuple[Category, Status], shown: tuple[Evidence, ...], **more: Any
                ) -> Finding:
        """A finding that cites what is shown."""
        return make_finding(name=name, category=standing[0], status=standing[1], tool=self.tool, reader=MEASURED,
                            evidence=tuple(item.id for item in shown), date=self.date, patient=self.patient, **more)


MEASUREMENT = (Category.MEASUREMENT, Status.MEASURED)


def studies_of(study: Study, truth: Json) -> list[Json]:
    """The truth of the examinations whose files a study holds."""
    held = {file.path for file in study.files}
    return [item for item in truth["studies"] if held.intersection(item["files"])]


def tell_ct(study: Study, truth: Json, patient: str) -> Told:
    """Lung volumes, nodules and fluid of a CT."""
    findings: list[Finding] = []
    evidence: list[Evidence] = []
    for item in studies_of(study, truth):
        files, teller = _in_order(study, item), _Teller("volume", item["date"], patient)
        whole = _region(files, item, CHEST, "Both lungs")
        evidence.append(whole)
        for side in (Laterality.RIGHT, Laterality.LEFT):
            findings.append(teller.finding(
                "Lung volume", MEASUREMENT, (whole,), laterality=side, site=f"{side} lung".capitalize(),
                value=Value(number=round(item["lung_ml"][side]), unit="mL", ucum="mL")))
        for rank, nodule in enumerate(sorted(item["nodules"], key=lambda one: -one["diameter_mm"]), 1):
            shown = _nodule_evidence(files, item, nodule, rank)
            evidence += shown
            side = Laterality(nodule["side"])
            findings.append(teller.finding(
                "Pulmonary nodule candidate", (Category.OBSERVATION, Status.INDETERMINATE), shown, laterality=side,
                site=f"Opacity {rank}, {side} lung",
                value=Value(number=nodule["diameter_mm"], unit="mm", ucum="mm", precision=0.1)))
        findings += _fluid(item, whole, teller)
    return findings, evidence


def _in_order(study: Study, item: Json) -> list[CaseFile]:
    """The series' files from the feet to the head."""
    known = {file.path: file for file in study.files}
    return [known[name] for name in item["files"] if name in known]


def bbox_of(nodule: Json) -> BoxMm:
    """The box around a nodule in LPS mm of its scan."""
    reach = nodule["diameter_mm"] / 2
    x, y, z = nodule["centre_lps_mm"]
    return (x - reach, y - reach, z - reach, x + reach, y + reach, z + reach)


def _region(files: list[CaseFile], item: Json, box: BoxMm, caption: str) -> Evidence:
    place = VolumeRegion(series_uid=item["series_uid"], bbox_mm=box, slice_range=(0, len(files) - 1))
    return make_evidence(source_of(files[0]).model_copy(update={"uid": item["series_uid"]}), place, caption=caption,
                         date=item["date"])


def _nodule_evidence(files: list[CaseFile], item: Json, nodule: Json, rank: int) -> tuple[Evidence, Evidence]:
    z, y, x = nodule["index_zyx"]
    k = min(max(round(z), 0), len(files) - 1)
    reach = nodule["diameter_mm"] / 2 / item["spacing_mm"][0]
    box = (max(0.0, x - reach), max(0.0, y - reach), x + reach, y + reach)
    place = VolumeSlice(series_uid=item["series_uid"], instance_uid=files[k].instance_uid or "", index=k, box=box)
    return (_region(files, item, bbox_of(nodule), f"Solid opacity {rank} by size"),
            make_evidence(source_of(files[k]), place, caption=f"Slice through opacity {rank}", date=item["date"]))


def _fluid(item: Json, shown: Evidence, teller: _Teller) -> list[Finding]:
    if item["effusion"] is None:
        return []
    side = Laterality(item["effusion"]["side"])
    return [teller.finding("Pleural effusion", (Category.OBSERVATION, Status.PRESENT), (shown,), laterality=side,
                           site=f"{side} pleural space".capitalize())]


def tell_film(study: Study, truth: Json, patient: str) -> Told:
    """Boxes of lungs and heart, the cardiothoracic ratio, and fluid."""
    findings: list[Finding] = []
    evidence: list[Evidence] = []
    known = {file.path: file for file in study.files}
    for item in studies_of(study, truth):
        file, teller = known[item["files"][0]], _Teller("localization", item["date"], patient)
        boxes = {"Right lung": item["lung_boxes_px"]["right"], "Left lung": item["lung_boxes_px"]["left"],
                 "Cardiac silhouette": item["heart_box_px"]}
        for name, (x0, y0, x1, y1) in boxes.items():
            place = ImageBox(box=(float(x0), float(y0), float(x1), float(y1)))
            evidence.append(make_evidence(source_of(file), place, caption=name, date=item["date"]))
            side = {"Right lung": Laterality.RIGHT, "Left lung": Laterality.LEFT}.get(name)
            findings.append(teller.finding(name, (Category.ANATOMY, Status.PRESENT), (evidence[-1],), laterality=side))
        ratio = Value(number=round(item["cardiothoracic_ratio"], 2), unit="1", ucum="1")
        findings.append(teller.finding("Cardiothoracic ratio", MEASUREMENT, (evidence[-1],), value=ratio))
        findings += _fluid(item, evidence[0], teller)
    return findings, evidence


def tell_slide(study: Study, truth: Json, patient: str) -> Told:
    """The planted region with its true density of nuclei."""
    slide = truth.get("slide")
    known = {file.path: file for file in study.files}
    if slide is None or slide["file"] not in known:
        return [], []
    box, mpp = slide["region_px"], slide["mpp"]
    shown = make_evidence(source_of(known[slide["file"]]), SlideRegion(**box, mpp=mpp), caption="Planted region",
                          date=study.date)
    density = slide["nuclei_in_region"] / (box["width"] * box["height"] * mpp**2 / 1e6)
    value = Value(number=float(f"{density:.3g}"), unit="nuclei/mm2", ucum="/mm2")
    teller = _Teller("pathology", study.date, patient)
    return [teller.finding("Region of high nuclear density", MEASUREMENT, (shown,), site="slide region 1",
                           value=value)], [shown]
