"""Every way a command can end: one line on stderr, a fixed exit code, and nothing of the patient."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from caseloom.app.entry import run_app
from caseloom.app.show import say
from caseloom.core.errors import NothingUsable, ReaderUnavailable, StoreError, UsageError

SECRET = "Alex Sample in /home/alex/case"


def app_that_raises(error: BaseException) -> typer.Typer:
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

    @app.command()
    def fail() -> None:
        raise error

    return app


@pytest.mark.parametrize(("error", "code"), [
    (UsageError("what to do"), 2), (NothingUsable("what to do"), 3), (ReaderUnavailable("what\nto do"), 4),
    (StoreError("what to do"), 2), (ValueError(SECRET), 1), (KeyboardInterrupt(), 130)])
def test_an_error_is_one_line_and_its_code(error: BaseException, code: int,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(app_that_raises(error), ["--"], debug=False) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert "Traceback" not in said.err


def test_a_bug_shows_its_text_only_with_debug(capsys: pytest.CaptureFixture[str]) -> None:
    run_app(app_that_raises(ValueError(SECRET)), ["--"], debug=False)
    quiet = capsys.readouterr().err
    assert "ValueError" in quiet
    assert SECRET not in quiet
    run_app(app_that_raises(ValueError(SECRET)), ["--"], debug=True)
    assert SECRET in capsys.readouterr().err


def test_without_words_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(app_that_raises(ValueError()), [], debug=False) == 0
    assert "Usage" in capsys.readouterr().out


def test_a_process_ends_while_something_is_still_at_work() -> None:
    """Nobody waits for it any more, and it would take a minute."""
    program = ("import time\nfrom caseloom.agent.chat.patience import TimeUp, within\n"
               "from caseloom.app.entry import leave\n"
               "try:\n    within(0.1, lambda: time.sleep(60))\nexcept TimeUp:\n    print('left')\nleave(7)\n")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (7, "left\n", "")


def test_a_line_for_the_person_is_said_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    say("1 sentence is marked [unsupported].")
    assert capsys.readouterr().err == "1 sentence is marked [unsupported].\n"
