"""Large health records: seconds and memory to read them, beside reading the same file as one JSON value.

    python benchmarks/records.py [--megabytes 200] [--write docs/performance.md]

The file is made: one patient's encounters, each with observations that carry narrative, a report with an embedded
document, and a claim, in the proportions that exports of hospital records have; once as a Bundle on one line and once
as NDJSON. Each reading is measured in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from caseloom.evals.sections import machine, today, write_section

TITLE = "Large health records"
REPEATS = 5
WAYS = {"nothing": "Python and Caseloom alone", "json.loads": "`json.loads` of the file, nothing made of it",
        "read_record": "`read_record`: resources found by type and reference",
        "run_tool": "`run_tool(\"records\")`: every finding with its evidence"}
OBSERVATIONS = (("718-7", "Hemoglobin", "g/dL", 13.2), ("2345-7", "Glucose", "mg/dL", 98.4),
                ("2160-0", "Creatinine", "mg/dL", 0.91), ("8867-4", "Heart rate", "/min", 71))


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the section into this file")
    parser.add_argument("--child", nargs=2, metavar=("WAY", "FILE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        sys.stdout.write(json.dumps(measured(asked.child[0], Path(asked.child[1]))) + "\n")
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = [row for form in ("Bundle", "NDJSON") for row in _rows(Path(folder), form, asked.megabytes)]
    lines = [f"Measured on {today()} by `benchmarks/records.py`: {machine()}; load average {os.getloadavg()[0]:.1f}. "
             f"Files of {asked.megabytes} MB, made, of one patient; medians of {REPEATS}, each in its own process; "
             "peak resident memory of the process.", "",
             "| file | what | seconds | peak MiB |", "|---|---|---|---|", *rows]
    sys.stdout.write("\n".join([f"## {TITLE}", "", *lines, ""]))
    if asked.write:
        write_section(asked.write, TITLE, lines)


def _rows(folder: Path, form: str, megabytes: int) -> list[str]:
    path = folder / form
    resources = write_record(path, form, megabytes * 10**6)
    rows = []
    for way, told in WAYS.items():
        if (form == "NDJSON" and way == "json.loads") or (form != "Bundle" and way == "nothing"):
            continue
        home = {**os.environ, "CASELOOM_HOME": str(folder / "home")}
        found = [json.loads(subprocess.run([sys.executable, __file__, "--child", way, str(path)], check=True,
                                           capture_output=True, text=True, env=home).stdout) for _ in range(REPEATS)]
        seconds, mib = (median(run[key] for run in found) for key in ("seconds", "mib"))
        rows.append(f"| {form}, {resources} resources | {told} | {seconds:.1f} | {mib:.0f} |")
    path.unlink()
    return rows


def measured(way: str, path: Path) -> dict[str, float]:
    """Seconds and peak memory of one way to read."""
    from caseloom import run_tool
    from caseloom.core.settings import Limits
    from caseloom.sources.fhir import read_record

    start = time.perf_counter()
    kept: Any = None
    if way == "json.loads":
        kept = json.loads(path.read_bytes())
    elif way == "read_record":
        kept = read_record(path, Limits())
    elif way == "run_tool":
        kept = run_tool("records", path)
    seconds = time.perf_counter() - start
    del kept
    return {"seconds": seconds, "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def write_record(path: Path, form: str, size: int) -> int:
    """Write a record of about `size` bytes; how many resources it holds."""
    written = number = 0
    with path.open("w", encoding="utf-8") as file:
        file.write('{"resourceType": "Bundle", "type": "collection", "entry": [' if form == "Bundle" else "")
        for item in _resources():
            text = json.dumps(item)
            lead = "" if form == "NDJSON" or number == 0 else ", "
            entry = f'{lead}{{"fullUrl": "urn:uuid:{item["id"]}", "resource": {text}}}'
            line = f"{text}\n" if form == "NDJSON" else entry
            written, number = written + file.write(line), number + 1
            if written >= size:
                break
        file.write("]}" if form == "Bundle" else "")
    return number


def _resources() -> Iterator[dict[str, Any]]:
    yield {"resourceType": "Patient", "id": "p", "identifier": [{"value": "MRN-1"}], "birthDate": "1950-02-03"}
    about = {"subject": {"reference": "Patient/p"}}
    for n in count():
        when = f"{1970 + n // 300 % 55}-{n // 25 % 12 + 1:02}-{n % 28 + 1:02}T08:15:00Z"
        told = {"text": {"status": "generated", "div": f"<div>Visit {n}: {'as told before, ' * 40}</div>"}, **about}
        yield {"resourceType": "Encounter", "id": f"e{n}", "status": "finished", "period": {"start": when}, **told,
               "type": [{"text": "Encounter for check up"}]}
        for code, name, unit, number in OBSERVATIONS:
            yield {"resourceType": "Observation", "id": f"o{n}-{code}", "status": "final", **told,
                   "effectiveDateTime": when, "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category",
                                             "code": "laboratory"}]}],
                   "code": {"text": name, "coding": [{"system": "http://loinc.org", "code": code, "display": name}]},
                   "encounter": {"reference": f"Encounter/e{n}"},
                   "valueQuantity": {"value": number + n % 7 / 10, "unit": unit, "code": unit,
                                     "system": "http://unitsofmeasure.org"}}
        yield {"resourceType": "DiagnosticReport", "id": f"d{n}", "status": "final", "effectiveDateTime": when, **told,
               "code": {"text": "Blood panel"},
               "presentedForm": [{"contentType": "application/pdf", "data": "QUJD" * 2000}]}
        yield {"resourceType": "Claim", "id": f"c{n}", "status": "active", "created": when, "patient": about["subject"],
               "item": [{"sequence": k, "productOrService": {"text": "A service"}, "net": {"value": 1.5 * k}}
                        for k in range(1, 40)]}


if __name__ == "__main__":
    main()
