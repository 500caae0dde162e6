"""What a tool gives, held to the contract of `Tool`: one that breaks, shipped or a caller's own, leaves a named gap."""

from __future__ import annotations

import logging

from ..core.case import Study
from ..core.errors import CaseloomError, RefusedFile
from ..core.refusal import Refusal, RefusalCode
from ..core.result import ToolResult
from .base import Tool, ToolContext, refuse

OURS = "; this is a bug, please report it with the output of --debug"
THEIRS = "; it is not Caseloom's own, the log says where at level DEBUG"

log = logging.getLogger(__name__)


def gate(tool: Tool, study: Study, *, own: bool) -> Refusal | None:
    """What a tool's gate says; the refusal `tool_failed` where the gate itself breaks.

    Args:
        tool: shipped or not.
        study: that it may read.
        own: it is a caller's.
    """
    try:
        return tool.gate(study)
    except Exception as error:  # one broken tool must not cost the rest of the case; the report names the gap
        log.debug("where it failed", exc_info=error)
        broken = _broken(f"the gate of the {tool.name} tool", study, error, own)
        return refuse(study, broken.code, broken.reason)


def run(tool: Tool, study: Study, context: ToolContext, *, own: bool) -> ToolResult:
    """What a tool gives.

    Args:
        tool: shipped or not.
        study: that its gate let in.
        context: of the case.
        own: it is a caller's.

    Raises:
        CaseloomError: it raised one on purpose.
        RefusedFile: TOOL_FAILED where it raised anything else, or what it gave is no sound result.
    """
    try:
        given = tool.run(study, context)
    except CaseloomError:
        raise
    except Exception as error:
        log.debug("where it failed", exc_info=error)
        raise _broken(f"the {tool.name} tool", study, error, own) from error
    return sound(tool.name, given)


def sound(tool: str, result: object) -> ToolResult:
    """A tool's result.

    Args:
        tool: its name.
        result: what it gave.

    Raises:
        RefusedFile: TOOL_FAILED where that is no result, or cites evidence that it does not hold.
    """
    name = f"the {tool} tool"
    if not isinstance(result, ToolResult):
        raise RefusedFile(RefusalCode.TOOL_FAILED, f"{name} gave a {type(result).__name__} and no ToolResult")
    held = {item.id for item in result.evidence}
    lost = next((item for item in result.findings if not held.issuperset(item.evidence)), None)
    if lost is not None:
        raise RefusedFile(RefusalCode.TOOL_FAILED, f"{name} gave the finding {lost.name!r} with evidence that is not "
                          "in its result")
    return result


def _broken(what: str, study: Study, error: Exception, own: bool) -> RefusedFile:
    """The refusal for an unexpected error; its words may hold a patient's, so only its type is told."""
    log.error("%s failed on %s: %s", what, study.id, type(error).__name__)
    return RefusedFile(RefusalCode.TOOL_FAILED, f"{what} failed ({type(error).__name__}){THEIRS if own else OURS}")
