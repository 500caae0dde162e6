"""The review graph: wiring only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send

from ..core.report import ReportStatus
from .nodes import Review
from .state import ReviewState, ToolInput

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph


def make_graph(review: Review, checkpointer: BaseCheckpointSaver[Any]) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The graph of a review; it stops before `sign_off` until a person decides.

    Args:
        review: what its nodes work with.
        checkpointer: where a checkpoint is kept after each node.
    """
    graph = StateGraph(ReviewState)
    for node in (review.intake, review.plan, review.compare, review.remember, review.compose, review.verify,
                 review.render, review.sign_off, review.publish):
        graph.add_node(node.__name__, node)
    graph.add_node("run_tool", review.run_tool)
    graph.add_edge(START, "intake")
    graph.add_edge("intake", "plan")
    graph.add_conditional_edges("plan", fan_out, ["run_tool", "compare"])
    for before, after in (("run_tool", "compare"), ("compare", "remember"), ("remember", "compose"),
                          ("compose", "verify"), ("verify", "render"), ("render", "sign_off"), ("publish", END)):
        graph.add_edge(before, after)
    graph.add_conditional_edges("sign_off", decided, ["render", "publish"])
    return graph.compile(checkpointer=checkpointer)


def decided(state: ReviewState) -> str:
    """A draft that was changed is written anew and waits again."""
    return "render" if state["report"].status is ReportStatus.DRAFT else "publish"


def fan_out(state: ReviewState) -> list[Send] | str:
    """One `run_tool` per task, or straight on when there is none."""
    # Each task's checkpoint holds its input: the case goes along without its list of files.
    case = state["case"]
    brief = case.model_copy(update={"files": (), "studies": (), "not_read": (),
                                    "question": state.get("question") or case.question})
    return [Send("run_tool", ToolInput(task=task, case=brief)) for task in state["tasks"]] or "compare"
