"""From an exception to one line and an exit code."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core.errors import CaseloomError

if TYPE_CHECKING:
    import typer


def run_app(app: typer.Typer, arguments: Sequence[str], *, debug: bool) -> int:
    """Run `app` with `arguments`.

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
        app(args=list(arguments), standalone_mode=True)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0 if leaving.code is None else 1
    except CaseloomError as error:
        return _complain(str(error), error.exit_code, debug)
    except KeyboardInterrupt:
        return _complain("stopped; run the same command again to go on", 130, debug=False)
    except Exception as error:  # noqa: BLE001 - the outermost door: a bug is said in one line, with --debug in full
        return _complain(f"a bug: {type(error).__name__}: {error}. Run again with --debug and report what it prints.",
                         1, debug)
    return 0


def _complain(line: str, code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print("caseloom: " + " ".join(line.split()), file=sys.stderr)  # noqa: T201 - this is the terminal's door
    return code
