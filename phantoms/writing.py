"""Writes every file of a case, and the truth beside it."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from .body import Body, build_anatomy, with_effusion, with_nodule
from .casespec import CaseSpec
from .ct import ct_grid, write_ct
from .dicomfile import Study
from .film import film_grid, measure_film, write_film
from .labs import lab_rows, make_lab_pdf
from .letter import FACTS, LETTER_DATE, make_letter_pdf
from .notes import NoteSpec, make_note
from .paper import write_bytes
from .record import make_record, record_facts
from .slide import write_slide
from .specs import CtSpec, FilmSpec, PatientSpec, VisitSpec
from .truth import effusion_truth, imaging_changes, lab_changes, nodule_truth

Json = dict[str, Any]
_PLAIN_BLOOD_HU = 45.0


def write_files(spec: CaseSpec, root: Path) -> Path:
    """Write `root/case/` and `root/truth.json`; return the path of the case.

    CTs, films and slide are made side by side on two threads; each has its own random stream.
    """
    case = root / "case"
    case.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max_workers=2) as pool:
        jobs = [pool.submit(job, spec, case) for job in (_write_cts, _write_films, _write_slide)]
        papers = _write_papers(spec, case)
        cts, films, slide = (job.result() for job in jobs)
    truth: Json = {"synthetic": True, "seed": spec.seed, "patient": _patient_truth(spec.patient)}
    truth |= {"studies": cts["studies"] + films["studies"]} | slide | papers
    truth["expected_changes"] = imaging_changes(truth["studies"]) + lab_changes(truth["labs"])
    patient_id = json.dumps(spec.patient.patient_id)
    (case / "case.yaml").write_text(f"patient: {patient_id}\n", encoding="utf-8")
    (root / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    return case


def _patient_truth(patient: PatientSpec) -> Json:
    return {
        "id": patient.patient_id, "name": patient.dicom_name,
        "birth_date": patient.birth_date, "sex": patient.sex,
    }  # fmt: skip


def _write_cts(spec: CaseSpec, case: Path) -> Json:
    """Write the CTs and return their truth; visits with equal sampling share one anatomy."""
    truth = []
    wanted = [(v, v.ct) for v in spec.visits if v.ct]
    for grid in dict.fromkeys(ct_grid(ct) for _, ct in wanted):
        anatomy = build_anatomy(spec.body, grid)
        truth += [_write_ct(spec, v, ct, anatomy, case) for v, ct in wanted if ct_grid(ct) == grid]
    return {"studies": truth}


def _write_films(spec: CaseSpec, case: Path) -> Json:
    """Write the films and return their truth; plain blood, hanging arms, one anatomy for equal sampling."""
    truth = []
    upright = replace(spec.body, blood_hu=_PLAIN_BLOOD_HU, arms=True)
    wanted = [(v, v.film) for v in spec.visits if v.film]
    for grid in dict.fromkeys(film_grid(film) for _, film in wanted):
        anatomy = build_anatomy(upright, grid)
        truth += [_write_film(spec, v, film, anatomy, case) for v, film in wanted if film_grid(film) == grid]
    return {"studies": truth}


def _found(anatomy: Body, visit: VisitSpec, upright: bool) -> Body:

    body = anatomy
    for nodule in visit.nodules:
        body = with_nodule(body, nodule)
    return with_effusion(body, visit.effusion, upright) if visit.effusion else body


def _write_ct(spec: CaseSpec, visit: VisitSpec, ct: CtSpec, anatomy: Body, case: Path) -> Json:

    body = _found(anatomy, visit, upright=False)
    study = Study(spec.patient, visit.date, spec.seed, f"CT {visit.date}", visit.ct_description)
    files = write_ct(body, ct, study, case / "ct" / visit.date)
    left, right = body.volume_ml("lung_left"), body.volume_ml("lung_right")
    return {
        "modality": "CT", "date": visit.date, "study_uid": study.uid("study"), "series_uid": study.uid("CT", "series"),
        "files": [f.relative_to(case).as_posix() for f in files],
        "spacing_mm": list(body.grid.spacing),
        "nodules": [nodule_truth(n, ct, body, i + 1) for i, n in enumerate(visit.nodules)],
        "lung_ml": {"left": round(left, 1), "right": round(right, 1), "total": round(left + right, 1)},
        "heart_ml": round(body.volume_ml("heart"), 1),
        "effusion": effusion_truth(visit, body),
    }  # fmt: skip


def _write_film(spec: CaseSpec, visit: VisitSpec, film: FilmSpec, anatomy: Body, case: Path) -> Json:

    body = _found(anatomy, visit, upright=True)
    study = Study(spec.patient, visit.date, spec.seed, f"DX {visit.date}", "XR chest PA")
    path = case / "films" / visit.date / "IM0001.dcm"
    write_film(body, film, study, path)
    found = measure_film(body, film)
    return {
        "modality": "DX", "date": visit.date, "study_uid": study.uid("study"), "series_uid": study.uid("DX", "series"),
        "files": [path.relative_to(case).as_posix()],
        "view": "PA", "pixel_mm": film.pixel_mm, "photometric": film.photometric,
        "lung_boxes_px": found.lungs, "heart_box_px": found.heart,
        "heart_width_mm": round(found.heart_mm, 1), "thorax_width_mm": round(found.thorax_mm, 1),
        "cardiothoracic_ratio": round(found.cardiothoracic_ratio, 4),
        "effusion": effusion_truth(visit, body),
    }  # fmt: skip


def _write_slide(spec: CaseSpec, case: Path) -> Json:
    if spec.slide is None:
        return {}
    tissue = write_slide(spec.slide, case / "pathology" / "slide.svs")
    share = float(tissue.coarse_mask.mean())
    return {
        "slide": {
            "file": "pathology/slide.svs", "date": spec.slide.date, "mpp": spec.slide.mpp,
            "width": spec.slide.width, "height": spec.slide.height,
            "region_px": dict(zip(("x", "y", "width", "height"), spec.slide.region, strict=True)),
            "nuclei_in_region": tissue.nuclei_in_region, "tissue_fraction": round(share, 4),
        }
    }  # fmt: skip


def _write_papers(spec: CaseSpec, case: Path) -> Json:
    truth: Json = {"labs": []}
    for lab in spec.labs:
        name = f"documents/lab_{lab.collected[:10]}{'_scan' if lab.scanned else ''}.pdf"
        write_bytes(case / name, make_lab_pdf(spec.patient, lab, spec.seed))
        truth["labs"].append({
            "file": name, "scanned": lab.scanned, "collected_at": lab.collected, "reported_at": lab.reported,
            "results": lab_rows(lab),
        })  # fmt: skip
    if spec.record is not None:
        bundle = make_record(spec.patient, spec.labs, spec.seed, spec.record)
        write_bytes(case / "record.json", (json.dumps(bundle, indent=1) + "\n").encode())
        truth["record"] = {"file": "record.json"} | record_facts(spec.labs, spec.record)
    if spec.letter:
        name = f"documents/clinic_letter_{LETTER_DATE}.pdf"
        write_bytes(case / name, make_letter_pdf(spec.patient))
        truth["letter"] = {"file": name, "date": LETTER_DATE, "facts": list(FACTS)}
    if spec.notes:
        truth["notes"] = [_write_note(spec.patient, note, case) for note in spec.notes]
    return truth


def _write_note(patient: PatientSpec, note: NoteSpec, case: Path) -> Json:
    name = f"documents/note_{note.date}.txt"
    write_bytes(case / name, make_note(patient, note).encode())
    facts = [{"name": line.name, "assertion": line.assertion} for line in note.lines]
    return {"file": name, "date": note.date, "facts": facts}
