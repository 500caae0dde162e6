"""Generated cases with known truth: one fictional patient, measured to the voxel before anything is written."""

from .case import CaseSpec, write_case, write_demo
from .specs import BodySpec, CtSpec, EffusionSpec, FilmSpec, NoduleSpec, PatientSpec, SlideSpec, VisitSpec

__all__ = [
    "BodySpec",
    "CaseSpec",
    "CtSpec",
    "EffusionSpec",
    "FilmSpec",
    "NoduleSpec",
    "PatientSpec",
    "SlideSpec",
    "VisitSpec",
    "write_case",
    "write_demo",
]
