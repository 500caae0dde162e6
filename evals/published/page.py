"""A result as a section of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .bootstrap import DRAWS
from .result import Figure, Result, Score, plural


def percent(value: float | None) -> str:
    """A share in percent with one digit, as the published tables have it."""
    return "–" if value is None else f"{100 * value:.1f}"


def with_interval(figure: Figure) -> str:
    """A score with its interval."""
    if figure.low is None or figure.high is None:
        return percent(figure.value)
    return f"{percent(figure.value)} ({percent(figure.low)} to {percent(figure.high)})"


def who_read(result: Result) -> str:
    """The reader with its model."""
    return " ".join(filter(None, (result.reader.name, result.reader.model, result.reader.revision)))


def section_of(result: Result) -> list[str]:
    """Lines of a section: what was asked, every metric with baselines and published results, classes, notes."""
    lines = [
        f"Measured on {result.date} by `caseloom eval {result.task}` ({result.machine}) with the reader "
        f"{who_read(result)}: {counted(result)} In percent, with 95 % intervals by bootstrap over "
        f"{plural(result.unit)} ({DRAWS} draws).", ""]
    for score in main_scores(result):
        table = _table([("who", "result", "source"), *score_rows(score, result)])
        lines += [f"### {score.title}", "", score.definition, "", *table, ""]
    if details := list(detail_rows(result)):
        lines += ["### Details", "", *_table(details), ""]
    lines += ["### By " + result.group, "", *_table(class_rows(result)), ""]
    if result.problems:
        lines += [f"{len(result.problems)} answers had a problem, the first: {result.problems[0].reason}.", ""]
    return [*lines, *(f"- {note}" for note in result.notes)]


def counted(result: Result) -> str:
    """How much was asked and answered, as a sentence."""
    missing = result.questions - result.answered
    wrong = f"; {missing} without a usable answer, scored as wrong" if missing else ", all answered"
    about = "" if result.unit == "question" else f" about {_many(result.units, result.unit)}"
    if result.cases != result.units:
        about = f" about {_many(result.cases, 'case')} of {_many(result.units, result.unit)}"
    return f"{_many(result.questions, 'question')}{about}{wrong}."


def _many(number: int, unit: str) -> str:
    return f"{number} {unit if number == 1 else plural(unit)}"


def score_rows(score: Score, result: Result) -> Iterator[tuple[str, str, str]]:
    """Who, result, source: ours, the baselines, the published ones."""
    yield who_read(result), with_interval(score.ours), "this run"
    for key, figure in score.baselines.items():
        yield result.baseline_words[key], with_interval(figure), "this run, baseline"
    for item in score.reported:
        yield item.model, percent(item.value), item.source


def main_scores(result: Result) -> list[Score]:
    """The scores that have a table of their own."""
    return [score for score in result.scores if not score.detail]


def detail_rows(result: Result) -> Iterator[tuple[str, ...]]:
    """A heading, then every detail with our score and the baselines'; nothing where there are no details."""
    details = [score for score in result.scores if score.detail]
    if details:
        yield "score", who_read(result), *result.baseline_words.values()
    for score in details:
        yield score.title, with_interval(score.ours), *(percent(score.baselines[key].value)
                                                        for key in result.baseline_words)


def class_rows(result: Result) -> Iterator[tuple[str, ...]]:
    """A heading, then each class with every metric."""
    yield result.group, "questions", "not answered", *(score.title for score in main_scores(result))
    for line in result.classes:
        yield (line.group, str(line.n), str(line.not_answered),
               *(percent(line.values[score.key]) for score in main_scores(result)))


def _table(rows: Iterable[Sequence[str]]) -> list[str]:
    head, *body = ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows]
    return [head, "|" + "---|" * (head.count("|") - 1), *body]
