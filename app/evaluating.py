"""Commands that evaluate: against truth that is generated, or published."""

from __future__ import annotations

import typer

from .evaluating_agent import agent

evaluations = typer.Typer(name="eval", no_args_is_help=True, help="Measure how well Caseloom does.")
evaluations.command()(agent)
