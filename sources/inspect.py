"""What every file of an input is, what would read it, and what is refused and why."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..core.case import FileKind, Identity
from ..core.errors import SeveralPatients
from ..core.refusal import Refusal, RefusalCode
from ..core.settings import Settings
from ..core.words import Word
from .discover import Found
from .grouping import studies_in, tool_for
from .open import Intake, refusals, take_in, without_others
from .people import Person, choose_patient


class InspectedFile(Word):
    """One file."""

    file: str
    """Relative to the input, forward slashes."""
    sha256: str | None
    kind: FileKind
    patient: str | None
    """The identifier or name of the person it is about; None when it says nothing."""
    study: str | None
    """Study uid, or `sha256:` and the digest."""
    series: str | None
    reader: str | None
    """The tool that would read it."""
    code: RefusalCode | None
    reason: str | None


class InspectedPatient(Word):
    """One person whom files are about."""

    id: str
    aliases: tuple[str, ...]
    names: tuple[str, ...]
    files: tuple[str, ...]


class Inspection(Word):
    """The whole input."""

    files: tuple[InspectedFile, ...]
    patients: tuple[InspectedPatient, ...]


def inspect(path: Path, settings: Settings) -> Inspection:
    """Say what every file is, also when several people are there or nothing is usable.

    Raises:
        UsageError: no such path, or a bad case.yaml.
        NothingUsable: a damaged or oversized archive, or more files than allowed.
    """
    intake = take_in(path, settings)
    found = _others_refused(intake)
    places = {file.path: (study.uid, series.uid) for study in studies_in(found, intake.manifest)
              for series in study.series for file in series.files}
    refused = {refusal.file: refusal for refusal in refusals(found)}
    labels = {identity: person.label for person in intake.people for identity in person.identities}
    return Inspection(files=tuple(_file(item, places, refused, labels) for item in found),
                      patients=tuple(_patient(person) for person in intake.people))


def _others_refused(intake: Intake) -> tuple[Found, ...]:
    """The files as a review would see them; unchanged where a person must first say whose case it is."""
    try:
        return without_others(intake.found, choose_patient(intake.people, intake.manifest, None))
    except SeveralPatients:
        return intake.found


def _file(item: Found, places: Mapping[str, tuple[str, str]], refused: Mapping[str, Refusal],
          labels: Mapping[Identity, str]) -> InspectedFile:
    refusal = refused.get(item.file.path)
    study, series = places.get(item.file.path, (item.file.study_uid, item.file.series_uid))
    named = [labels.get(identity, identity.label) for identity in item.file.identities if not identity.is_empty]
    return InspectedFile(
        file=item.file.path, sha256=item.file.sha256 or None, kind=item.file.kind, patient=next(iter(named), None),
        study=study, series=series, reader=None if refusal else tool_for(item.file.kind, item.document_kind),
        code=refusal.code if refusal else None, reason=refusal.reason if refusal else None)


def _patient(person: Person) -> InspectedPatient:
    aliases = tuple(text for text in person.ids if text != person.label)
    return InspectedPatient(id=person.label, aliases=aliases, names=person.names, files=person.files)
