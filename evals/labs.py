"""Laboratory extraction over a folder of documents: writes one prediction file per document, for scoring against truth.

    python -m caseloom.evals.labs DOCUMENTS PREDICTIONS

A prediction is the tool's result as JSON with, beside each finding, the pages and boxes of its evidence.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from ..core.case import CaseFile, FileKind, Series, Study
from ..core.result import ToolResult
from ..readers.measure import MeasureReader
from ..tools.base import ToolContext
from ..tools.labs import LabsTool

SUFFIXES = frozenset({".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff"})


def predict(path: Path, cache: Path) -> dict[str, Any]:
    """The prediction for one document.

    Args:
        path: the document.
        cache: folder for page readings.
    """
    return as_prediction(read_labs(path, cache))


def read_labs(path: Path, cache: Path) -> ToolResult:
    """What the tool `labs` reads from one document without a model.

    Args:
        path: the document.
        cache: folder for page readings.
    """
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    file = CaseFile(path=path.name, sha256=digest, size=path.stat().st_size, kind=FileKind.DOCUMENT)
    series = Series(uid=f"sha256:{digest}", kind=FileKind.DOCUMENT, modality="DOC", files=(file,))
    study = Study(id="S1", uid=series.uid, kind=FileKind.DOCUMENT, modality="DOC", date=None, series=(series,))
    context = ToolContext(root=path.parent, patient=None, opaque_patient="P", reader=MeasureReader(), pictures=None,
                          cache=cache)
    return LabsTool().run(study, context)


def as_prediction(result: ToolResult) -> dict[str, Any]:
    """A result with each finding's evidence written out as page and box."""
    places = {evidence.id: evidence.locator.model_dump(mode="json") for evidence in result.evidence}
    prediction = result.model_dump(mode="json", exclude={"seconds", "evidence"})
    for finding in prediction["findings"]:
        finding["evidence"] = [places[key] for key in finding["evidence"]]
    return prediction


def main(documents: Path, predictions: Path) -> None:
    """Write a prediction for every document of a folder."""
    predictions.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as cache:
        for path in sorted(documents.iterdir()):
            if path.suffix.lower() in SUFFIXES:
                text = json.dumps(predict(path, Path(cache)), indent=1, sort_keys=True)
                (predictions / f"{path.stem}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
