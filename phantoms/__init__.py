"""Generated cases with known truth: one fictional patient, measured to the voxel before anything is written."""

from .case import write_case, write_demo
from .casespec import CaseSpec
from .labs import LabSpec
from .specs import BodySpec, CtSpec, EffusionSpec, FilmSpec, NoduleSpec, PatientSpec, SlideSpec, VisitSpec

__all__ = [
    "BodySpec",
    "CaseSpec",
    "CtSpec",
    "EffusionSpec",
    "FilmSpec",
    "LabSpec",
    "NoduleSpec",
    "PatientSpec",
    "SlideSpec",
    "VisitSpec",
    "write_case",
    "write_demo",
]
