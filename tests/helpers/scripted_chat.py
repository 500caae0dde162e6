"""A chat model that plays a script of messages, whatever it is told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr


class ScriptedChat(BaseChatModel):
    """Says `script` one by one and its last line again and again; keeps what it was sent.

    Args:
        script: messages, exceptions to raise, or functions whose result is said.
    """

    script: list[Any]
    _seen: list[list[BaseMessage]] = PrivateAttr(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def seen(self) -> list[list[BaseMessage]]:
        return self._seen

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> ScriptedChat:
        return self

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None,
                  **kwargs: Any) -> ChatResult:
        line = self.script[min(len(self._seen), len(self.script) - 1)]
        self._seen.append(messages)
        if isinstance(line, BaseException):
            raise line
        if callable(line):
            return ChatResult(generations=[ChatGeneration(message=AIMessage(content=str(line())))])
        return ChatResult(generations=[ChatGeneration(message=line)])


class StreamingChat(ScriptedChat):
    """The same, which streams what it writes word by word."""

    def _stream(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None,
                **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        message = self._generate(messages).generations[0].message
        for call in message.tool_calls:
            yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[{
                "name": call["name"], "args": json.dumps(call["args"]), "id": call["id"], "index": 0,
                "type": "tool_call_chunk"}]))
        for word in str(message.content).split():
            yield ChatGenerationChunk(message=AIMessageChunk(content=f"{word} "))


def call(tool: str, /, **arguments: Any) -> AIMessage:
    """A message that calls one tool."""
    return AIMessage(content="", tool_calls=[{"name": tool, "args": arguments, "id": f"{tool}-1"}])
