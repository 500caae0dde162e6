"""The chat graph: a model that calls tools, in a loop with limits. Wiring, and what each step does."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, AnyMessage, ToolCall, ToolMessage
from langchain_core.tools import BaseTool, StructuredTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from pydantic import ValidationError

from .patience import TimeUp, within

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph


@dataclass(frozen=True)
class Doing:
    """A tool that begins, with what it was given."""

    tool: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Written:
    """A piece of what a model writes, as it comes: nothing of it is checked, and all of it may be left out."""

    text: str


Event = Doing | Written


@dataclass(frozen=True)
class ChatLimits:
    """How far one question may go.

    Args:
        steps: times that the model is asked.
        calls: tools that are called.
        tokens: of one prompt, the tools' schemas included, counted as characters / 4; older turns and then longer
            results give way.
        seconds: of the whole question; a model or a tool that is still at work then is not waited for.
    """

    steps: int = 8
    calls: int = 12
    tokens: int = 16_000
    seconds: float = 600.0


class ChatState(TypedDict, total=False):
    """Channels of one turn."""

    messages: Annotated[list[AnyMessage], add_messages]
    steps: int
    calls: int
    stopped: str
    """Which limit ended the turn, one sentence."""


MALFORMED = "malformed"
"""Argument that stands for arguments which could not be parsed."""
CHARACTERS_PER_TOKEN = 4
OVER = "The question was not answered within the limit of {limit}."
LEFT = "{tool} was still at work; what it gives is not used."


def make_chat_graph(model: BaseChatModel, tools: Sequence[BaseTool], limits: ChatLimits,
                    clock: Callable[[], float] = time.monotonic, watch: Callable[[Event], None] | None = None
                    ) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The graph of one turn: `think` until the model answers or a limit is met, `act` between.

    Args:
        model: with native tool calls, or one of ours.
        tools: that it may call.
        limits: of the turn.
        clock: seconds.
        watch: told of every tool that begins and of every piece that the model writes, on another thread.
    """
    turn = _Turn(model.bind_tools(tools), tools, limits, clock, watch)
    graph = StateGraph(ChatState)
    graph.add_node("think", turn.think)
    graph.add_node("act", turn.act)
    graph.add_edge(START, "think")
    graph.add_conditional_edges("think", _after_thinking, ["act", END])
    graph.add_conditional_edges("act", lambda state: END if state.get("stopped") else "think", ["think", END])
    return graph.compile()


class _Turn:
    """What the two nodes do, within the limits of one turn that begins now; the arguments are those of the graph."""

    def __init__(self, bound: Any, tools: Sequence[BaseTool], limits: ChatLimits, clock: Callable[[], float],
                 watch: Callable[[Event], None] | None) -> None:
        self._bound, self._limits, self._clock, self._watch = bound, limits, clock, watch
        self._tools = {tool.name: tool for tool in tools}
        self._room = limits.tokens - schema_tokens(tools)
        self._end = clock() + limits.seconds
        self._late = OVER.format(limit=f"{limits.seconds:g} seconds")

    def think(self, state: ChatState) -> ChatState:
        """The model is asked."""
        step = state.get("steps", 0)
        if step >= self._limits.steps:
            return {"stopped": OVER.format(limit=f"{self._limits.steps} steps")}
        prompt = fitted(state["messages"], self._room)
        if _size(prompt) > self._room * CHARACTERS_PER_TOKEN:
            return {"stopped": OVER.format(limit=f"{self._limits.tokens} tokens")}
        try:
            answer = within(self._left, lambda: _asked(self._bound, prompt, self._watch))
        except TimeUp:
            return {"stopped": self._late}
        return {"messages": [answer], "steps": step + 1}

    def act(self, state: ChatState) -> ChatState:
        """The tools that it wants are called."""
        wanted = _last(state).tool_calls
        done = state.get("calls", 0)
        if done + len(wanted) > self._limits.calls:
            return {"stopped": OVER.format(limit=f"{self._limits.calls} tool calls")}
        messages: list[AnyMessage] = []
        for call in wanted:
            if self._watch is not None:
                self._watch(Doing(call["name"], call["args"]))
            try:
                messages.append(within(self._left, partial(call_tool, call, self._tools)))
            except TimeUp:
                return {"messages": messages, "stopped": f"{self._late} {LEFT.format(tool=call['name'])}"}
        return {"messages": messages, "calls": done + len(wanted)}

    @property
    def _left(self) -> float:
        """Seconds of the turn that are left."""
        return self._end - self._clock()


