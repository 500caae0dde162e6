"""Small cases for the server: one that is reviewed in a few seconds, and one of coarse images."""

from __future__ import annotations

from pathlib import Path

from caseloom.phantoms import CaseSpec, CtSpec, FilmSpec, SlideSpec, VisitSpec, write_case
from caseloom.phantoms.labs import DEMO_LABS

LAB = "documents/lab_2025-03-03.pdf"


def write_small_case(folder: Path) -> Path:
    """A laboratory report and the health record of the shipped case.

    Args:
        folder: where `case` is made.
    """
    return write_case(CaseSpec(visits=(), slide=None, labs=DEMO_LABS[:1], letter=False), folder)


def write_picture_case(folder: Path) -> Path:
    """A coarse CT, a film and a slide, beside a page.

    Args:
        folder: where `case` is made.
    """
    visit = VisitSpec("2025-03-04", (), None, CtSpec(columns=92, pixel_mm=4.0, slice_mm=5.0),
                      FilmSpec(grid_mm=4.0, pixel_mm=2.0))
    slide = SlideSpec(width=2000, height=1500, region=(400, 400, 400, 400), glands=4)
    return write_case(CaseSpec(visits=(visit,), slide=slide, labs=DEMO_LABS[:1], letter=False, record=None), folder)
