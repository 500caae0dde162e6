"""Health records: FHIR R4 as JSON, NDJSON or XML, read tolerantly into plain resources."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from ..core.errors import RefusedFile
from ..core.ids import digest
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .fhir_fields import Decimal, Resource, many, moment_of, one, text_of
from .fhir_keep import slimmed
from .fhir_record import Record
from .fhir_xml import parse_xml
from .json_stream import JsonText, open_text

DEEPEST_BUNDLE = 5


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
