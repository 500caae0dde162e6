"""The command line: every command calls a public function and shows what it gives back.

Nothing heavy is imported before a command runs, so that `--help` and `--version` answer at once.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .. import __version__
from . import asking, deciding, evaluating, reviewing, serving

app = typer.Typer(name="caseloom", add_completion=False, pretty_exceptions_enable=False,
                  help="Review a patient's case: volumes, films, slides, lab PDFs and records in one draft report. "
                       "Not a medical device.")
for command in (reviewing.demo, reviewing.inspect, reviewing.review, reviewing.run, asking.chat, asking.timeline,
                deciding.sign, deciding.edit, deciding.audit, serving.serve, serving.mcp, serving.doctor):
    app.command()(command)
app.command(name="export")(deciding.export_report)
app.command(name="export-training")(deciding.export_training_set)
app.add_typer(evaluating.app)


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
         debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks; may stand anywhere.")] = False) -> None:
    """Review a patient's case."""
    if version:
        typer.echo(f"caseloom {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; every foreseen error is one line on stderr and its own exit code."""
    debug = "--debug" in sys.argv
    arguments = [word for word in sys.argv[1:] if word != "--debug"]
    from .entry import leave, run_app

    leave(run_app(app, arguments, debug=debug))
