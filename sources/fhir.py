"""Health records: FHIR R4 as JSON, NDJSON or XML, read tolerantly into plain resources."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from ..core.case import Identity
from ..core.errors import RefusedFile
from ..core.ids import digest
from ..core.moments import moment_key
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .fhir_fields import Decimal, Resource, many, moment_of, one, text_of, texts
from .fhir_keep import DATES, PERIODS, SUBJECTS, slimmed
from .fhir_xml import parse_xml
from .json_stream import JsonText, open_text

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
        self._people: dict[int, Identity] = {}
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
            return self._person(resource)
        reference = subject_reference(resource)
        patient = self.resolve(reference, resource)
        if patient is not None:
            return self._person(patient) if patient.get("resourceType") == "Patient" else Identity()
        kind, key = target_of(reference)
        if kind not in {"", "Patient"}:
            return Identity()
        ids = (key, text_of(one(reference, "identifier"), "value"))
        return Identity(ids=tuple(text for text in ids if text), names=tuple(texts(reference, "display")))

    def _person(self, patient: Resource) -> Identity:
        """Who a Patient resource of this record is, worked out once."""
        if id(patient) not in self._people:
            self._people[id(patient)] = identity_of(patient)
        return self._people[id(patient)]

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

    JSON is read resource by resource, and of each only what is used is kept (see `slimmed`), so that memory follows
    the number of resources and not the length of the file. XML is read as a whole.

    Raises:
        RefusedFile: EMPTY, TOO_LARGE, CORRUPT (broken JSON or XML), UNKNOWN_FORMAT (not FHIR).
    """
    warnings: list[str] = []
    start = _opening(path, limits)
    tops = [parse_xml(path.read_bytes())] if start == b"<" else _json_tops(path, warnings)
    newest = _Newest()
    seen = any_fhir = False
    for top, url in tops if isinstance(tops, Iterator) else ((top, None) for top in tops):
        seen = True
        any_fhir = any_fhir or isinstance(top.get("resourceType"), str)
        for resource, address in _flatten(top, url, 0):
            newest.add(resource, address)
    if not seen or not any_fhir:
        raise RefusedFile(RefusalCode.UNKNOWN_FORMAT, "JSON, but not FHIR: nothing in it has a resourceType")
    if newest.repeated:
        warnings.append(f"{newest.repeated} repeated or older versions of resources were left out")
    return Record(newest.resources, newest.urls, tuple(warnings))


class _Newest:
    """One version of each resource: that updated last, else the last in the file. Without an id, equal content."""

    def __init__(self) -> None:
        self._chosen: dict[str, tuple[str, Resource, str | None]] = {}
        self._words: dict[str, str] = {}
        self.repeated = 0

    def add(self, resource: Resource, url: str | None) -> None:
        """Take up a resource, or leave it out as an older version."""
        name = text_of(resource, "id")
        key = url or (f"{resource['resourceType']}/{name}" if name else digest(resource))
        updated = moment_of(one(resource, "meta"), "lastUpdated") or ""
        self.repeated += key in self._chosen
        if key not in self._chosen or updated >= self._chosen[key][0]:
            self._chosen[key] = (updated, slimmed(resource, words=self._words), url)

    @property
    def resources(self) -> list[Resource]:
        """In file order."""
        return [resource for _, resource, _ in self._chosen.values()]

    @property
    def urls(self) -> list[str | None]:
        """The `fullUrl` of each."""
        return [url for _, _, url in self._chosen.values()]


def _opening(path: Path, limits: Limits) -> bytes:
    """The first byte that is no white space or byte order mark."""
    try:
        size = path.stat().st_size
        if size > limits.max_record_bytes:
            raise RefusedFile(RefusalCode.TOO_LARGE, f"{size / 2**20:.0f} MiB, over the limit of "
                                                     f"{limits.max_record_bytes / 2**20:.0f} MiB for a record")
        with path.open("rb") as file:
            while chunk := file.read(4096):
                if start := chunk.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1]:
                    return start
    except OSError as error:
        raise RefusedFile(RefusalCode.CORRUPT, f"the file cannot be read ({error.strerror})") from error
    raise RefusedFile(RefusalCode.EMPTY, "the file is empty")


def _json_tops(path: Path, warnings: list[str]) -> Iterator[tuple[Resource, str | None]]:
    """The resources of a JSON document, a JSON array or NDJSON with their `fullUrl`; those of a Bundle one by one."""
    with open_text(path) as file:
        text = JsonText(file, _DECODER.raw_decode)
        try:
            yield from _first(text)
            if text.peek():
                yield from _lines(text, warnings)
        except UnicodeDecodeError as error:
            raise RefusedFile(RefusalCode.CORRUPT, "the text is not valid Unicode; export the record again") from error
        except json.JSONDecodeError as error:
            raise RefusedFile(RefusalCode.CORRUPT, f"broken JSON at line {error.lineno}, column {error.colno}; "
                                                   "export the record again") from error
        except (ValueError, RecursionError) as error:
            raise RefusedFile(RefusalCode.CORRUPT,
                              "the JSON holds numbers or nesting that no FHIR resource has") from error


def _first(text: JsonText) -> Iterator[tuple[Resource, str | None]]:
    """The first value of a file: an array's elements, a Bundle's entries, or an object."""
    if text.peek() == "[":
        yield from ((item, None) for item in text.elements() if isinstance(item, dict))
        return
    if text.peek() != "{":
        text.value()
        return
    top: Resource = {}
    text.expect("{")
    while not text.take("}"):
        if top:
            text.expect(",")
        name = text.value()
        text.expect(":")
        if name == "entry" and text.peek() == "[" and top.get("resourceType", "Bundle") == "Bundle":
            top["entry"] = []
            yield from _entries(text, top)
        else:
            top[name] = text.value()
    if top["entry"] if top.get("resourceType") == "Bundle" and "entry" in top else top:
        yield top, None
    elif top.get("resourceType") == "Bundle":
        yield {"resourceType": "Bundle"}, None


def _entries(text: JsonText, top: Resource) -> Iterator[tuple[Resource, str | None]]:
    """The resources of a Bundle's entries; what is no entry of a Bundle stays with its object."""
    for item in text.elements():
        if isinstance(item, dict) and isinstance(item.get("resource"), dict):
            yield item["resource"], text_of(item, "fullUrl")
        elif top.get("resourceType") != "Bundle":
            top["entry"].append(item)


def _lines(text: JsonText, warnings: list[str]) -> Iterator[tuple[Resource, str | None]]:
    """The objects of the lines that follow; lines that cannot be read are counted in a warning."""
    bad: list[int] = []
    number = text.line
    while (line := text.rest_of_line()) is not None:
        if line.strip():
            try:
                value = json.loads(line, parse_float=Decimal, parse_constant=_refuse_constant)
            except (ValueError, RecursionError):
                value = None
            if isinstance(value, dict):
                yield value, None
            else:
                bad.append(number)
        number += 1
    if bad:
        shown = ", ".join(map(str, bad[:5])) + (" ..." if len(bad) > 5 else "")
        warnings.append(f"{len(bad)} lines of NDJSON could not be read (line {shown})")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)


def _flatten(top: Resource, url: str | None, depth: int) -> Iterator[tuple[Resource, str | None]]:
    """The resources of a Bundle, also of Bundles in it, or the single resource itself."""
    if depth > DEEPEST_BUNDLE or not isinstance(top.get("resourceType"), str):
        return
    if top["resourceType"] != "Bundle":
        yield top, url
        return
    for entry in many(top, "entry"):
        yield from _flatten(one(entry, "resource"), text_of(entry, "fullUrl"), depth + 1)


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
