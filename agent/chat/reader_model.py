"""A caseloom reader (MedGemma) as a chat model: one turn that holds the whole state, one JSON object in return."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ...core.case import Identity
from ...prompts.loader import load_templates
from ...readers.expect import Json
from ...readers.protocol import Reader
from ...readers.recipes.plain import plain, plain_block
from ...readers.request import Request
from ...tools.blanking import blank_text

TOOL, RECIPE, MOST_TOKENS = "chat", "chat/1", 1200
MOST_LINES = 20
PAST_TURNS = 4
"""Earlier questions in a turn: the model is not evaluated for conversations (model card)."""


class Wanted(BaseModel):
    """A tool to call; its arguments are judged by the tool, which says what is wrong with them."""

    model_config = ConfigDict(extra="forbid")

    tool: str
    arguments: dict[str, Any]


class Move(BaseModel):
    """What the model does: call a tool, or answer."""

    model_config = ConfigDict(extra="forbid")

    call: Wanted | None = None
    answer: Annotated[list[str], Field(max_length=MOST_LINES)] | None = None


@dataclass(frozen=True)
class Moves:
    """The `Expect` of a move: decoding is held to the arguments of each tool, what comes is read more tolerantly, since
    a server may not hold its model to a schema.

    Args:
        tools: name, description and JSON schema of the parameters of each tool, as JSON.
    """

    tools: tuple[str, ...]

    @property
    def schema(self) -> dict[str, Any]:
        """One object: a call of one tool with this tool's own arguments, or an answer."""
        calls = [_closed(tool={"const": tool["name"]}, arguments=tool["parameters"] | {"additionalProperties": False})
                 for tool in map(json.loads, self.tools)]
        lines = {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": MOST_LINES}
        return {"anyOf": [*([_closed(call={"anyOf": calls})] if calls else []), _closed(answer=lines)]}

    def parse(self, answer: str, *, cut_off: bool = False) -> Move:
        """The move. See `Expect.parse`."""
        return Json(TypeAdapter(Move)).parse(answer, cut_off=cut_off)

    def describe(self) -> list[Any]:
        """The kind and the schema."""
        return ["json", self.schema]


def _closed(**properties: Any) -> dict[str, Any]:
    """An object with exactly these properties."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


class ReaderChatModel(BaseChatModel):
    """Drives the chat through a reader, which has no tool calls of its own.

    Args:
        reader: that interprets.
        scope: opaque patient.
        people: whose names, numbers and birth dates are blanked in all that the reader sees.
        tools: JSON schemas of the tools, set by `bind_tools`.
    """

    reader: Any
    scope: str
    people: tuple[Identity, ...] = ()
    tools: tuple[str, ...] = ()

    @property
    def _llm_type(self) -> str:
        return "caseloom-reader"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> ReaderChatModel:
        """The same model, told of the tools."""
        schemas = (convert_to_openai_tool(tool)["function"] for tool in tools)
        return self.model_copy(update={"tools": tuple(json.dumps(schema, sort_keys=True) for schema in schemas)})

    def request(self, messages: Sequence[BaseMessage]) -> Request[Move]:
        """The one turn that stands for all messages."""
        words = blank_text(rendered(messages, self.tools), self.people)
        return Request(TOOL, RECIPE, (words,), Moves(self.tools), self.scope, MOST_TOKENS)

    def _generate(self, messages: list[BaseMessage], stop: list[str] | None = None,
                  run_manager: CallbackManagerForLLMRun | None = None, **kwargs: Any) -> ChatResult:
        reader: Reader = self.reader
        reading = reader.read([self.request(messages)])[0]
        return ChatResult(generations=[ChatGeneration(message=_message(reading.value, len(messages)))])


def rendered(messages: Sequence[BaseMessage], tools: Sequence[str]) -> str:
    """All messages as one turn of text; what was asked, answered and found is made plain, as data is."""
    texts = load_templates("chat")
    at = max(n for n, message in enumerate(messages) if isinstance(message, HumanMessage))
    past = [message for message in messages[:at] if isinstance(message, HumanMessage | AIMessage) and message.content]
    pairs = list(zip(past[::2], past[1::2], strict=False))[-PAST_TURNS:]
    history = "\n".join(texts["turn_past"].fill(question=plain(str(asked.content)), answer=plain(str(said.content)))
                        for asked, said in pairs)
    calls: dict[str | None, dict[str, Any]] = {
        call["id"]: dict(call) for message in messages[at:] if isinstance(message, AIMessage)
        for call in message.tool_calls}
    results = "\n".join(texts["turn_result"].fill(
        tool=str(calls[message.tool_call_id]["name"]) if message.tool_call_id in calls else "tool",
        arguments=plain(json.dumps(calls.get(message.tool_call_id, {}).get("args", {}), sort_keys=True)),
        text=plain_block(str(message.content))) for message in messages[at:] if isinstance(message, ToolMessage))
    none = texts["turn_none"].text
    return texts["turn"].fill(system=texts["system"].text, tools="\n".join(tools), history=history or none,
                              question=plain(str(messages[at].content)), results=results or none)


def _message(move: Move | None, number: int) -> AIMessage:
    """An unreadable move is an empty answer, which the chat says."""
    if move is not None and move.call is not None:
        return AIMessage(content="", tool_calls=[{"name": move.call.tool, "args": move.call.arguments,
                                                  "id": f"call-{number}"}])
    return AIMessage(content="\n".join(move.answer or ()) if move is not None else "")