def schema_tokens(tools: Sequence[BaseTool]) -> int:
    """What the tools' names, descriptions and parameters take of every prompt, counted as `ChatLimits.tokens` is."""
    return -(-sum(map(_schema_length, tools)) // CHARACTERS_PER_TOKEN)


def _schema_length(tool: BaseTool) -> int:
    """Characters of a tool as a model is told of it."""
    if isinstance(tool.args_schema, type):
        return _length_of(tool.name, tool.description, tool.args_schema)
    return len(json.dumps(convert_to_openai_tool(tool)["function"]))


@cache
def _length_of(name: str, description: str, arguments: type) -> int:
    """The same in every turn, and slow to write down."""
    shown = StructuredTool(name=name, description=description, args_schema=arguments)
    return len(json.dumps(convert_to_openai_tool(shown)["function"]))


def _asked(model: Any, messages: Sequence[AnyMessage], watch: Callable[[Event], None] | None) -> AIMessage:
    answer = model.invoke(list(messages)) if watch is None else _heard(model, messages, watch)
    malformed = [{"name": call["name"] or "unknown", "args": {MALFORMED: call["args"]}, "id": call["id"] or "call"}
                 for call in answer.invalid_tool_calls]
    if malformed:
        return AIMessage(content=answer.content, tool_calls=[*answer.tool_calls, *malformed])
    return AIMessage(content=answer.content, tool_calls=answer.tool_calls,
                     additional_kwargs=dict(answer.additional_kwargs))


def _heard(model: Any, messages: Sequence[AnyMessage], watch: Callable[[Event], None]) -> AIMessage:
    """The whole answer, each piece told as it comes; a model that does not stream gives no pieces."""
    whole: Any = None
    for piece in model.stream(list(messages)):
        if isinstance(piece, AIMessageChunk) and piece.text:
            watch(Written(str(piece.text)))
        whole = piece if whole is None else whole + piece
    return whole if isinstance(whole, AIMessage) else AIMessage(content="")


def call_tool(call: ToolCall, tools: Mapping[str, BaseTool]) -> ToolMessage:
    """The result of one call; one that is malformed gives the model the reason, and never reaches a tool."""
    tool = tools.get(call["name"])
    if tool is None:
        return _refused(call, f"There is no tool {call['name']!r}; the tools are {', '.join(tools)}.")
    if MALFORMED in call["args"]:
        return _refused(call, "The arguments are no JSON object.")
    try:
        message: ToolMessage = tool.invoke({**call, "type": "tool_call"})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        return _refused(call, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    return message


def _refused(call: ToolCall, reason: str) -> ToolMessage:
    return ToolMessage(content=reason, tool_call_id=call["id"] or "call", name=call["name"], status="error")


def _after_thinking(state: ChatState) -> str:
    return "act" if not state.get("stopped") and _last(state).tool_calls else END


def _last(state: ChatState) -> AIMessage:
    message = state["messages"][-1]
    return message if isinstance(message, AIMessage) else AIMessage(content="")


def fitted(messages: Sequence[AnyMessage], tokens: int) -> list[AnyMessage]:
    """Messages within a budget: the first (what the model is) and this turn stay, older turns go first, whole; then
    the longest results are cut, and it is said where."""
    kept = list(messages)
    start = max((n for n, message in enumerate(kept) if message.type == "human"), default=0)
    while start > 1 and _size(kept) > tokens * CHARACTERS_PER_TOKEN:
        del kept[1]
        start -= 1
    while kept[1:] and kept[1].type not in ("human", "system") and start > 1:
        del kept[1]
        start -= 1
    while (over := _size(kept) - tokens * CHARACTERS_PER_TOKEN) > 0:
        longest = max((n for n, message in enumerate(kept) if message.type == "tool"),
                      key=lambda n: len(str(kept[n].content)), default=None)
        text = str(kept[longest].content) if longest is not None else ""
        if longest is None or len(text) < 400:
            break
        cut = text[:max(200, len(text) - over - 40)] + "\n(cut here for length)"
        kept[longest] = kept[longest].model_copy(update={"content": cut})
        if len(cut) >= len(text):
            break
    return kept


def _size(messages: Sequence[AnyMessage]) -> int:
    return sum(len(str(message.content)) + len(str(getattr(message, "tool_calls", "") or "")) for message in messages)
