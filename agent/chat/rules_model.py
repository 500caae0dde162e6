"""The chat model that ships: rules choose the tools, and the answer is what the tools say. No weights, no chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import SkipValidation

from ...core.result import AnswerStatus
from .context import ChatContext
from .plan import Plan
from .told import Told
from .understand import examples, plan_of, read

NOT_UNDERSTOOD = ("This question is none that rules can answer about this case. They can answer, for instance: "
                  "{examples}")

READ_AS = "“{word}” was read as “{other}”."


class RulesChatModel(BaseChatModel):
    """Deterministic: the same question about the same case gives the same answer.

    Args:
        context: the case whose words a question may use.
    """

    context: SkipValidation[ChatContext]
    decides_status: bool = True

    @property
    def _llm_type(self) -> str:
        return "caseloom-rules"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> RulesChatModel:
        """It knows the chat's tools by their names."""
        return self

    def _generate(self, messages: list[BaseMessage], stop: list[str] | None = None,
                  run_manager: CallbackManagerForLLMRun | None = None, **kwargs: Any) -> ChatResult:
        at = max(n for n, message in enumerate(messages) if isinstance(message, HumanMessage))
        results = [message for message in messages[at:] if isinstance(message, ToolMessage)]
        earlier = [str(message.content) for message in messages[:at] if isinstance(message, HumanMessage)]
        question = str(messages[at].content)
        plan = plan_of(question, self.context, earlier)
        message = _composed(results) if results else self._called(plan)
        _, slips = read(question, self.context)
        notes = [READ_AS.format(word=word, other=other) for word, other in slips]
        if plan.note and message.additional_kwargs.get("status") == AnswerStatus.ANSWERED:
            notes.append(plan.note)
        if notes and not message.tool_calls:
            message.additional_kwargs["note"] = " ".join(notes)
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _called(self, plan: Plan) -> AIMessage:
        if plan.declined:
            return _final(plan.declined, AnswerStatus.DECLINED)
        if not plan.understood:
            asked = "; ".join(examples(self.context))
            return _final(NOT_UNDERSTOOD.format(examples=asked), AnswerStatus.DECLINED)
        return AIMessage(content="", tool_calls=[
            {"name": call.tool, "args": call.arguments, "id": f"call-{n}"} for n, call in enumerate(plan.calls, 1)])


def _composed(results: Sequence[ToolMessage]) -> AIMessage:
    told = [message.artifact for message in results if isinstance(message.artifact, Told)]
    useful = [item for item in told if item.sayings]
    if useful:
        lines = dict.fromkeys(line for item in useful for line in item.text.splitlines())
        return _final("\n".join(lines), AnswerStatus.ANSWERED)
    first = told[0] if told else Told(reason=str(results[0].content), status=AnswerStatus.DECLINED)
    return _final(first.reason, first.status)


def _final(text: str, status: AnswerStatus) -> AIMessage:
    return AIMessage(content=text, additional_kwargs={"status": status.value})
