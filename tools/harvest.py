"""What the files of one study give, gathered file by file."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..core.case import CaseFile
from ..core.errors import RefusedFile
from ..core.evidence import Evidence
from ..core.finding import Finding
from ..core.refusal import Refusal


@dataclass
class Harvest:
    """What the files of one study gave so far."""

    findings: list[Finding] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def refuse(self, file: CaseFile, error: RefusedFile) -> None:
        """Keep a file that could not be used, with its reason."""
        self.refused.append(Refusal(file=file.path, code=error.code, reason=error.reason))
