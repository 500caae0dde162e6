"""A small case, written once: the same generator as the demo at a coarse sampling."""

from pathlib import Path

import pytest

from caseloom.phantoms import (
    BodySpec,
    CaseSpec,
    CtSpec,
    EffusionSpec,
    FilmSpec,
    NoduleSpec,
    SlideSpec,
    VisitSpec,
    write_case,
)

_CT = CtSpec(columns=92, pixel_mm=4.0, slice_mm=5.0, z_range_mm=(-145.0, 130.0))
_FILM = FilmSpec(grid_mm=4.0, pixel_mm=2.0)


@pytest.fixture(scope="session")
def small_spec() -> CaseSpec:
    """The demo's story in little: 92 x 92 pixel slices 5 mm apart, a 2 mm film, a slide of 1536 x 1024 pixels."""
    return CaseSpec(
        body=BodySpec(vessel_targets=24),
        visits=(
            VisitSpec("2025-03-04", (NoduleSpec(diameter_mm=16.0),), None, _CT, _FILM),
            VisitSpec(
                "2025-11-11",
                (NoduleSpec(diameter_mm=22.0),),
                EffusionSpec("left", 300.0),
                CtSpec(92, 4.0, 5.0, (-145.0, 130.0), (5.0, -3.5, 8.0), compress=False),
                FilmSpec(grid_mm=4.0, pixel_mm=2.0, photometric="MONOCHROME1", marker="R", compress=False),
            ),
        ),
        slide=SlideSpec(width=1536, height=1024, region=(800, 380, 320, 260), glands=60),
    )


@pytest.fixture(scope="session")
def small_case(small_spec: CaseSpec, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Path of the written small case; its truth lies beside it."""
    return write_case(small_spec, tmp_path_factory.mktemp("phantom"))
