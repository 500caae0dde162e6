"""Examples of what the server answers, for its description: asked of a running one, the first item of each list kept.

    python scripts/api_examples.py

Writes app/server/examples.json, by the name of the word.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "tests" / "helpers"))

from fastapi.testclient import TestClient
from running_server import ended, serving  # type: ignore[import-not-found] # the tests make cases and ask servers
from small_case import LAB, write_picture_case, write_small_case  # type: ignore[import-not-found]

OUT = TOP / "app" / "server" / "examples.json"
QUESTION = "What was the hemoglobin in March 2025?"
SHORT = 300
"""Characters of a text that an example shows."""


def main() -> None:
    """Ask, shorten, write."""
    with tempfile.TemporaryDirectory() as made:
        roots = Path(made) / "roots"
        write_small_case(Path(made) / "small").rename(_below(roots, "small"))
        write_picture_case(Path(made) / "pictures").rename(_below(roots, "pictures"))
        with serving(Path(made) / "home", roots=(roots,)) as client:
            asked = answers(client)
    text = json.dumps({name: shortened(word) for name, word in sorted(asked.items())}, indent=1, ensure_ascii=False)
    OUT.write_text(text.replace(made, "/srv/caseloom") + "\n", encoding="utf-8")


def answers(client: TestClient) -> dict[str, Any]:
    """One answer of each kind, by the name of its word."""
    small, pictures = (f"/api/cases/{client.post('/api/cases', json={'folder': name}).json()['id']}"
                       for name in ("small", "pictures"))
    for case in (small, pictures):
        ended(client, client.post(f"{case}/reviews", json={}).json()["job"]["id"])
    tool = client.post(f"{small}/tools/labs", json={"files": [LAB]}).json()["job"]["id"]
    ended(client, tool)
    studies = client.get(f"{pictures}/studies").json()["studies"]
    keys = {series["viewer"]: series["key"] for study in studies for series in study["series"]}
    addresses = {
        "CaseList": "/api/cases", "Diagnosis": "/api/doctor", "Inspection": f"{small}/inspection",
        "JobList": f"{small}/jobs",
        "ToolResult": f"/api/jobs/{tool}/result", "Report": f"{small}/report", "Trail": f"{small}/trail",
        "Studies": f"{pictures}/studies", "Places": f"{small}/evidence",
        "Marks": f"{pictures}/series/{keys['film']}/marks", "VolumeShown": f"{pictures}/volumes/{keys['volume']}",
        "FilmShown": f"{pictures}/films/{keys['film']}", "SlideShown": f"{pictures}/slides/{keys['slide']}",
        "DocumentShown": f"{pictures}/documents/{keys['document']}", "TimelinePage": f"{small}/timeline"}
    answer = client.post(f"{small}/chat", json={"question": QUESTION}).json()
    return {name: client.get(address).json() for name, address in addresses.items()} | {
        "Answer": answer, "TurnList": client.get(f"{small}/chat").json()}


def shortened(value: Any) -> Any:
    """A word with the first item of each list of words, and the beginning of each long text."""
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shortened(item) for item in (value[:1] if any(isinstance(one, dict) for one in value) else value)]
    return value[:SHORT] if isinstance(value, str) else value


def _below(roots: Path, name: str) -> Path:
    roots.mkdir(exist_ok=True)
    return roots / name


if __name__ == "__main__":
    main()
