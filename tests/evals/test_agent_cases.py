"""The evaluation of the whole agent: its floors on a few cases, and what its scores count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseloom.app.command_line import app
from caseloom.core.evidence import VolumeRegion, make_evidence
from caseloom.core.evidence import Source
from caseloom.core.finding import Category, Laterality, Status, Value, make_finding
from caseloom.core.report import CaseIdentity, ReaderIdentity, Report, Section, Sentence, SentenceKind, Support
from caseloom.evals.agent_cases.run import Plan, run_cases
from caseloom.evals.agent_cases.score_images import iou_mm, score_images
from caseloom.evals.agent_cases.score_support import score_support
from caseloom.evals.agent_cases.summary import errors_of, ratios_of, summary_of
from caseloom.evals.agent_cases.table import errors_table, table_of
from caseloom.evals.agent_cases.tally import Tally

SEEDS = (4, 9, 11, 13, 24, 31)
"""Cheap ones that together hold every kind of data and most traps."""
FLOORS: dict[str, float] = {}
NOT_SEEN = ("pleural fluid", "all findings", "direction of change: all", "direction of change: pleural fluid")


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> dict:
    plan = Plan(SEEDS, tmp_path_factory.mktemp("agent-cases"))
    scores = list(run_cases(plan, workers=1))
    again = list(run_cases(plan, workers=1, resume=True))
    assert again == scores
    return summary_of(scores)
