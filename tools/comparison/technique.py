"""What a different technique does to a comparison."""

from __future__ import annotations

from ...core.case import Series, Study
from ...sources.ct_technique import Technique
from ..volume.ct_lungs import is_sharp

UNLIKE_THICKNESS = 1.5
"""One slice thickness over the other from which on two scans count as made differently."""
FRONTAL = ("PA", "AP")


def projections(study: Study) -> set[str]:
    """`PA`, `AP` or `AP supine` of each film that names its projection."""
    return {name for series in study.series if (name := _projection(series))}


def _projection(series: Series) -> str | None:
    view = (series.view or "").strip().upper()
    if "SUPINE" in view:
        return "AP supine"
    return next((name for name in FRONTAL if view.startswith(name)), view or None)


def film_caveats(prior: Study, current: Study) -> tuple[list[str], bool]:
    """What to say of the projections of two films, and whether sizes of the heart may not be compared."""
    before, after = projections(prior), projections(current)
    if before and after and not before & after:
        return [f"the films have different projections ({', '.join(sorted(before))} and {', '.join(sorted(after))}): "
                "the heart is magnified on AP and supine films, so the change of its size is not told from that of the "
                "projection"], True
    if not before or not after:
        return ["the projection of " + ("both films" if not before and not after else "one film") + " is not known: a "
                "heart that seems to have changed may have been taken in another projection"], False
    return [], False


def scan_caveats(prior: Technique, current: Technique) -> list[str]:
    """How two CT scans were made differently; density is not comparable then. Empty when nothing says that they were.

    Args:
        prior: of the earlier scan.
        current: of the later one.
    """
    said = []
    if prior.kernel and current.kernel and is_sharp(prior.kernel) != is_sharp(current.kernel):
        said.append(f"one kernel is sharp and the other is not ({prior.kernel}, {current.kernel})")
    thick = sorted(value for value in (prior.thickness_mm, current.thickness_mm) if value)
    if len(thick) == 2 and thick[1] >= UNLIKE_THICKNESS * thick[0]:
        said.append(f"slices are {prior.thickness_mm:g} and {current.thickness_mm:g} mm thick")
    headers = prior.kernel and current.kernel  # a file without a header names no contrast agent either
    if headers and bool(prior.contrast) != bool(current.contrast):
        said.append(f"a contrast agent is named for the {'earlier' if prior.contrast else 'later'} scan only")
    return said
