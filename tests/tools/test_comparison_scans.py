"""Two CT scans of one made chest: aligned, and their candidates matched by place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from caseloom.core.evidence import Source, VolumeRegion, make_evidence
from caseloom.core.finding import Direction, Finding, Laterality, Status, Value, make_finding
from caseloom.core.geometry import VolumeGeometry
from caseloom.core.result import ToolResult
from caseloom.core.settings import Settings
from caseloom.phantoms import BodySpec, CtSpec, NoduleSpec, PatientSpec
from caseloom.phantoms.body import Body, build_anatomy, with_nodule
from caseloom.phantoms.ct import ct_grid, write_ct
from caseloom.phantoms.dicomfile import Study as MadeStudy
from caseloom.phantoms.grid import Grid
from caseloom.readers.measure import MeasureReader
from caseloom.sources.grouping import studies_in
from caseloom.sources.open import open_files
from caseloom.tools.base import ToolContext
from caseloom.tools.comparison import ComparisonTool, StudyReading
from caseloom.tools.comparison.candidates import Spot, is_covered, match_spots, share_inside
from caseloom.tools.comparison.register import Scan, align

CT = CtSpec(columns=120, pixel_mm=3.0, slice_mm=4.0, compress=False)
NODULE = NoduleSpec(diameter_mm=10.0)
GROWN = NoduleSpec(diameter_mm=16.0)
NEW = NoduleSpec(centre_mm=(80.0, 10.0, 20.0), diameter_mm=12.0)
LOW = NoduleSpec(centre_mm=(75.0, 20.0, -70.0), diameter_mm=12.0)
SHIFT = (18.0, -9.0, 30.0)
"""How the patient lay the second time."""
Make = Callable[..., StudyReading]


@pytest.fixture(scope="module")
def body() -> Body:
    return build_anatomy(BodySpec(vessel_targets=60), ct_grid(CT))


@dataclass
class Scanner:
    """Writes scans of a body and says of each what the volume tool would."""

    root: Path
    body: Body

    def scan(self, name: str, day: str, nodules: tuple[NoduleSpec, ...], *, told: tuple[NoduleSpec, ...] | None = None,
             offset: tuple[float, float, float] = (0.0, 0.0, 0.0), lowest: int = 0) -> StudyReading:
        """`told` are the nodules that the findings name, all of them unless given; `lowest` is the first slice."""
        body = self.body
        for nodule in nodules:
            body = with_nodule(body, nodule)
        grid = body.grid
        origin = (grid.origin[0], grid.origin[1], grid.origin[2] + lowest * grid.spacing[2])
        cut = replace(body, hu=body.hu[lowest:], grid=Grid(origin, grid.spacing, (grid.shape[0] - lowest,
                                                                                *grid.shape[1:])))
        write_ct(cut, replace(CT, offset_mm=offset), MadeStudy(PatientSpec(), day, 7, name, "CT chest"),
                 self.root / name)
        intake = open_files([self.root / name], settings=Settings(home=self.root / "home"))
        study, = studies_in(intake.found, intake.manifest)
        series = study.series[0]
        files = [file.model_copy(update={"path": (intake.root / file.path).relative_to(self.root).as_posix()})
                 for file in series.files]
        study = study.model_copy(update={"series": (series.model_copy(update={"files": tuple(files)}),)})
        return StudyReading(study, said_of(study.series[0].files[0].path, series.uid, day,
                                           nodules if told is None else told, offset))

    def context(self, pictures: Path | None = None) -> ToolContext:
        return ToolContext(root=self.root, patient=None, opaque_patient="P-0", reader=MeasureReader(),
                           pictures=pictures, cache=self.root)

    def compare(self, prior: StudyReading, current: StudyReading, pictures: Path | None = None) -> ToolResult:
        return ComparisonTool().compare(prior, current, self.context(pictures))


def said_of(path: str, uid: str, day: str, nodules: tuple[NoduleSpec, ...], offset: tuple[float, float, float]
            ) -> ToolResult:
    findings, evidence = [], []
    for number, nodule in enumerate(nodules, 1):
        centre = np.add(nodule.centre_mm, offset)
        box = (*(centre - nodule.diameter_mm / 2), *(centre + nodule.diameter_mm / 2))
        side = "right" if nodule.centre_mm[0] < 0 else "left"
        shown = make_evidence(Source(file=path, sha256="0", uid=uid), date=day, caption=f"opacity {number}",
                              locator=VolumeRegion(series_uid=uid, bbox_mm=box, slice_range=(0, 1)))
        evidence.append(shown)
        ml = np.pi / 6 * (nodule.diameter_mm / 10) ** 3
        findings += [made(name, number_, unit, shown.id, day, side, precision) for name, number_, unit, precision in (
            ("Pulmonary nodule candidate", nodule.diameter_mm, "mm", 1.2),
            ("Opacity volume", round(ml, 3), "mL", 0.1))]
    anywhere = make_evidence(Source(file=path, sha256="0", uid=uid), date=day, caption="the scan",
                             locator=VolumeRegion(series_uid=uid, bbox_mm=(0, 0, 0, 1, 1, 1), slice_range=(0, 1)))
    return ToolResult(tool="volume", reader="measure", findings=tuple(findings), evidence=(*evidence, anywhere))


def made(name: str, number: float, unit: str, shown: str, day: str, side: str, precision: float) -> Finding:
    return make_finding(name=name, category="observation", status=Status.INDETERMINATE, laterality=side,
                        site=f"{side.capitalize()} lung", value=Value(number=number, unit=unit, precision=precision),
                        evidence=(shown,), tool="volume", reader="measure", date=day, patient="P-0")


@pytest.fixture(scope="module")
def scanner(body: Body, tmp_path_factory: pytest.TempPathFactory) -> Scanner:
    return Scanner(tmp_path_factory.mktemp("scans"), body)


@pytest.fixture(scope="module")
def prior(scanner: Scanner) -> StudyReading:
    return scanner.scan("prior", "2025-03-04", (NODULE,))


def candidates(result: ToolResult) -> Mapping[str, Finding]:
    return {item.change.direction: item for item in result.findings
            if item.name == "Pulmonary nodule candidate" and item.change}


def test_a_grown_nodule_in_a_moved_patient_is_measured(scanner: Scanner, prior: StudyReading, tmp_path: Path) -> None:
    current = scanner.scan("grown", "2025-11-11", (GROWN, NEW), offset=SHIFT)
    result = scanner.compare(prior, current, tmp_path / "overlays")
    grown = candidates(result)[Direction.INCREASED]
    change = grown.change
    assert change is not None
    assert (change.from_, change.to, change.delta, change.relative) == (10.0, 16.0, 6.0, 0.6)
    assert (change.least_detectable, change.interval_days, grown.status) == (2.0, 252, "measured")
    volume = next(item.change for item in result.findings if item.name == "Opacity volume")
    assert volume is not None and volume.direction is Direction.INCREASED

    new = candidates(result)[Direction.NEW]
    assert new.change is not None
    assert (new.number, new.change.from_, new.change.to, new.laterality) == (12.0, None, 12.0, Laterality.LEFT)
    shown = {item.id: item for item in result.evidence}
    places = [shown[key] for key in new.change.prior_evidence]
    assert {item.date for item in places} == {"2025-03-04"}
    nothing, = (item for item in places if "no solid opacity is found" in item.caption)
    assert isinstance(nothing.locator, VolumeRegion)
    middle = np.add(nothing.locator.bbox_mm[:3], nothing.locator.bbox_mm[3:]) / 2
    assert np.linalg.norm(middle - NEW.centre_mm) < 2.0, "the place is brought into the earlier scan's coordinates"
    assert len(result.refused) == 0
    for finding in result.findings:
        assert set(finding.evidence) <= set(shown)
    for name in {item.picture for item in result.evidence if item.picture}:
        with Image.open(tmp_path / name) as picture:
            assert picture.width > 2 * picture.height


def test_the_alignment_and_its_check_are_in_the_evidence(scanner: Scanner, prior: StudyReading) -> None:
    result = scanner.compare(prior, scanner.scan("still", "2025-11-11", (NODULE,), offset=SHIFT))
    caption = next(item.caption for item in result.evidence if item.caption.startswith("Later of two CT scans"))
    assert "prior to current LPS mm" in caption
    rows = [[float(part) for part in row.split()] for row in caption.split("rows [")[1].split("]")[0].split("; ")]
    assert np.allclose(np.array(rows)[:, 3], SHIFT, atol=1.0)
    assert np.allclose(np.array(rows)[:, :3], np.eye(3), atol=0.01)
    stable = candidates(result)[Direction.STABLE]
    assert stable.change is not None and stable.change.delta == 0


def test_a_nodule_outside_of_the_earlier_scan_is_not_called_new(scanner: Scanner) -> None:
    upper = scanner.scan("upper", "2025-02-04", (NODULE,), lowest=32)
    result = scanner.compare(upper, scanner.scan("low", "2025-11-11", (NODULE, LOW), offset=SHIFT))
    assert set(candidates(result)) == {Direction.STABLE}
    assert any("not covered by the earlier scan; whether it is new is not known" in text for text in result.warnings)


def test_a_nodule_that_has_gone_is_resolved(scanner: Scanner, prior: StudyReading) -> None:
    result = scanner.compare(prior, scanner.scan("gone", "2025-11-11", (), offset=SHIFT))
    gone = candidates(result)[Direction.RESOLVED]
    assert gone.change is not None
    assert (gone.change.from_, gone.change.to, gone.value, gone.date) == (10.0, None, None, "2025-11-11")
    assert set(gone.evidence) - set(gone.change.prior_evidence), "the place in the later scan is cited"


def test_what_a_study_did_not_tell_is_looked_for_before_it_is_called_new(scanner: Scanner) -> None:
    silent = scanner.scan("silent", "2025-03-04", (NODULE, NEW), told=(NODULE,))
    result = scanner.compare(silent, scanner.scan("telling", "2025-11-11", (NODULE, NEW), offset=SHIFT))
    changes = [item.change for item in result.findings if item.name == "Pulmonary nodule candidate" and item.change]
    assert [change.direction for change in changes] == [Direction.STABLE] * 2
    assert {change.to for change in changes} == {10.0, 12.0}
    found = next(change.from_ for change in changes if change.to == 12.0)
    assert found == pytest.approx(12.0, abs=1.6)


def test_the_same_voxels_in_other_files_are_a_copy(scanner: Scanner, prior: StudyReading) -> None:
    again = scanner.scan("prior", "2025-11-11", (NODULE,))
    files = [file.model_copy(update={"sha256": f"other {n}", "instance_uid": None})
             for n, file in enumerate(again.study.files)]
    copy = StudyReading(again.study.model_copy(update={
        "series": (again.study.series[0].model_copy(update={"files": tuple(files)}),)}), again.result)
    result = scanner.compare(prior, copy)
    assert (result.refused[0].code, result.findings) == ("duplicate", ())


def test_unlike_bodies_are_not_aligned() -> None:
    rng = np.random.default_rng(2)
    shape = (40, 60, 60)
    affine = np.array([[0, 0, 4, 0], [0, 4, 0, 0], [4, 0, 0, 0], [0, 0, 0, 1.0]])
    geometry = VolumeGeometry(shape, affine)
    body = np.ones(shape, bool)
    scans = [Scan(rng.normal(0, 300, shape).astype(np.float32), body, np.zeros(shape, bool), geometry)
             for _ in range(2)]
    assert align(*scans) is None
    still = align(scans[0], scans[0])
    assert still is not None
    assert (still.kind, still.before, still.after) == ("scanner coordinates", 1.0, 1.0)
    assert np.array_equal(still.to_prior, np.eye(4))


def test_spots_match_by_aligned_place_size_and_side() -> None:
    shift = np.eye(4)
    shift[:3, 3] = [100, 0, 0]
    here, there = Spot((0, 0, 0), 8, 1, Laterality.RIGHT), Spot((104, 3, 0), 12, 1, Laterality.RIGHT)
    far, other = Spot((140, 0, 0), 8, 1, Laterality.RIGHT), Spot((101, 0, 0), 8, 1, Laterality.LEFT)
    huge = Spot((100, 0, 0), 60, 1, Laterality.RIGHT)
    assert match_spots([here], [far, other, huge, there], shift) == ([(here, there)], [], [far, other, huge])
    nearer = Spot((101, 0, 0), 9, 1, None)
    assert match_spots([here], [there, nearer], shift)[0] == [(here, nearer)]


def test_a_place_is_covered_only_with_its_surroundings() -> None:
    geometry = VolumeGeometry((20, 20, 20), np.array([[0, 0, 2, 0], [0, 2, 0, 0], [2, 0, 0, 0], [0, 0, 0, 1.0]]))
    assert is_covered(geometry, (20, 20, 20), 5)
    assert not is_covered(geometry, (20, 20, 8), 5)
    lung = np.zeros(geometry.shape, bool)
    lung[:, :, :10] = True
    assert share_inside(lung, geometry, (19, 20, 20), 5) == pytest.approx(0.5, abs=0.1)
    assert share_inside(lung, geometry, (20, 20, 200), 5) == 0
