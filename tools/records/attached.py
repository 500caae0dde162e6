"""Plain text inside resources: attached notes, and the conclusions of reports."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from ...sources.fhir_fields import Resource, clean, many, one, text_of
from ...sources.fhir_record import moment_of_resource
from .facts import Fact
from .statements import STANDINGS, statements_in

LONGEST = 20_000_000
"""Characters of base64 that are decoded."""


def attachments_of(resource: Resource) -> Iterator[tuple[str, Resource]]:
    """The documents inside a resource, with their FHIRPath."""
    kind = resource["resourceType"]
    for place, item in enumerate(many(resource, "presentedForm")):
        yield f"{kind}.presentedForm[{place}]", item
    for place, item in enumerate(many(resource, "content")):
        yield f"{kind}.content[{place}].attachment", one(item, "attachment")


def text_in(attachment: Resource) -> str | None:
    """The text of a plain text attachment; None for any other."""
    data = attachment.get("data")
    if not (text_of(attachment, "contentType") or "").startswith("text/plain") or not isinstance(data, str):
        return None
    try:
        return base64.b64decode("".join(data[:LONGEST].split()), validate=True).decode("utf-8", errors="replace")
    except (binascii.Error, ValueError):
        return None


def texts_of(resource: Resource) -> Iterator[tuple[str, str]]:
    """Every plain text inside a resource, with its FHIRPath."""
    conclusion = resource.get("conclusion")
    if resource["resourceType"] == "DiagnosticReport" and isinstance(conclusion, str):
        yield "DiagnosticReport.conclusion", conclusion
    for path, attachment in attachments_of(resource):
        if text := text_in(attachment):
            yield path, text


def stated_facts(resource: Resource, key: str) -> Iterator[Fact]:
    """What the texts inside a resource state, as facts of its date."""
    for path, text in texts_of(resource):
        for statement in statements_in(text).statements:
            status, assertion = STANDINGS[statement.stance]
            yield Fact(resource, key, path, statement.name, (status, assertion), moment_of_resource(resource),
                       words=clean(statement.passages[0].text))
