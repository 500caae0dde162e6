"""Templates are filled completely or not at all."""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files

import pytest

from caseloom.prompts.loader import Template, digest, load_templates, parse_templates

_VARIANT = re.compile("(_by)?(_undated|_on|_one|_relative)?$")


def test_a_template_is_filled_and_braces_of_json_stay():
    template = Template("shape", 'Answer with {"name": "{{name}}", "box": [{{box}}]}.')
    assert template.placeholders == {"name", "box"}
    assert template.fill(name="lung", box="1, 2") == 'Answer with {"name": "lung", "box": [1, 2]}.'


def test_a_value_is_never_read_as_a_template():
    assert Template("t", "{{a}} and {{b}}").fill(a="{{b}}", b="\\1 text") == "{{b}} and \\1 text"


@pytest.mark.parametrize("values", [{}, {"a": "1"}, {"a": "1", "b": "2", "c": "3"}])
def test_a_missing_or_an_unused_value_is_an_error(values: dict[str, str]):
    with pytest.raises(ValueError, match="template 't'"):
        Template("t", "{{a}} {{b}}").fill(**values)


def test_headings_part_the_file_and_the_note_above_them_is_left_out():
    templates = parse_templates("A note.\n\n## one\n\nFirst\nline.\n\n## two\r\n\r\nSecond.\r\n")
    assert {key: template.text for key, template in templates.items()} == {"one": "First\nline.", "two": "Second."}


@pytest.mark.parametrize("markdown", ["no heading", "## a\n\n## b\n\ntext", "## a\n\nx\n\n## a\n\ny"])
def test_a_file_that_says_nothing_or_twice_is_an_error(markdown: str):
    with pytest.raises(ValueError, match="template"):
        parse_templates(markdown)


def test_the_digest_is_that_of_the_file():
    content = (files("caseloom.prompts") / "sentences.md").read_bytes()
    assert digest("sentences") == hashlib.sha256(content).hexdigest()


def test_an_unknown_file_is_an_error():
    with pytest.raises(FileNotFoundError):
        load_templates("there-is-no-such-file")


def test_every_sentence_template_is_used_by_the_composer():
    """A template that nothing fills is dead text, and its words would widen what verification lets through."""
    package = files("caseloom.agent")
    sources = "".join(file.read_text("utf-8") for file in package.iterdir() if file.name.endswith(".py"))
    named = set(re.findall(r"""["'](\w+)["']""", sources))
    unused = [key for key in load_templates("sentences") if not {key, re.sub(_VARIANT, "", key)} & named]
    assert unused == []
