"""What the server is sent about a draft: other words for its sentences, a decision, an addendum."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ...core.report import Support
from ...core.words import Word
from .words import NO_CONTROLS, example

SEEN: Any = Field(default=None, pattern=r"^[0-9a-f]{64}$", description=(
    "Digest of what was looked at; nothing is decided about a report that is another by now."))


class SentenceCheck(Word):
    """New words for a sentence, to be held against its findings."""

    model_config = example(at="s-2-3", text="The nodule in the right lung measures 10.6 mm.")

    at: str = Field(pattern=r"^s-[1-9][0-9]{0,4}-[1-9][0-9]{0,4}$")
    """s-2-3: third sentence of the second section."""
    text: str = Field(min_length=1, max_length=5000)


class SentenceStands(Word):
    """How new words would stand."""

    model_config = example(text="The nodule measures 16 mm.", support="unsupported",
                           reason="no cited finding has the number 16 mm")

    text: str
    support: Support
    reason: str | None


class Edits(Word):
    """Changes to a draft, by place; null takes a sentence out."""

    model_config = example(name="Dr. Ana Ruiz", changes={"s-2-3": "The nodule in the right lung measures 10.6 mm."})

    name: str = Field(min_length=1, max_length=200, pattern=NO_CONTROLS)
    changes: dict[str, str | None] = Field(min_length=1, max_length=500)
    content_sha256: str | None = SEEN


class Approval(Word):
    """Who signs, as the report shall show the name."""

    model_config = example(name="Dr. Ana Ruiz")

    name: str = Field(min_length=1, max_length=200, pattern=NO_CONTROLS)
    content_sha256: str | None = SEEN


class Rejection(Word):
    """Who rejects the draft, and why."""

    model_config = example(name="Dr. Ana Ruiz", reason="wrong prior was compared")

    name: str = Field(min_length=1, max_length=200, pattern=NO_CONTROLS)
    reason: str = Field(min_length=1, max_length=2000)
    content_sha256: str | None = SEEN


class NewAddendum(Word):
    """What is added to a signed report."""

    model_config = example(name="Dr. Ana Ruiz", text="The prior CT of 2024 has become available.")

    name: str = Field(min_length=1, max_length=200, pattern=NO_CONTROLS)
    text: str = Field(min_length=1, max_length=5000)
