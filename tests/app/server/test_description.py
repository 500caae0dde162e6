"""The server's description: every answer of words has an example, and every example is as its word says."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator


@pytest.fixture
def description(client: TestClient) -> dict:
    return client.get("/api/openapi.json").json()


def test_every_answer_of_words_has_an_example(description: dict) -> None:
    words = {content["schema"]["$ref"].rpartition("/")[2]
             for methods in description["paths"].values() for operation in methods.values()
             for status, answer in operation["responses"].items() if status.startswith("2")
             for kind, content in answer.get("content", {}).items() if kind == "application/json"}
    assert words > {"Report", "Answer", "CaseState"}
    assert not [name for name in words if not description["components"]["schemas"][name].get("examples")]


def test_examples_are_as_their_words_say(description: dict) -> None:
    schemas = description["components"]["schemas"]
    for name, schema in schemas.items():
        validator = Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}})
        for example in schema.get("examples", []):
            assert not [error.message for error in validator.iter_errors(example)], name


def test_whatever_takes_a_role_tells_that_it_may_be_refused(description: dict) -> None:
    silent = [f"{method} {path}" for path, methods in description["paths"].items()
              for method, operation in methods.items() if method != "get" and "403" not in operation["responses"]]
    assert silent == ["post /api/session"]
