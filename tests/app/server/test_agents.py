"""The doors for other agents, asked with the SDK's own client: in this process, over HTTP, over a child's stdio."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path

import anyio
import pytest
from mcp import Client, MCPError, StdioServerParameters
from PIL import Image
from running_server import TOKEN, serving
from small_case import LAB

from caseloom.app.server.agents import make_agents_door
from caseloom.app.server.answer_pages import MOST_BYTES, paged, pages_of, small_picture, within
from caseloom.app.server.roles import Role
from caseloom.app.server.users import User, Users, token_digest

Asking = Callable[[Client], Awaitable[None]]


def text_of(result) -> str:
    assert not result.is_error, result.content[0].text
    text = result.content[0].text
    assert len(text.encode()) <= MOST_BYTES
    return text


@pytest.fixture
def ask(reviewed_home: tuple[Path, str], demo_parts: Path, tmp_path: Path):
    """Ask the doors of a server that holds the reviewed case, and its id."""
    shutil.copytree(reviewed_home[0], tmp_path / "home")
    running = serving(tmp_path / "home", roots=(demo_parts,))

    def with_client(asking: Asking) -> None:
        async def work() -> None:
            async with Client(make_agents_door(running.service, running.service.users.known[0])) as client:
                await asking(client)

        anyio.run(work)

    with running:
        yield with_client, reviewed_home[1]


def test_tools_and_resources_are_told(ask) -> None:
    with_client, _ = ask

    async def asking(client: Client) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"list_cases", "review_case", "ask_case", "search_timeline", "run_tool", "get_report"}
        assert all(tool.description for tool in tools.values())
        templates = (await client.list_resource_templates()).resource_templates
        assert {one.uri_template for one in templates} == {
            "caseloom://cases/{case}/report/{page}", "caseloom://cases/{case}/timeline/{page}",
            "caseloom://cases/{case}/evidence/{evidence}/picture"}

    with_client(asking)


def test_a_case_is_reviewed_asked_and_read(ask) -> None:
    with_client, case = ask
    told: list[str] = []

    async def heard(done: float, total: float | None, message: str | None) -> None:
        told.append(message or "")

    async def asking(client: Client) -> None:
        cases = json.loads(text_of(await client.call_tool("list_cases", {})))["items"]
        assert [one["id"] for one in cases] == [case]
        summary = json.loads(text_of(await client.call_tool("review_case", {"case": "small"}, progress_callback=heard)))
        assert (summary["case"], summary["status"], summary["interprets"]) == (case, "draft", False)
        answer = json.loads(text_of(await client.call_tool("ask_case", {
            "case": case, "question": "What was the hemoglobin in March 2025?"})))
        assert answer["status"] == "answered"
        assert "13.9" in answer["text"]
        labs = json.loads(text_of(await client.call_tool("search_timeline", {
            "case": case, "asked": {"analyte": "Hemoglobin"}})))
        assert {item["analyte"] for item in labs["items"]} == {"Hemoglobin"}
        first = text_of(await client.call_tool("get_report", {"case": case}))
        assert "DRAFT" in first
        pages = int(first.rstrip(")\n").rsplit(" ", 1)[1])
        read = await client.read_resource(f"caseloom://cases/{case}/report/{pages}")
        assert f"(page {pages} of {pages})" in read.contents[0].text
        beyond = await client.call_tool("get_report", {"case": case, "page": pages + 1})
        assert beyond.is_error
        assert f"there are {pages}" in beyond.content[0].text

    with_client(asking)


def test_a_tool_runs_and_reads_on(ask) -> None:
    with_client, case = ask

    async def asking(client: Client) -> None:
        given = {"case": case, "tool": "labs", "run": {"files": [LAB]}}
        first = json.loads(text_of(await client.call_tool("run_tool", given)))
        names = [item["finding"]["name"] for item in first["items"] if "finding" in item]
        for page in range(2, first["pages"] + 1):
            more = json.loads(text_of(await client.call_tool("run_tool", {**given, "page": page})))
            names += [item["finding"]["name"] for item in more["items"] if "finding" in item]
        assert "Hemoglobin" in names
        assert len(names) > 15

    with_client(asking)


def test_evidence_comes_as_a_small_picture(ask) -> None:
    with_client, case = ask

    async def asking(client: Client) -> None:
        cited = json.loads(text_of(await client.call_tool("ask_case", {
            "case": case, "question": "What was the hemoglobin in March 2025?"})))["evidence"]
        keys = [item["id"] for item in cited if item["file"] == LAB]
        read = await client.read_resource(f"caseloom://cases/{case}/evidence/{keys[0]}/picture")
        assert len(read.contents[0].blob) <= MOST_BYTES

    with_client(asking)


@pytest.mark.parametrize(("tool", "given", "said"), [
    ("get_report", {"case": "c-0000000000000000"}, "no such case"),
    ("get_report", {"case": "/etc"}, "does not lie under"),
    ("run_tool", {"case": "small", "tool": "labs", "run": {"files": ["../pictures"]}}, "no file of the case"),
    ("ask_case", {"case": "small", "question": ""}, "question"),
    ("search_timeline", {"case": "small", "asked": {"since": "soon"}}, "since"),
])
def test_what_cannot_be_done_is_told(ask, tool: str, given: dict, said: str) -> None:
    with_client, _ = ask

    async def asking(client: Client) -> None:
        result = await client.call_tool(tool, given)
        assert result.is_error
        assert said in result.content[0].text
        assert "\n" not in result.content[0].text

    with_client(asking)


@pytest.mark.parametrize(("what", "said"), [
    ("report/99", "no page 99"), ("timeline/99", "no page 99"), ("report/x", "count from 1"),
    ("evidence/E999/picture", "no picture")])
def test_a_resource_that_is_not_there_says_why(ask, what: str, said: str) -> None:
    with_client, case = ask

    async def asking(client: Client) -> None:
        with pytest.raises(MCPError, match=said):
            await client.read_resource(f"caseloom://cases/{case}/{what}")

    with_client(asking)


def test_over_stdio_the_tools_answer(reviewed_home: tuple[Path, str], demo_parts: Path, tmp_path: Path) -> None:
    shutil.copytree(reviewed_home[0], tmp_path / "home")
    server = StdioServerParameters(command=sys.executable, args=["-m", "caseloom", "mcp", "--root", str(demo_parts)],
                                   env={**os.environ, "CASELOOM_HOME": str(tmp_path / "home")})

    async def work() -> None:
        async with Client(server) as client:
            cases = json.loads(text_of(await client.call_tool("list_cases", {})))["items"]
            assert [one["id"] for one in cases] == [reviewed_home[1]]

    anyio.run(work)


def test_over_http_the_same_rules_hold(reviewed_home: tuple[Path, str], demo_parts: Path, tmp_path: Path) -> None:
    shutil.copytree(reviewed_home[0], tmp_path / "home")
    users = Users((User(name="vera", role=Role.VIEWER, token_sha256=token_digest(TOKEN)),))
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_cases", "arguments": {}}}
    headers = {"Accept": "application/json, text/event-stream"}
    with serving(tmp_path / "home", users, roots=(demo_parts,)) as client:
        assert client.post("/mcp", json=call, headers={**headers, "Authorization": ""}).status_code == 401
        assert client.post("/mcp", json=call, headers={**headers, "Authorization": "Bearer x"}).status_code == 401
        answer = client.post("/mcp", json=call, headers=headers)
        assert answer.status_code == 200
        assert '\\"items\\": []' in answer.text  # the case is somebody else's
        call["params"] = {"name": "review_case", "arguments": {"case": reviewed_home[1]}}
        assert "takes the role reader" in client.post("/mcp", json=call, headers=headers).text


def test_pages_hold_everything_and_no_more_than_they_may() -> None:
    rows = [{"n": n, "text": "ü" * (n * 37 % 900)} for n in range(200)]
    count = json.loads(paged(rows, 1))["pages"]
    pages = [paged(rows, page) for page in range(1, count + 1)]
    assert [row["n"] for page in pages for row in json.loads(page)["items"]] == list(range(200))
    assert max(len(page.encode()) for page in pages) <= MOST_BYTES
    assert "".join(piece for page in pages_of(["é" * 50_000]) for piece in page) == "é" * 50_000
    assert json.loads(within(json.dumps({"text": "ü" * 50_000})))["cut"]


def test_a_large_picture_is_made_to_fit() -> None:
    noise = Image.effect_noise((1500, 900), 100)
    out = BytesIO()
    noise.save(out, "PNG")
    assert len(small_picture(out.getvalue())) * 4 / 3 <= MOST_BYTES
