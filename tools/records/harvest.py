"""What the files of one study give, and whom they are about."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...core.case import Identity
from ..harvest import Harvest


@dataclass
class RecordHarvest(Harvest):
    """What records and texts gave so far, with everybody they name, in order of appearance."""

    people: list[Identity] = field(default_factory=list)
