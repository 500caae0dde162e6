"""From an exception to one line and an exit code."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import typer

from ..core.errors import CaseloomError

STOPPED = 130
"""What a shell expects of a program that the user stopped (128 + SIGINT)."""
_Misuse: Any = typer.BadParameter.__base__
"""Typer's base of all wrong usage; it has no public name of its own."""


def run_app(app: typer.Typer, arguments: Sequence[str], *, debug: bool) -> int:
    """Run `app` with `arguments`; without any, show its help.

    Args:
        app: the command line.
        arguments: words after the program's name, without `--debug`.
        debug: show tracebacks and the log.

    Returns:
        0 done, 2 wrong usage, 3 nothing usable, 4 reader not available, 1 a bug, 130 stopped by the user.
    """
    logging.basicConfig(level=logging.DEBUG if debug else logging.CRITICAL, stream=sys.stderr,
                        format="%(levelname)s %(name)s: %(message)s")
    try:
        code = app(args=list(arguments) or ["--help"], prog_name="caseloom", standalone_mode=False) or 0
    except CaseloomError as error:
        return _complain(str(error), error.exit_code, debug)
    except _Misuse as error:
        command = error.ctx.command_path if error.ctx else "caseloom"
        return _complain(f"{error.format_message()} See `{command} --help`.", 2, debug)
    except (KeyboardInterrupt, typer.Abort):
        code = STOPPED
    except Exception as error:  # noqa: BLE001 - the outermost door: a bug is said in one line, with --debug in full
        return _complain(bug_line(error), 1, debug)
    if code == STOPPED:
        return _complain("stopped; run the same command again to go on", STOPPED, debug=False)
    return int(code)


def leave(code: int) -> NoReturn:
    """End the process. Where a tool that somebody stopped waiting for is still in the middle of its native code, an
    orderly end would cut that code off from under it and abort; then the process ends without waiting and without that.
    """
    patience = sys.modules.get("caseloom.agent.chat.patience")
    if patience is not None and patience.still_at_work():
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def bug_line(error: Exception) -> str:
    """A bug in one line. The message of a foreign error may hold a path or a patient's name: only --debug shows it."""
    return f"a bug ({type(error).__name__}); run again with --debug and report what it prints"


def _complain(line: str, code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print("caseloom: " + " ".join(line.split()), file=sys.stderr)  # noqa: T201 - this is the terminal's door
    return code
