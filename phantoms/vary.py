"""A whole case for every seed: what it holds, what is wrong with it, and what a right answer is."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from .case import write_case
from .casespec import CaseSpec
from .labs import LabSpec
from .specs import BodySpec, PatientSpec, SlideSpec, VisitSpec
from .traps import Damage, How, Kind, Once, Order, Stray, Traps, Where, set_traps
from .vary_chest import vary_visits
from .vary_papers import days_after, other_patient, vary_labs, vary_note, vary_patient, vary_record

Json = dict[str, Any]
_CANARIES = ("HERON", "WALRUS", "COBALT", "JUNIPER", "MAGPIE")
_RARE = ("slices", "file")


@dataclass(frozen=True)
class VariedCase:
    """A case as it is to be written.

    Attributes:
        seed: that it was drawn from; the same seed gives the same bytes.
        spec: the case.
        traps: what is wrong with it.
    """

    seed: int
    spec: CaseSpec
    traps: Traps


@dataclass(frozen=True)
class _Plan:
    """Which kinds of data a case has, and when."""

    ct: bool
    film: bool
    slide: bool
    labs: bool
    record: bool
    note: bool
    visits: tuple[str, ...]
    draws: tuple[str, ...]


def vary(seed: int) -> VariedCase:
    """The case of a seed; pure."""
    rng = random.Random(f"varied case {seed}")  # noqa: S311 - a seeded drawing, no secret
    plan = _plan(rng)
    patient = vary_patient(rng)
    order = _order(rng, plan)
    words = order.text if order and order.where == "header" else "CT chest"
    body, visits = (vary_visits(rng, plan.visits, ct=plan.ct, film=plan.film, words=words)
                    if plan.ct or plan.film else (BodySpec(), ()))
    labs = _with_order(vary_labs(rng, plan.draws), order) if plan.labs else ()
    record = vary_record(rng) if plan.record else None
    conflicts: tuple[Json, ...] = ()
    if record is not None:
        record = replace(record, orders=(order.text,) if order and order.where == "record" else ())
        conflict = _conflict(rng, patient, labs)
        if conflict:
            told, who, printed = conflict
            record, conflicts = replace(record, patient=who, labs=printed), (told,)
    note = (vary_note(rng, plan.draws[-1]),) if plan.note else ()
    if order and order.where == "note":
        note = (replace(vary_note(rng, plan.draws[-1]), lines=(), order=order.text),)
    spec = CaseSpec(seed=seed, patient=patient, body=body, visits=visits, slide=_slide(rng) if plan.slide else None,
                    labs=labs, record=record, letter=False, notes=note)
    traps = Traps(orders=(order,) if order else (), strays=_strays(rng, spec), damaged=_damaged(rng, spec),
                  conflicts=conflicts, **_gap(rng, spec))
    return VariedCase(seed, spec, traps)


def write_varied(case: VariedCase, folder: Path | str) -> Path:
    """Write `folder/case/` and `folder/truth.json` as `write_case` does, with the traps; return the case."""
    written = write_case(case.spec, folder)
    file = Path(folder) / "truth.json"
    truth = json.loads(file.read_text(encoding="utf-8"))
    truth |= set_traps(case.traps, written, truth, case.seed)
    file.write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    return written


def _plan(rng: random.Random) -> _Plan:
    start = (date(2022, 2, 1) + timedelta(days=rng.randrange(1100))).isoformat()
    visits = days_after(start, rng.randint(60, 500)) if rng.random() < 0.55 else (start,)
    gaps = [rng.randint(20, 300) for _ in range(rng.choice((0, 1, 1, 2)))]
    has = {kind: rng.random() < odds for kind, odds in (("ct", 0.34), ("film", 0.25), ("slide", 0.1), ("labs", 0.75),
                                                        ("record", 0.5), ("note", 0.5))}
    if not (has["ct"] or has["film"] or has["labs"]):
        has["labs"] = True
    return _Plan(**has, visits=visits, draws=days_after(days_after(start, -3)[-1], *gaps))


def _order(rng: random.Random, plan: _Plan) -> Order | None:
    known: tuple[tuple[Where, bool], ...] = (("note", plan.note), ("record", plan.record), ("page", plan.labs),
                                             ("unseen", plan.labs), ("header", plan.ct))
    places = [where for where, fits in known if fits]
    if not places or rng.random() < 0.6:
        return None
    canary = f"{rng.choice(_CANARIES)}-{rng.randint(1000, 9999)}"
    return Order(rng.choice(places), f"a {rng.randint(41, 69)} mm mass", canary)


def _with_order(labs: tuple[LabSpec, ...], order: Order | None) -> tuple[LabSpec, ...]:
    if order is None or order.where not in ("page", "unseen"):
        return labs
    first = (replace(labs[0], footnote=order.text) if order.where == "page"
             else replace(labs[0], unseen=order.text, scanned=False))
    return (first, *labs[1:])


def _conflict(rng: random.Random, patient: PatientSpec, labs: tuple[LabSpec, ...]
              ) -> tuple[Json, PatientSpec | None, tuple[LabSpec, ...] | None] | None:
    """What the record says otherwise than the other sources: the truth, whom it describes, and its results."""
    kind = rng.choice(("value", "sex", "birth", None, None, None))
    if kind == "sex":
        other: Literal["male", "female"] = "female" if patient.sex == "male" else "male"
        return {"kind": "sex"}, replace(patient, sex=other), None
    if kind == "birth":
        year = str(int(patient.birth_date[:4]) + 1)
        return {"kind": "date of birth"}, replace(patient, birth_date=year + patient.birth_date[4:]), None
    known = [place for place, test in enumerate(labs[-1].tests) if test.loinc in ("718-7", "777-3", "2951-2", "2823-3")
             ] if labs and kind == "value" else []
    if not known:
        return None
    place = rng.choice(known)
    test, value = labs[-1].tests[place], labs[-1].values[place]
    wrong = f"{float(value) * 1.23:.{len(value.partition('.')[2])}f}"
    values = tuple(wrong if number == place else text for number, text in enumerate(labs[-1].values))
    told = {"kind": "value", "name": test.name, "date": labs[-1].collected[:10], "values": [float(value), float(wrong)]}
    return told, None, (*labs[:-1], replace(labs[-1], values=values))


def _slide(rng: random.Random) -> SlideSpec:
    width, height = 4096, 3072
    size = (rng.randrange(800, 1200, 10), rng.randrange(700, 1000, 10))
    left = rng.randrange(round(0.28 * width), round(0.70 * width) - size[0])
    top = rng.randrange(round(0.28 * height), round(0.72 * height) - size[1])
    return SlideSpec(seed=rng.randrange(1, 10_000), width=width, height=height, region=(left, top, *size), glands=400,
                     date=f"2025-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}")


def _strays(rng: random.Random, spec: CaseSpec) -> tuple[Stray, ...]:
    kinds: list[Kind] = ["lab", "note", "record"]
    kinds += ["film"] if _has_film(spec) else []
    kinds += ["page"] if spec.labs and not spec.labs[0].scanned else []
    if rng.random() < 0.55:
        return ()
    who = other_patient(rng, spec.patient)
    day = days_after("2023-01-05", rng.randrange(700))[-1]
    chosen = rng.sample(kinds, rng.choice((1, 1, 2)))
    return tuple(Stray(kind, who, replace(vary_labs(rng, (day,))[0], scanned=False), vary_note(rng, day))
                 for kind in chosen)


def _has_film(spec: CaseSpec) -> bool:
    return any(visit.film for visit in spec.visits)


def _damaged(rng: random.Random, spec: CaseSpec) -> tuple[Damage, ...]:
    known: tuple[tuple[Once, bool], ...] = (("film", _has_film(spec)), ("ct", any(visit.ct for visit in spec.visits)),
                                            ("lab", bool(spec.labs)))
    kinds = [kind for kind, there in known if there]
    if rng.random() < 0.65:
        return ()
    ways: tuple[How, ...] = ("truncated", "empty", "noise", "copy")
    return (Damage(rng.choice(kinds), rng.choice(ways)),)


def _gap(rng: random.Random, spec: CaseSpec) -> Json:
    """Slices missing where no nodule lies, or a file that case.yaml names in vain."""
    kind = rng.choice((*_RARE, *[None] * 6))
    if kind == "file":
        return {"unlisted": "films/2021/IM0001.dcm"}
    ct, visit = next(((visit.ct, visit) for visit in spec.visits if visit.ct), (None, None))
    if kind is None or ct is None or visit is None:
        return {}
    return {"lost_slices": _free_pair(rng, ct.z_range_mm[0], ct.slice_mm, visit)}


def _free_pair(rng: random.Random, low: float, step: float, visit: VisitSpec) -> tuple[int, ...]:
    """Two neighbouring slices between -40 and 80 mm that lie 10 mm off every nodule."""
    def free(index: int) -> bool:
        z = low + index * step
        return all(abs(z - nodule.centre_mm[2]) > nodule.diameter_mm / 2 + 10 for nodule in visit.nodules)

    first, last = round((-40 - low) / step), round((80 - low) / step)
    pairs = [(index, index + 1) for index in range(first, last) if free(index) and free(index + 1)]
    return rng.choice(pairs) if pairs else ()
