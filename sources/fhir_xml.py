"""FHIR's XML form as the same plain dicts that its JSON form gives.

FHIR R4 section 2.6.1: a primitive is an element with a `value` attribute, an object one with children, a repeated
element a list, a resource inside a resource an element of its type. Which elements may repeat is not known here: a
single one stays single, and `fhir_fields` reads both forms alike. The narrative (xhtml) is left out.
"""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from .fhir_fields import Resource

NAMESPACE = "{http://hl7.org/fhir}"
DEEPEST = 60


def parse_xml(raw: bytes) -> Resource:
    """One FHIR resource from XML bytes.

    Raises:
        RefusedFile: CORRUPT for XML that is not well formed, declares entities or a DTD, or is nested deeper than
            any FHIR resource; UNKNOWN_FORMAT for XML that is not FHIR.
    """
    try:
        root = defusedxml.ElementTree.fromstring(raw, forbid_dtd=True)
    except DefusedXmlException as error:
        raise RefusedFile(RefusalCode.CORRUPT, "the XML declares a DTD or entities, which FHIR does not allow; "
                                               "export the record again") from error
    except (ParseError, ValueError, LookupError) as error:
        raise RefusedFile(RefusalCode.CORRUPT, "the XML is not well formed; export the record again") from error
    if not root.tag.startswith(NAMESPACE):
        raise RefusedFile(RefusalCode.UNKNOWN_FORMAT, "XML, but not FHIR: its root is outside http://hl7.org/fhir")
    return _resource(root, 0)


def _resource(element: Element, depth: int) -> Resource:
    return {"resourceType": element.tag.removeprefix(NAMESPACE), **_children(element, depth)}


def _children(element: Element, depth: int) -> Resource:
    if depth > DEEPEST:
        raise RefusedFile(RefusalCode.CORRUPT, "the XML is nested deeper than any FHIR resource")
    node: dict[str, Any] = {name: value for name, value in element.attrib.items() if name in {"id", "url"}}
    for child in element:
        if isinstance(child.tag, str) and child.tag.startswith(NAMESPACE):
            _add(node, child.tag.removeprefix(NAMESPACE), _value(child, depth + 1))
    return node


def _value(element: Element, depth: int) -> Any:
    inner = [child for child in element if isinstance(child.tag, str)]
    if len(inner) == 1 and inner[0].tag.removeprefix(NAMESPACE)[:1].isupper():
        return _resource(inner[0], depth)
    if "value" in element.attrib:
        return element.attrib["value"]
    return _children(element, depth)


def _add(node: dict[str, Any], name: str, value: Any) -> None:
    """Put a child in place; a second one of its name makes a list."""
    if name not in node:
        node[name] = value
    elif isinstance(node[name], list):
        node[name].append(value)
    else:
        node[name] = [node[name], value]
