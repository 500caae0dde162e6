"""Why a file was not read: one published list of codes."""

from __future__ import annotations

from enum import StrEnum

from .words import Word


class RefusalCode(StrEnum):
    """Stable codes of `not_read` and `refused`; the sentence beside a code is for people and may change."""

    CORRUPT = "corrupt"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TIMED_OUT = "timed_out"
    ENCRYPTED = "encrypted"
    UNKNOWN_FORMAT = "unknown_format"
    UNSUPPORTED = "unsupported"
    UNSAFE_PATH = "unsafe_path"
    SYSTEM_FILE = "system_file"
    DUPLICATE = "duplicate"
    OTHER_PATIENT = "other_patient"
    NOT_AN_IMAGE = "not_an_image"
    DERIVED_OBJECT = "derived_object"
    LOCALIZER = "localizer"
    NOT_CHOSEN = "not_chosen"
    """Another series of the same examination was measured, or another study compared, instead."""
    WRONG_MODALITY = "wrong_modality"
    WRONG_BODY_PART = "wrong_body_part"
    WRONG_VIEW = "wrong_view"
    NO_SPACING = "no_spacing"
    BAD_GEOMETRY = "bad_geometry"
    TOO_FEW_SLICES = "too_few_slices"
    NO_TISSUE = "no_tissue"
    NO_TEXT = "no_text"
    NOT_A_LAB_REPORT = "not_a_lab_report"
    NO_RESULTS = "no_results"
    TOOL_FAILED = "tool_failed"


class Refusal(Word):
    """A file that was not read, and why."""

    file: str
    """Path relative to the case, with forward slashes."""
    code: RefusalCode
    reason: str
    """One sentence for a person: what is wrong, what to do."""
