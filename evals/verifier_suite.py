"""Sentences with and without a planted error, and the findings that they cite, read from the files under `data`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..core.evidence import (
    DocumentSpan,
    Evidence,
    FhirResource,
    ImageBox,
    Locator,
    SlideRegion,
    Source,
    VolumeRegion,
    make_evidence,
)
from ..core.finding import MEASURED, Finding, make_finding

DATA = Path(__file__).parent / "data"
TRUE = "true"
"""The kind of a sentence that its findings bear out."""
SUITES = {"suite": "verifier_sentences.yaml", "held out": "verifier_held_out.yaml", "third": "verifier_third.yaml",
          "fourth": "verifier_fourth.yaml"}
FINDINGS = ("verifier_findings.yaml", "verifier_fourth_findings.yaml")


@dataclass(frozen=True)
class Told:
    """A sentence, what it cites, and the kind of error in it (`true` where there is none)."""

    text: str
    kind: str
    findings: tuple[Finding, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Known:
    """A finding with the evidence it cites, its own first."""

    finding: Finding
    evidence: tuple[Evidence, ...]


def read_suite(name: str) -> list[Told]:
    """All sentences of one file, in its order.

    Args:
        name: of a file under `data`.
    """
    known = read_findings()
    told = []
    for group in yaml.safe_load((DATA / name).read_text(encoding="utf-8")):
        cited = [known[key] for key in group["cite"]]
        evidence = tuple({place.id: place for item in cited for place in item.evidence}.values())
        told += [Told(text, kind, tuple(item.finding for item in cited), evidence)
                 for kind, texts in group.items() if kind != "cite" for text in texts]
    return told


def read_findings() -> dict[str, Known]:
    """The findings under the names that the sentences cite them by."""
    entries = {key: entry for name in FINDINGS
               for key, entry in yaml.safe_load((DATA / name).read_text(encoding="utf-8")).items()}
    own = {key: _evidence_of(key, entry) for key, entry in entries.items()}
    return {key: _known(entry, own[key], own.get(entry.get("prior", ""))) for key, entry in entries.items()}


def _known(entry: Mapping[str, Any], shown: Evidence, prior: Evidence | None) -> Known:
    fields = {"reader": MEASURED} | {name: value for name, value in entry.items() if name not in ("kind", "prior")}
    places = (shown,) if prior is None else (shown, prior)
    if prior is not None:
        fields["change"] = fields["change"] | {"prior_evidence": (prior.id,)}
    finding = make_finding(**fields, evidence=tuple(place.id for place in places), patient="P-0123456789abcdef")
    return Known(finding, places)


def _evidence_of(key: str, entry: Mapping[str, Any]) -> Evidence:
    """A place of the entry's kind, dated as the finding is; its caption says nothing of the finding."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    return make_evidence(Source(file=f"made/{key}", sha256=digest), _place(entry["kind"], digest),
                         caption=f"Place {digest[:8]}", date=entry["date"])


def _place(kind: str, digest: str) -> Locator:
    places: dict[str, Locator] = {
        "volume": VolumeRegion(series_uid="2.25.1", bbox_mm=(0, 0, 0, 9, 9, 9), slice_range=(3, 9)),
        "image": ImageBox(box=(10, 10, 90, 90)),
        "slide": SlideRegion(x=0, y=0, width=448, height=448, mpp=0.5),
        "page": DocumentSpan(page=1, bbox=(54, 100, 400, 112), text="line"),
    }
    return places.get(kind) or FhirResource(resource_type=kind, id=digest[:12], path=f"{kind}.code")
