"""Templates in Markdown files: one heading, one text, and every placeholder accounted for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

_HEADING = re.compile(r"^## (\S+)[ \t]*$", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class Template:
    """One text with placeholders written `{{name}}`; single braces, as in JSON, are ordinary characters.

    Args:
        key: the heading it stands under.
        text: the text, without white space around it.
    """

    key: str
    text: str

    @property
    def placeholders(self) -> frozenset[str]:
        """Names of the values that `fill` needs."""
        return frozenset(_PLACEHOLDER.findall(self.text))

    def fill(self, **values: str) -> str:
        """The text with every placeholder replaced; a value is inserted as it is and never read as a template.

        Raises:
            ValueError: a placeholder has no value, or a value has no placeholder.
        """
        missing = sorted(self.placeholders - values.keys())
        unused = sorted(values.keys() - self.placeholders)
        if missing or unused:
            raise ValueError(f"template {self.key!r}: missing values {missing}, unused values {unused}")
        return _PLACEHOLDER.sub(lambda match: values[match.group(1)], self.text)


@cache
def load_templates(name: str) -> Mapping[str, Template]:
    """The templates of `prompts/NAME.md`: text above the first `## key` heading is a note to the reader of the file.

    Raises:
        ValueError: the file has no heading, repeats one, or leaves one without text.
        FileNotFoundError: there is no such file.
    """
    return MappingProxyType(parse_templates(_bytes(name).decode("utf-8")))


def parse_templates(markdown: str) -> dict[str, Template]:
    """Templates by key, in the file's order. See `load_templates`."""
    _, *parts = _HEADING.split(markdown.replace("\r\n", "\n"))
    templates: dict[str, Template] = {}
    for key, body in zip(parts[::2], parts[1::2], strict=True):
        if key in templates or not body.strip():
            raise ValueError(f"template {key!r} stands twice or has no text")
        templates[key] = Template(key, body.strip())
    if not templates:
        raise ValueError("no '## key' heading in the template file")
    return templates


def digest(name: str) -> str:
    """SHA-256 of `prompts/NAME.md` as 64 hex digits, for the report's provenance."""
    return hashlib.sha256(_bytes(name)).hexdigest()


def names() -> tuple[str, ...]:
    """Names of all template files, sorted."""
    return tuple(sorted(file.name.removesuffix(".md") for file in files(__package__).iterdir()
                        if file.name.endswith(".md")))


def _bytes(name: str) -> bytes:
    return (files(__package__) / f"{name}.md").read_bytes()
