"""The scripted conversation: questions over the demo case, each with the facts and sources of its answer.

    python -m caseloom.evals.chat_score SCRIPT PLANTED WORDS FRESH THIRD FOURTH [--record RECORD CASE]
        [--write docs/accuracy.md]

SCRIPT is over the shipped case, PLANTED over one whose sources hold instructions; WORDS, FRESH, THIRD and FOURTH are
conversations over the shipped case, in the words of a clinician, RECORD one over the case in the folder CASE. All are
YAML lists of `Expected`. The chat is driven by the rules that ship.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

from ..agent.chat.session import Chat
from ..agent.door import open_chat
from ..core.result import Answer, AnswerStatus
from ..phantoms import write_demo
from .chat_planted import write_planted
from .sections import machine, today, write_section

TITLE = "The scripted conversation"
OFFERED = "can answer, for instance"
OUTCOMES = ("right", "not understood", "wrong")
ABOUT = ("before the rules were looked at", "after they were mended by the first",
         "by somebody who knew the rules and looked for what they leave out",
         "after they were mended by the third and by what readers of answers had found",
         "at the same time, about one published synthetic health record (Synthea)")
AT_FIRST = ((23, 44, 14), (22, 13, 5), (12, 17, 11), (21, 9, 4), (12, 2, 4))
"""When each conversation in a clinician's words was written, and its outcomes on the first run."""


@dataclass(frozen=True)
class Expected:
    """One question of the script.

    Args:
        question: as a user puts it.
        status: of the answer.
        facts: texts that the answer holds.
        sources: files, or folders of images, that its citations point into: all of them and no others.
        within: the same as patterns such as `*.json`, where any of them will do; in place of `sources`.
        absent: texts that the answer does not hold.
        group: what it tries: facts, refused, planted, words, words refused, fresh, third, fourth, record.
    """

    question: str
    status: str
    facts: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    group: str = "facts"


def read_script(file: Path) -> list[Expected]:
    """The questions of a script."""
    entries: list[dict[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    lists = ("facts", "sources", "within", "absent")
    fields: list[dict[str, Any]] = [{key: tuple(value) if key in lists else value for key, value in entry.items()}
                                    for entry in entries]
    return [Expected(**entry) for entry in fields]


def failure(expected: Expected, answer: Answer) -> str:
    """What is wrong with an answer; empty when nothing is."""
    if answer.status != expected.status:
        return f"{answer.status}, not {expected.status}: {answer.text[:120]}"
    missing = [fact for fact in expected.facts if fact not in answer.text]
    said = [text for text in expected.absent if text.casefold() in answer.text.casefold()]
    cited = sources_of(answer)
    if missing or said:
        return f"missing {missing}, said {said}: {answer.text[:120]}"
    if expected.within:
        known = cited and all(any(fnmatch(file, one) for one in expected.within) for file in cited)
        return "" if known else f"cites {cited}, not some of {expected.within}"
    return "" if cited == tuple(sorted(expected.sources)) else f"cites {cited}, not {expected.sources}"


def is_offer(answer: Answer) -> bool:
    """Whether the question was not understood, which is said with what can be asked."""
    return answer.status is AnswerStatus.DECLINED and OFFERED in answer.text


def sources_of(answer: Answer) -> tuple[str, ...]:
    """Files that the answer's sentences cite; of a series its folder."""
    keys = {key for sentence in answer.sentences for key in sentence.evidence}
    files = {item.source.file for item in answer.evidence if item.id in keys}
    return tuple(sorted({file.rpartition("/")[0] if file.startswith("ct/") else file for file in files}))


def run_script(chat: Chat, script: Sequence[Expected]) -> list[str]:
    """What is wrong with each answer, in the order of the script."""
    return [failure(expected, chat.ask(expected.question)) for expected in script]


def run_words(chat: Chat, script: Sequence[Expected]) -> list[tuple[str, str]]:
    """Of each question of one conversation: `right`, `not understood` or `wrong`, and what is wrong with its answer."""
    found = []
    for expected in script:
        answer = chat.ask(expected.question)
        reason = failure(expected, answer)
        found.append(("right" if not reason else "not understood" if is_offer(answer) else "wrong", reason))
    return found


def words_section(conversations: Sequence[Sequence[tuple[str, str]]]) -> list[str]:
    """The table of the conversations in a clinician's words; what they were at first stands beside it."""
    lines = ["Conversations in a clinician's words: short forms, slips of the pen, follow-ups, limits, quotes; all but "
             "the last over the same case. “At first” is how each fared when it was first put: it shows what other "
             "questions may expect. The rules were mended by all of them since.", "",
             "| written | questions | at first: right | not understood | wrong | now: right | not understood | wrong |",
             "|---|---:|---:|---:|---:|---:|---:|---:|"]
    for about, first, one in zip(ABOUT, AT_FIRST, conversations, strict=False):
        now = Counter(outcome for outcome, _ in one)
        numbers = (len(one), *first, *(now[outcome] for outcome in OUTCOMES))
        lines.append(f"| {about} | {' | '.join(map(str, numbers))} |")
    return lines


def main() -> None:
    """Write the cases, put the questions, print and write the score."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("script", type=Path, help="questions over the shipped case")
    parser.add_argument("planted", type=Path, help="questions over the case with instructions in its sources")
    parser.add_argument("words", type=Path, nargs=4, help="conversations over the shipped case in a clinician's words, "
                                                          "in the order in which they were written")
    parser.add_argument("--record", type=Path, nargs=2, metavar=("FILE", "CASE"), help="one over another case")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the section into this file")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CASELOOM_HOME"] = f"{folder}/home"
        demo = write_demo(Path(folder) / "demo")
        plain, hidden = read_script(asked.script), read_script(asked.planted)
        wrong = run_script(open_chat(demo, keep=False), plain)
        wrong += run_script(open_chat(write_planted(demo, Path(folder) / "planted"), keep=False), hidden)
        told = [(file, demo) for file in asked.words] + ([tuple(asked.record)] if asked.record else [])
        said = [run_words(open_chat(case, keep=False), read_script(file)) for file, case in told]
    lines = [*section([*plain, *hidden], wrong), "", *words_section(said)]
    wrong += [reason for one in said for _, reason in one]
    sys.stdout.write("\n".join([*lines, *(item for item in wrong if item)]) + "\n")
    if asked.write:
        write_section(asked.write, TITLE, lines)


def section(script: Sequence[Expected], wrong: Sequence[str]) -> list[str]:
    """The table of the score."""
    lines = [f"Driven by the rules that ship, without a model ({machine()}; {today()}). A question is right when "
             "status, facts and the cited files are exactly those of the script, which was written beside the "
             "rules: it shows what holds, not how other questions fare.", "",
             "| questions | right | of |", "|---|---:|---:|"]
    for group, name in (("facts", "that the case answers"), ("refused", "to be declined, or not in the case"),
                        ("planted", "over sources that hold instructions")):
        of_group = [reason for item, reason in zip(script, wrong, strict=True) if item.group == group]
        lines.append(f"| {name} | {sum(not reason for reason in of_group)} | {len(of_group)} |")
    return lines


if __name__ == "__main__":
    main()
