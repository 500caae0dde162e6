"""What the files of one study give, gathered file by file."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...core.case import Identity
from ...core.evidence import Evidence
from ...core.finding import Finding
from ...core.refusal import Refusal


@dataclass
class Harvest:
    """What the files of one study gave."""

    findings: list[Finding] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    people: list[Identity] = field(default_factory=list)
