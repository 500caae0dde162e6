"""One patient's whole case on disk, and the truth beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .labs import DEMO_LABS, LabSpec
from .specs import BodySpec, CtSpec, EffusionSpec, FilmSpec, NoduleSpec, PatientSpec, SlideSpec, VisitSpec

if TYPE_CHECKING:
    from .body import Body
    from .film import FilmTruth

Json = dict[str, Any]
_FIRST, _SECOND = "2025-03-04", "2025-11-11"
_PLAIN_BLOOD_HU = 45.0


@dataclass(frozen=True)
class CaseSpec:
    """Everything a case holds; the default is the demo.

    Attributes:
        seed: seed of identifiers, noise and file order.
        patient: whose case it is.
        body: anatomy shared by all visits.
        visits: dates with CT and film; visits with equal sampling share one projection of the anatomy.
        slide: the slide, or None.
        labs: laboratory reports, oldest first; empty for none.
        record: whether there is a FHIR bundle.
        letter: whether there is a clinic letter; it tells the demo's story.
    """

    seed: int = 2025
    patient: PatientSpec = PatientSpec()
    body: BodySpec = BodySpec()
    visits: tuple[VisitSpec, ...] = (
        VisitSpec(_FIRST, (NoduleSpec(diameter_mm=8.0),), None, CtSpec(), FilmSpec()),
        VisitSpec(
            _SECOND,
            (NoduleSpec(diameter_mm=11.0),),
            EffusionSpec("left", 260.0),
            CtSpec(offset_mm=(5.0, -3.5, 8.0)),
            FilmSpec(),
        ),
    )
    slide: SlideSpec | None = SlideSpec()
    labs: tuple[LabSpec, ...] = DEMO_LABS
    record: bool = True
    letter: bool = True


def write_demo(folder: Path | str) -> Path:
    """Write the demo case and its truth, and return the path of the case.

    Args:
        folder: where `case/` and `truth.json` are made; existing files of these names are replaced.
    """
    return write_case(CaseSpec(), folder)


def write_case(spec: CaseSpec, folder: Path | str) -> Path:
    """Write `folder/case/` and, beside it, `folder/truth.json`; return the path of the case.

    The same spec gives the same bytes. Nothing in the case folder tells the truth file's content.
    """
    root = Path(folder)
    case = root / "case"
    case.mkdir(parents=True, exist_ok=True)
    truth: Json = {
        "synthetic": True,
        "seed": spec.seed,
        "patient": {
            "id": spec.patient.patient_id, "name": spec.patient.dicom_name,
            "birth_date": spec.patient.birth_date, "sex": spec.patient.sex,
        },
        "studies": _write_imaging(spec, case),
    }  # fmt: skip
    truth |= _write_slide(spec, case) | _write_papers(spec, case)
    truth["expected_changes"] = _expected_changes(truth)
    patient_id = json.dumps(spec.patient.patient_id)
    (case / "case.yaml").write_text(f"patient: {patient_id}\n", encoding="utf-8")
    _write_json(root / "truth.json", truth)
    return case


def _write_json(path: Path, content: Json) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _write_imaging(spec: CaseSpec, case: Path) -> list[Json]:
    """Write CTs and films and return their truth; each sampling of the anatomy is made once and then let go."""
    from dataclasses import replace

    from .body import build_anatomy
    from .ct import ct_grid
    from .film import film_grid

    truth = []
    for grid in dict.fromkeys(ct_grid(v.ct) for v in spec.visits if v.ct):
        anatomy = build_anatomy(spec.body, grid)
        truth += [_write_ct(spec, v, anatomy, case) for v in spec.visits if v.ct and ct_grid(v.ct) == grid]
        del anatomy
    plain = replace(spec.body, blood_hu=_PLAIN_BLOOD_HU)
    for grid in dict.fromkeys(film_grid(v.film) for v in spec.visits if v.film):
        anatomy = build_anatomy(plain, grid)
        truth += [_write_film(spec, v, anatomy, case) for v in spec.visits if v.film and film_grid(v.film) == grid]
        del anatomy
    return truth


def _found(anatomy: Body, visit: VisitSpec, upright: bool) -> Body:
    from .body import with_effusion, with_nodule

    body = anatomy
    for nodule in visit.nodules:
        body = with_nodule(body, nodule)
    return with_effusion(body, visit.effusion, upright) if visit.effusion else body


def _effusion_truth(visit: VisitSpec, body: Body) -> Json | None:
    if visit.effusion is None:
        return None
    return {"side": visit.effusion.side, "volume_ml": round(body.volume_ml("effusion"), 1)}


def _write_ct(spec: CaseSpec, visit: VisitSpec, anatomy: Body, case: Path) -> Json:
    from .ct import write_ct
    from .dicomfile import Study
    from .truth import nodule_truth

    assert visit.ct is not None
    body = _found(anatomy, visit, upright=False)
    study = Study(spec.patient, visit.date, spec.seed, f"CT {visit.date}", "CT chest")
    files = write_ct(body, visit.ct, study, case / "ct" / visit.date)
    left, right = body.volume_ml("lung_left"), body.volume_ml("lung_right")
    return {
        "modality": "CT", "date": visit.date, "study_uid": study.uid("study"), "series_uid": study.uid("CT", "series"),
        "files": [f.relative_to(case).as_posix() for f in files],
        "spacing_mm": list(body.grid.spacing),
        "nodules": [nodule_truth(n, visit.ct, body, i + 1) for i, n in enumerate(visit.nodules)],
        "lung_ml": {"left": round(left, 1), "right": round(right, 1), "total": round(left + right, 1)},
        "heart_ml": round(body.volume_ml("heart"), 1),
        "effusion": _effusion_truth(visit, body),
    }  # fmt: skip


def _write_film(spec: CaseSpec, visit: VisitSpec, anatomy: Body, case: Path) -> Json:
    from .dicomfile import Study
    from .film import measure_film, write_film

    assert visit.film is not None
    body = _found(anatomy, visit, upright=True)
    study = Study(spec.patient, visit.date, spec.seed, f"DX {visit.date}", "XR chest PA")
    path = case / "films" / visit.date / "IM0001.dcm"
    write_film(body, visit.film, study, path)
    found: FilmTruth = measure_film(body, visit.film)
    return {
        "modality": "DX", "date": visit.date, "study_uid": study.uid("study"), "series_uid": study.uid("DX", "series"),
        "files": [path.relative_to(case).as_posix()],
        "view": "PA", "pixel_mm": visit.film.pixel_mm, "photometric": visit.film.photometric,
        "lung_boxes_px": found.lungs, "heart_box_px": found.heart,
        "heart_width_mm": round(found.heart_mm, 1), "thorax_width_mm": round(found.thorax_mm, 1),
        "cardiothoracic_ratio": round(found.cardiothoracic_ratio, 4),
        "effusion": _effusion_truth(visit, body),
    }  # fmt: skip


def _write_slide(spec: CaseSpec, case: Path) -> Json:
    if spec.slide is None:
        return {}
    from .slide import write_slide

    tissue = write_slide(spec.slide, case / "pathology" / "slide.svs")
    share = float(tissue.coarse_mask.mean())
    return {
        "slide": {
            "file": "pathology/slide.svs", "width": spec.slide.width, "height": spec.slide.height, "mpp": spec.slide.mpp,
            "region_px": dict(zip(("x", "y", "width", "height"), spec.slide.region, strict=True)),
            "nuclei_in_region": tissue.nuclei_in_region, "tissue_fraction": round(share, 4),
        }
    }  # fmt: skip


def _write_papers(spec: CaseSpec, case: Path) -> Json:
    from .labs import lab_rows, make_lab_pdf
    from .letter import FACTS, LETTER_DATE, make_letter_pdf
    from .paper import write_bytes
    from .record import make_record, record_facts

    truth: Json = {"labs": []}
    for lab in spec.labs:
        name = f"documents/lab_{lab.collected[:10]}{'_scan' if lab.scanned else ''}.pdf"
        write_bytes(case / name, make_lab_pdf(spec.patient, lab, spec.seed))
        truth["labs"].append({
            "file": name, "scanned": lab.scanned, "collected_at": lab.collected, "reported_at": lab.reported,
            "results": lab_rows(lab),
        })  # fmt: skip
    if spec.record:
        bundle = make_record(spec.patient, spec.labs, spec.seed)
        write_bytes(case / "record.json", (json.dumps(bundle, indent=1) + "\n").encode())
        truth["record"] = {"file": "record.json"} | record_facts(spec.labs)
    if spec.letter:
        name = f"documents/clinic_letter_{LETTER_DATE}.pdf"
        write_bytes(case / name, make_letter_pdf(spec.patient))
        truth["letter"] = {"file": name, "date": LETTER_DATE, "facts": list(FACTS)}
    return truth


def _expected_changes(truth: Json) -> list[Json]:
    from .truth import imaging_changes, lab_changes

    return imaging_changes(truth["studies"]) + lab_changes(truth["labs"])
