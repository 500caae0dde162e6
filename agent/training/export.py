"""Signed reports of cases, written as a data set for fine-tuning."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from ...core.case import Identity
from ...core.errors import UsageError
from ...core.files import write_bytes
from ...core.report import ReportStatus
from ...readers.request import Picture
from ...tools.blanking import blank_text, people_of
from ..changed import changed_files
from ..decide import record_export
from ..kept import check_signed
from ..opened import AnyPath, latest_run
from ..run import ReviewRun
from .pair import Pair, TrainingSet
from .prose import prose_pairs
from .readings import reading_pairs

BLANKED = ("Names, hospital numbers and birth dates that the cases' own files state are blanked in prompts and "
           "answers; dates of examinations stay, and so does what is burned into pixels.")
KEPT = "Identifiers were kept as you asked: the set holds whatever the reports' sentences and prompts hold."
SIGNERS = "The provenance names who signed and who edited."


@dataclass(frozen=True)
class Wanted:
    """What a set is to hold: sentences too that nobody changed, and identifiers."""

    unedited: bool = False
    identifiers: bool = False


def export_training(cases: AnyPath | Sequence[AnyPath], out: AnyPath, *, patient: str | None = None,
                    unedited: bool = False, identifiers: bool = False) -> TrainingSet:
    """Write what people corrected and signed as a data set for supervised fine-tuning.

    `train.jsonl` has one pair a line: `messages` and `images` as trl's SFTTrainer takes them, pictures as PNG below
    `pictures/`, and `provenance`. Only signed reports count, as they were signed.

    Args:
        cases: folders or .zips that were reviewed, one or several.
        out: folder, new or empty.
        patient: whose cases they are, where their files name several people.
        unedited: add the sentences and readings that were signed as they were drafted.
        identifiers: keep what identifies a patient; it is blanked otherwise.

    Returns:
        What was written; a case that is not signed, and a correction that makes no pair, are named in `left_out`.

    Raises:
        UsageError: no case, the folder is in use or cannot be written, a case that was not reviewed, or a folder
            within a case.
        StoreError: a report is no longer what was signed.
    """
    paths = [Path(cases)] if isinstance(cases, str) or not isinstance(cases, Sequence) else [Path(one) for one in cases]
    folder = Path(out)
    _check(paths, folder)
    done, wanted = TrainingSet(folder, notes=[KEPT if identifiers else BLANKED, SIGNERS]), Wanted(unedited, identifiers)
    for path in paths:
        with latest_run(path, patient) as run:
            pairs, left_out = _pairs(run, wanted)
            if pairs:
                _write(pairs, done)
                record_export(run, ["training"], folder)
            name = f"case {run.report().case.id[:12]}: " if len(paths) > 1 else ""
            done.left_out += [f"{name}{line}" for line in left_out]
    if done.count:
        about = {"pairs": done.pairs, "notes": done.notes, "left_out": done.left_out}
        words = json.dumps(about, ensure_ascii=False, indent=2) + "\n"
        write_bytes(folder / "about.json", words.encode(), private=True)
    return done


def _check(paths: Sequence[Path], out: Path) -> None:
    if not paths:
        raise UsageError("name at least one reviewed case")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file; give --out a new folder")
    if out.is_dir() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty; give --out a new folder, so that no two sets mix")
    if any(path.is_dir() and out.resolve().is_relative_to(path.resolve()) for path in paths):
        raise UsageError(f"{out} lies within a case, which is never written to; choose another folder")


def _pairs(run: ReviewRun, wanted: Wanted) -> tuple[list[Pair], list[str]]:
    report, case = run.report(), run.state()["case"]
    if report.status is not ReportStatus.SIGNED:
        return [], [f"the report is {report.status}, not signed; only what was signed is learned from"]
    check_signed(run.review.home, report)
    prose, left_out = prose_pairs(report, unedited=wanted.unedited)
    shown: list[Pair] = []
    if changed := changed_files(case, report):
        left_out.append(f"files that changed or are gone since the review: {len(changed)}; no pictures are made again")
    else:
        ours = {name: tool for name, tool in run.review.tools.items() if name not in run.review.own}
        shown, missed = reading_pairs(report, case, ours, run.review.context(case), unedited=wanted.unedited)
        left_out += missed
    people = [] if wanted.identifiers else people_of(case.patient, (who for file in case.files
                                                                    for who in file.identities))
    if not (prose or shown) and not left_out:
        left_out.append("no sentence was changed before it was signed")
    return [_blanked(pair, people) for pair in (*prose, *shown)], [blank_text(line, people) for line in left_out]


def _blanked(pair: Pair, people: Sequence[Identity]) -> Pair:
    parts = tuple(blank_text(part, people) if isinstance(part, str) else part for part in pair.request.parts)
    edits = [{key: blank_text(text, people) if key in ("before", "after") else text for key, text in edit.items()}
             for edit in pair.provenance["edits"]]
    request = replace(pair.request, parts=parts)
    about = {**pair.provenance, "edits": edits, "request_sha256": request.sha256}
    return Pair(request, blank_text(pair.answer, people), about)


def _write(pairs: Sequence[Pair], done: TrainingSet) -> None:
    """Add the pairs of one case to the set."""
    pictures = done.folder / "pictures"
    try:
        done.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        pictures.mkdir(exist_ok=True, mode=0o700)
        (done.folder / "train.jsonl").touch(mode=0o600)
    except OSError as error:
        raise UsageError(f"{done.folder} cannot be written ({error.strerror}); choose another folder") from error
    with (done.folder / "train.jsonl").open("a", encoding="utf-8") as file:
        for pair in pairs:
            images = [_picture(picture, pictures) for picture in pair.request.pictures]
            row = {"messages": pair.messages, "images": images, "provenance": pair.provenance}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    counted = Counter(done.pairs) + Counter(pair.request.recipe for pair in pairs)
    done.pairs = dict(sorted(counted.items()))


def _picture(picture: Picture, folder: Path) -> str:
    """Write a picture once; its path below the set's folder."""
    file = folder / f"{picture.sha256[:32]}.png"
    if not file.is_file():
        Image.fromarray(picture.pixels).save(file)
    return f"{folder.name}/{file.name}"
