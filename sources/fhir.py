"""Health records: FHIR R4 as JSON, NDJSON or XML, read tolerantly into plain resources."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from ..core.case import Identity
from ..core.errors import RefusedFile
from ..core.ids import canonical_json
from ..core.moments import moment_key
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .fhir_fields import Decimal, Resource, many, moment_of, one, text_of, texts
from .fhir_xml import parse_xml

SUBJECTS = ("subject", "patient")
DATES = ("effectiveDateTime", "effectiveInstant", "performedDateTime", "occurrenceDateTime", "onsetDateTime",
         "authoredOn", "dateAsserted", "recordedDate", "started", "issued", "date", "recorded")
PERIODS = ("effectivePeriod", "performedPeriod", "occurrencePeriod", "onsetPeriod", "period")
DEEPEST_BUNDLE = 5


class Record:
    """The resources of one file, found by type and by reference.

    Args:
        resources: the resources in file order, each a dict with a `resourceType`.
        urls: the `fullUrl` of each, or None.
        warnings: what a person should know about how it was read, without names.
    """

    def __init__(self, resources: Sequence[Resource], urls: Sequence[str | None],
                 warnings: tuple[str, ...] = ()) -> None:
        self.resources = tuple(resources)
        self.warnings = warnings
        self._by_reference: dict[str, Resource | None] = {}
        for resource, url in zip(resources, urls, strict=True):
            for key in _keys(resource, url):
                known = self._by_reference.get(key, resource)
                self._by_reference[key] = resource if known is resource else None

    def of_type(self, *types: str) -> Iterator[Resource]:
        """The resources of these types, in file order."""
        return (resource for resource in self.resources if resource["resourceType"] in types)

    def resolve(self, reference: Resource, within: Resource | None = None) -> Resource | None:
        """The resource a Reference points at; None when it is not here or two different ones answer to it.

        Args:
            reference: the Reference element.
            within: the resource that holds the reference, for `#contained` ones.
        """
        target = text_of(reference, "reference")
        if not target:
            return None
        if target.startswith("#"):
            inner = many(within, "contained") if within is not None else []
            return next((item for item in inner if text_of(item, "id") == target[1:]), None)
        target = target.split("/_history/")[0]
        if target in self._by_reference:
            return self._by_reference[target]
        return self._by_reference.get("/".join(target.split("/")[-2:])) if "://" in target else None

    def subject(self, resource: Resource) -> Identity:
        """Which person a resource is about; empty when it does not say, or is about no person."""
        if resource["resourceType"] == "Patient":
            return identity_of(resource)
        reference = subject_reference(resource)
        patient = self.resolve(reference, resource)
        if patient is not None:
            return identity_of(patient) if patient.get("resourceType") == "Patient" else Identity()
        kind, key = target_of(reference)
        if kind not in {"", "Patient"}:
            return Identity()
        ids = (key, text_of(one(reference, "identifier"), "value"))
        return Identity(ids=tuple(text for text in ids if text), names=tuple(texts(reference, "display")))

    def is_about_a_thing(self, resource: Resource) -> bool:
        """Whether its subject is a group, a device, a place: anything but a person."""
        reference = subject_reference(resource)
        target = self.resolve(reference, resource)
        kind = target["resourceType"] if target and "resourceType" in target else target_of(reference)[0]
        return kind not in {"", "Patient"}

    def identities(self) -> tuple[Identity, ...]:
        """Everybody the file is about, in file order without repeats: patients, and subjects it only refers to."""
        people = (self.subject(resource) for resource in self.resources)
        return tuple(dict.fromkeys(who for who in people if not who.is_empty))

    @property
    def date(self) -> str | None:
        """When the newest dated thing in it took place, as precise as written; None when nothing is dated."""
        moments = [moment for resource in self.resources if (moment := moment_of_resource(resource))]
        return max(moments, key=moment_key, default=None)


def subject_reference(resource: Resource) -> Resource:
    """The Reference that says whom a resource is about, empty when there is none."""
    return next((one(resource, name) for name in SUBJECTS if one(resource, name)), {})


def target_of(reference: Resource) -> tuple[str, str]:
    """Type and id that a Reference names in its text; the type is empty where it does not tell (`urn:uuid:`, `#`)."""
    target = (text_of(reference, "reference") or "").split("/_history/")[0]
    front, _, key = target.rpartition("/")
    kind = text_of(reference, "type") or front.rpartition("/")[2]
    return kind, key.removeprefix("urn:uuid:").removeprefix("#")


def identity_of(patient: Resource) -> Identity:
    """Who a Patient resource is: identifier values and resource id, every name, the birth date."""
    numbers = [text_of(identifier, "value") for identifier in many(patient, "identifier")]
    ids = dict.fromkeys(text for text in (*numbers, text_of(patient, "id")) if text)
    names = dict.fromkeys(form for name in many(patient, "name") for form in _name_forms(name))
    return Identity(ids=tuple(ids), names=tuple(names), birth_date=moment_of(patient, "birthDate"))


def moment_of_resource(resource: Resource) -> str | None:
    """When what a resource tells took place (its start, for a period), else when it was written down."""
    moments = [moment_of(resource, name) for name in DATES[:5]]
    moments += [moment_of(one(resource, name), end) for name in PERIODS for end in ("start", "end")]
    moments += [moment_of(resource, name) for name in DATES[5:]]
    return next((moment for moment in moments if moment), None)


def read_record(path: Path, limits: Limits) -> Record:
    """Read a FHIR file: a Bundle, NDJSON, or a single resource, as JSON or XML.

    Raises:
        RefusedFile: EMPTY, TOO_LARGE, CORRUPT (broken JSON or XML), UNKNOWN_FORMAT (not FHIR).
    """
    raw = _read(path, limits)
    start = raw.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1]
    warnings: list[str] = []
    tops = [parse_xml(raw)] if start == b"<" else _parse_json(raw, warnings)
    entries = [entry for top in tops for entry in _flatten(top, None, 0)]
    if not entries and not any(top.get("resourceType") for top in tops):
        raise RefusedFile(RefusalCode.UNKNOWN_FORMAT, "JSON, but not FHIR: nothing in it has a resourceType")
    newest = _newest(entries)
    if len(newest) < len(entries):
        warnings.append(f"{len(entries) - len(newest)} repeated or older versions of resources were left out")
    return Record([resource for resource, _ in newest], [url for _, url in newest], tuple(warnings))


def _read(path: Path, limits: Limits) -> bytes:
    try:
        size = path.stat().st_size
        if size > limits.max_record_bytes:
            raise RefusedFile(RefusalCode.TOO_LARGE, f"{size / 2**20:.0f} MiB, over the limit of "
                                                     f"{limits.max_record_bytes / 2**20:.0f} MiB for a record")
        raw = path.read_bytes()
    except OSError as error:
        raise RefusedFile(RefusalCode.CORRUPT, f"the file cannot be read ({error.strerror})") from error
    if not raw.strip(b"\xef\xbb\xbf \t\r\n\x00"):
        raise RefusedFile(RefusalCode.EMPTY, "the file is empty")
    return raw


def _parse_json(raw: bytes, warnings: list[str]) -> list[Resource]:
    """The top-level objects of a JSON document, a JSON array or NDJSON."""
    try:
        text = raw.decode(json.detect_encoding(raw))
    except UnicodeDecodeError as error:
        raise RefusedFile(RefusalCode.CORRUPT, "the text is not valid Unicode; export the record again") from error
    try:
        value = _load(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            return _parse_lines(text.split("\n"), warnings)
        raise RefusedFile(RefusalCode.CORRUPT, f"broken JSON at line {error.lineno}, column {error.colno}; "
                                               "export the record again") from error
    except (ValueError, RecursionError) as error:
        raise RefusedFile(RefusalCode.CORRUPT, "the JSON holds numbers or nesting that no FHIR resource has") from error
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]


def _parse_lines(lines: Iterable[str], warnings: list[str]) -> list[Resource]:
    good: list[Resource] = []
    bad: list[int] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = _load(line)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            good.append(value)
        else:
            bad.append(number)
    if not good:
        raise RefusedFile(RefusalCode.CORRUPT, "neither JSON nor NDJSON: no line of it can be read")
    if bad:
        shown = ", ".join(map(str, bad[:5])) + (" ..." if len(bad) > 5 else "")
        warnings.append(f"{len(bad)} lines of NDJSON could not be read (line {shown})")
    return good


def _load(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _flatten(top: Resource, url: str | None, depth: int) -> Iterator[tuple[Resource, str | None]]:
    """The resources of a Bundle, also of Bundles in it, or the single resource itself."""
    if depth > DEEPEST_BUNDLE or not isinstance(top.get("resourceType"), str):
        return
    if top["resourceType"] != "Bundle":
        yield top, url
        return
    for entry in many(top, "entry"):
        yield from _flatten(one(entry, "resource"), text_of(entry, "fullUrl"), depth + 1)


def _newest(entries: Sequence[tuple[Resource, str | None]]) -> list[tuple[Resource, str | None]]:
    """One version of each resource: that updated last, else the last in the file. Without an id, equal content."""
    chosen: dict[str, tuple[str, Resource, str | None]] = {}
    for resource, url in entries:
        name = text_of(resource, "id")
        key = url or (f"{resource['resourceType']}/{name}" if name else canonical_json(resource))
        updated = moment_of(one(resource, "meta"), "lastUpdated") or ""
        if key not in chosen or updated >= chosen[key][0]:
            chosen[key] = (updated, resource, url)
    return [(resource, url) for _, resource, url in chosen.values()]


def _keys(resource: Resource, url: str | None) -> Iterator[str]:
    name = text_of(resource, "id")
    keys = {url, url.split("/_history/")[0] if url else None,
            f"{resource['resourceType']}/{name}" if name else None, f"urn:uuid:{name}" if name else None}
    return (key for key in sorted(key for key in keys if key))


def _name_forms(name: Resource) -> Iterator[str]:
    """A HumanName as text and as given and family name."""
    yield from texts(name, "text")
    parts = [*texts(name, "given"), *texts(name, "family")]
    if parts:
        yield " ".join(parts)
