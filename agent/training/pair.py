"""What a training set is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...core.report import Edit, Report
from ...prompts import loader
from ...readers.request import Picture, Request

Message = dict[str, Any]


@dataclass(frozen=True)
class Pair:
    """One prompt with the answer that a person signed for.

    Args:
        request: the prompt, as the recipe of the report's section or of the modality puts it.
        answer: what the model should have written.
        provenance: case, signed version and its digest, who signed and who edited, recipe.
    """

    request: Request[Any]
    answer: str
    provenance: dict[str, Any]

    @property
    def messages(self) -> list[Message]:
        """Chat messages whose content is a list of parts, as chat templates and trl's SFTTrainer take them; each
        picture is a part `{"type": "image"}`, in the order of `request.pictures`."""
        parts: list[Message] = [{"type": "image"} if isinstance(part, Picture) else {"type": "text", "text": part}
                                for part in self.request.parts]
        system = [{"role": "system", "content": [{"type": "text", "text": self.request.system}]}]
        return [*(system if self.request.system is not None else []), {"role": "user", "content": parts},
                {"role": "assistant", "content": [{"type": "text", "text": self.answer}]}]


@dataclass
class TrainingSet:
    """What was written.

    Args:
        folder: holds `train.jsonl`, `about.json` and `pictures/`.
        pairs: how many, by recipe.
        left_out: what made no pair, and why, one line each.
        notes: what a person should know before using the set.
    """

    folder: Path
    pairs: dict[str, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """All pairs."""
        return sum(self.pairs.values())


def provenance(report: Report, request: Request[Any], edits: Sequence[Edit]) -> dict[str, Any]:
    """Where a pair comes from.

    Args:
        report: signed.
        request: the prompt.
        edits: what a person changed in the answer's sentences; none where they stand as they were drafted.
    """
    signed = report.signature
    if signed is None:
        raise ValueError("only a signed report makes training pairs")
    template = request.recipe.split("/")[0]
    return {
        "case": report.case.id, "patient": report.case.patient, "report_version": report.version,
        "content_sha256": signed.content_sha256, "signed_by": signed.name, "signed_at": signed.signed_at,
        "reader": report.reader.name,
        "tool": request.tool, "recipe": request.recipe, "prompt_sha256": loader.digest(template),
        "request_sha256": request.sha256,
        "edits": [{"before": one.before, "after": one.after, "by": one.name, "at": one.edited_at} for one in edits]}
