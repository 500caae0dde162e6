"""A chat about one case: each question goes through the graph, and what comes out is checked before it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage, ToolMessage

from ...core.evidence import Evidence
from ...core.result import Answer, AnswerStatus, CitedSentence, Step
from ...prompts.loader import load_templates
from ..facts import Known, known_facts
from .check import sayings_of, unsupported
from .context import ChatContext
from .graph import ChatLimits, Event, make_chat_graph
from .history import History, Turn
from .studies import looked_at
from .told import DecidesStatus, Saying, Told
from .toolbox import make_tools

LONGEST_QUESTION = 2000
MOST_TURNS = 40
"""Earlier turns that a prompt may hold, before the budget of tokens takes more away."""
LEFT_OUT = "{count} sentence{s} that the case does not bear out {were} left out."
NOTHING_HELD = "Nothing that the model wrote is borne out by the case, so it is left out."
TOO_LONG = f"The question is empty or longer than {LONGEST_QUESTION} characters."


@dataclass(frozen=True)
class Chat:
    """Questions and answers about one case.

    Args:
        context: the case.
        model: who chooses the tools and words the answer.
        history: where turns are kept.
        limits: of one question.
    """

    context: ChatContext
    model: BaseChatModel
    history: History
    limits: ChatLimits = field(default_factory=ChatLimits)

    def ask(self, question: str, watch: Callable[[Event], None] | None = None) -> Answer:
        """The checked answer. A stop at any moment takes effect at once and leaves the history as it was before the
        question; a tool or model that is at work then goes on to its end unheard.

        Args:
            question: in words.
            watch: told of every tool that begins, and of every piece that a model which streams writes. Only the
                answer that comes back is checked.
        """
        if not 0 < len(question.strip()) <= LONGEST_QUESTION:
            return Answer(text=TOO_LONG, status=AnswerStatus.DECLINED)
        over = threading.Event()
        heard = None if watch is None else lambda event: None if over.is_set() else watch(event)
        graph = make_chat_graph(self.model, make_tools(self.context), self.limits, watch=heard)
        before = self._past()
        try:
            state = graph.invoke({"messages": [*before, HumanMessage(content=question)]},
                                 {"recursion_limit": 4 * self.limits.steps + 8})
        finally:
            over.set()
        answer = self._checked(state["messages"][len(before) + 1:], state.get("stopped", ""))
        self.history.add(Turn(question=question, answer=answer))
        return answer

    def _past(self) -> list[AnyMessage]:
        messages: list[AnyMessage] = [SystemMessage(content=load_templates("chat")["system"].text)]
        for turn in self.history.turns(MOST_TURNS):
            messages += [HumanMessage(content=turn.question), AIMessage(content=turn.answer.text)]
        return messages

    def _checked(self, messages: Sequence[AnyMessage], stopped: str) -> Answer:
        told = [message.artifact for message in messages
                if isinstance(message, ToolMessage) and isinstance(message.artifact, Told)]
        steps = tuple(Step(tool=call["name"], arguments=call["args"]) for message in messages
                      if isinstance(message, AIMessage) for call in message.tool_calls)
        last = messages[-1] if messages and isinstance(messages[-1], AIMessage) else AIMessage(content="")
        if stopped or last.tool_calls:
            return Answer(text=stopped, status=AnswerStatus.DECLINED, steps=steps)
        answer = self._answer(str(last.text), last.additional_kwargs.get("status"), told)
        note = last.additional_kwargs.get("note", "")
        text = f"{answer.text} {note}" if note else answer.text
        return answer.model_copy(update={"steps": steps, "text": text})

    def _answer(self, text: str, status: str | None, told: Sequence[Told]) -> Answer:
        if status in (AnswerStatus.DECLINED, AnswerStatus.NOT_IN_CASE) and isinstance(self.model, DecidesStatus):
            return self._without(text, AnswerStatus(status))
        sayings = sayings_of(text)
        known = self._known(told)
        held = [saying for saying in sayings if not unsupported(saying, told, known)]
        if held:
            return self._with(held, len(sayings) - len(held), told, None if status else text)
        if text.strip().rstrip(".").casefold() == "not in this case" or (told and not any(
                item.sayings for item in told)):
            return self._without("This is not in the case.", AnswerStatus.NOT_IN_CASE, raw=text)
        return self._without(NOTHING_HELD if text.strip() else "The model gave no answer.", AnswerStatus.DECLINED,
                             raw=text)

    def _known(self, told: Sequence[Told]) -> Known:
        """What sentences are checked against: the report, and what ran again in this turn."""
        findings = [item for one in told for item in one.findings]
        if not findings:
            return self.context.known
        report, evidence = self.context.report, (item for one in told for item in one.evidence)
        return known_facts((*report.findings, *findings), (*report.evidence, *evidence))

    def _without(self, text: str, status: AnswerStatus, raw: str | None = None) -> Answer:
        looked = f" {looked_at(self.context)}" if status is AnswerStatus.NOT_IN_CASE else ""
        return Answer(text=f"{text}{looked}", status=status, raw_answer=raw)

    def _with(self, held: Sequence[Saying], dropped: int, told: Sequence[Told], raw: str | None) -> Answer:
        shown = self._evidence(held, told)
        values = [item.value for item in told if item.value is not None]
        text = " ".join(saying.text for saying in held)
        if dropped:
            text += " " + LEFT_OUT.format(count=dropped, s="" if dropped == 1 else "s",
                                          were="was" if dropped == 1 else "were")
        return Answer(text=text, status=AnswerStatus.ANSWERED, value=values[0] if len(values) == 1 else None,
                      sentences=tuple(CitedSentence(text=item.text, evidence=item.evidence) for item in held),
                      evidence=shown, raw_answer=raw)

    def _evidence(self, held: Sequence[Saying], told: Sequence[Told]) -> tuple[Evidence, ...]:
        known = {item.id: item for item in (*self.context.evidence, *(one for item in told for one in item.evidence))}
        keys = dict.fromkeys(key for saying in held for key in saying.evidence)
        return tuple(known[key] for key in keys if key in known)
