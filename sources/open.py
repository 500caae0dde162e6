"""Opening a case: from a folder or a zip to studies of one patient, and everything that was set aside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from os.path import commonpath
from pathlib import Path, PurePosixPath

from ..core.case import Case, CaseFile, FileKind
from ..core.errors import NothingUsable, UsageError
from ..core.ids import digest, normalise_identifier, normalise_name, opaque_patient
from ..core.refusal import Refusal, RefusalCode
from ..core.settings import Settings
from .archive import is_zip, unpack
from .discover import Found, discover
from .grouping import TOOL_FOR_KIND, shared_instance_uids, studies_in
from .identify import Reading
from .manifest import Manifest, in_folder, manifest_in, read_manifest
from .people import UNIDENTIFIED, Choice, Person, choose_patient, people_in

_SET_ASIDE = frozenset({RefusalCode.DERIVED_OBJECT, RefusalCode.UNSUPPORTED, RefusalCode.DUPLICATE})
"""Refusals of sound files, whose headers can be trusted to say whose they are."""


@dataclass(frozen=True)
class Intake:
    """The input, looked at: before anybody has decided whose case it is.

    Args:
        root: folder that all paths are relative to.
        found: every file, sorted by path.
        manifest: case.yaml, empty when there is none.
        people: everybody whom sound files are about.
    """

    root: Path
    found: tuple[Found, ...]
    manifest: Manifest
    people: tuple[Person, ...]


def existing(path: Path) -> Path:
    """The absolute path of an input.

    Raises:
        UsageError: there is nothing at that path.
    """
    if not path.exists():
        raise UsageError(f"no such file or folder: {path}")
    return path.resolve()


def take_in(path: Path, settings: Settings, *, as_slide: bool = False) -> Intake:
    """Find, hash and identify all files of an input: a folder, a zip, or a single file.

    Args:
        path: the input.
        settings: limits and the state folder.
        as_slide: a single file is meant to be a slide.

    Raises:
        UsageError: no such path, or a bad case.yaml.
        NothingUsable: a damaged or oversized archive, or more files than allowed.
        StoreError: the state folder cannot hold an unpacked archive.
    """
    path = existing(path)
    reading = Reading(settings.limits, settings.home / "cache", frozenset({path} if as_slide else ()))
    if path.is_dir():
        return _of_folder(path, reading, ())
    if is_zip(path) and path.suffix.casefold() not in (".docx", ".xlsx", ".pptx", ".jar"):
        unpacked = unpack(path, settings)
        return _of_folder(unpacked.root, reading, unpacked.refused)
    found = discover(path.parent, reading, only=[path])
    return Intake(path.parent, found, Manifest(), _sound_people(found))


def _of_folder(root: Path, reading: Reading, refused: Sequence[Refusal]) -> Intake:
    name = manifest_in(root)
    manifest = Manifest()
    if name is not None:
        manifest = in_folder(read_manifest(root / name), str(PurePosixPath(name).parent))
    found = list(discover(root, reading, manifest, manifest_name=name))
    found += [Found(CaseFile(path=item.file, sha256="", size=0, kind=FileKind.UNKNOWN), (item.code, item.reason))
              for item in refused]
    found.sort(key=lambda item: item.file.path)
    return Intake(root, tuple(found), manifest, _sound_people(found))


def _sound_people(found: Sequence[Found]) -> tuple[Person, ...]:
    return people_in(item for item in found if item.why is None or item.why[0] in _SET_ASIDE)


def open_case(path: Path, *, settings: Settings, key: bytes, patient: str | None = None) -> Case:
    """Open a case: discover, identify and sort its files without reading what they show.

    Args:
        path: a folder, a zip, or a single file.
        settings: limits and the state folder.
        key: the machine's secret, under which the patient's opaque id is made.
        patient: whose case it is, or None for case.yaml's or the only one.

    Raises:
        UsageError: no such path, a bad case.yaml, or `patient` names nobody.
        SeveralPatients: nobody is named and several people are there.
        NothingUsable: no file of the patient can be used.
        StoreError: the state folder cannot be written.
    """
    intake = take_in(path, settings)
    if not any(item.file.kind is not FileKind.MANIFEST for item in intake.found):
        raise NothingUsable(f"there is no file in {path.name or path}")
    choice = choose_patient(intake.people, intake.manifest, patient)
    found = without_others(intake.found, choice)
    studies = studies_in(found, intake.manifest)
    if not studies:
        raise NothingUsable(_why_nothing(found))
    case_id = _case_id(found, settings.space)
    return Case(
        id=case_id, root=intake.root, patient=choice.patient, opaque_patient=_opaque(choice, found, case_id, key),
        question=intake.manifest.question, files=tuple(item.file for item in found), studies=studies,
        not_read=refusals(found), warnings=_warnings(found, intake.manifest))


def open_files(paths: Sequence[Path], *, settings: Settings, as_slides: bool = False) -> Intake:
    """Take in single files and folders for one tool, without a case: nobody decides whose they are.

    Args:
        paths: files, folders or one zip; paths in the result are relative to their common parent.
        settings: limits and the state folder.
        as_slides: single files are meant to be slides, such as a TIFF that no scanner signed.

    Raises:
        UsageError: one of the paths does not exist.
    """
    given = [existing(path) for path in paths]
    if len(given) == 1:
        return take_in(given[0], settings, as_slide=as_slides)
    root = Path(commonpath([path.parent for path in given]))
    slides = frozenset(path for path in given if as_slides and path.is_file())
    found = discover(root, Reading(settings.limits, settings.home / "cache", slides), only=given)
    return Intake(root, found, Manifest(), _sound_people(found))


def without_others(found: Sequence[Found], choice: Choice) -> tuple[Found, ...]:
    """The files, those of other people refused. A file that names several people stays if the patient is one."""
    mine = {identity for person in choice.people for identity in person.identities}

    def is_others(item: Found) -> bool:
        named = [identity for identity in item.file.identities if not identity.is_empty]
        sound = item.why is None or item.why[0] in _SET_ASIDE
        return bool(named) and sound and not mine.intersection(named)

    return tuple(item.refused(RefusalCode.OTHER_PATIENT, "belongs to another patient") if is_others(item) else item
                 for item in found)


def _case_id(found: Sequence[Found], space: str) -> str:
    """Digest of the sorted file digests and case.yaml; whose files they are counts, so that cases cannot be mixed."""
    others = sorted(item.file.sha256 for item in found if _is_others(item))
    own = sorted(item.file.sha256 for item in found if not _is_others(item))
    return digest([own, others, *([space] if space else [])])


def _is_others(item: Found) -> bool:
    return item.why is not None and item.why[0] is RefusalCode.OTHER_PATIENT


def _opaque(choice: Choice, found: Sequence[Found], case_id: str, key: bytes) -> str:
    """HMAC of issuer and identifier. Somebody whom nobody names is a person of this case alone."""
    patient = choice.patient
    if patient.id == UNIDENTIFIED and not choice.people:
        return opaque_patient(key, f"case|{case_id}")
    number = normalise_identifier(patient.id)
    if patient.id in patient.names:
        return opaque_patient(key, f"name|{normalise_name(patient.id)}|{patient.birth_date or ''}")
    issuers = {item.header.issuer for item in found if item.header is not None and item.header.issuer
               and number in {normalise_identifier(text) for text in item.header.identity.ids[:1]}}
    return opaque_patient(key, f"{normalise_identifier(min(issuers, default=''))}|{number}")


def refusals(found: Sequence[Found]) -> tuple[Refusal, ...]:
    """Every file that is not read, and why; unsorted kinds that no tool reads included."""
    refused = []
    for item in found:
        why = item.why
        if why is None and item.file.kind not in TOOL_FOR_KIND and item.file.kind is not FileKind.MANIFEST:
            why = RefusalCode.UNSUPPORTED, "no tool reads this kind of file"
        if why is not None:
            refused.append(Refusal(file=item.file.path, code=why[0], reason=why[1]))
    return tuple(refused)


def _why_nothing(found: Sequence[Found]) -> str:
    refused = refusals(found)
    told = "; ".join(f"{item.file}: {item.reason}" for item in refused[:3])
    more = f"; and {len(refused) - 3} more" if len(refused) > 3 else ""
    return f"no file of the case can be used ({told or 'only case.yaml is there'}{more})"


def _warnings(found: Sequence[Found], manifest: Manifest) -> tuple[str, ...]:
    own = [item for item in found if not _is_others(item)]
    unknown = [f"case.yaml speaks of '{path}', which is not in the case"
               for path in manifest.unknown_paths(item.file.path for item in found)]
    said = [warning for item in own if item.why is None for warning in item.warnings]
    return (*unknown, *said, *_orders(own), *shared_instance_uids(own))


def _orders(found: Iterable[Found]) -> Iterator[str]:
    """A warning for every series whose descriptions give orders to a program and were left empty."""
    series: dict[str, list[str]] = defaultdict(list)
    for item in found:
        if item.why is None and item.header is not None and item.header.orders:
            series[item.header.series_uid].append(item.file.path)
    for paths in series.values():
        more = f" and {len(paths) - 1} more of its series" if len(paths) > 1 else ""
        yield f"{min(paths)}{more}: a description in the header gives orders to a program, so it was left out"
