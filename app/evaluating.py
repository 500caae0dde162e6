"""`caseloom eval TASK`: a subcommand for each published task, for texts of reports, and for the agent as a whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from ..evals.published.names import NAMED, TEXTS, Named
from .evaluating_agent import agent
from .options import Adapters, AsJson, Download, ModelName, PlainHttp, ReaderName, Record, adapter_folders

app = typer.Typer(name="eval", add_completion=False,
                  help="Evaluate a reader on published tasks (docs/evaluation.md), or the whole agent on generated "
                       "cases (docs/evaluation-agent.md).")

Data = Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder of the data set, as it is distributed.")]
Images = Annotated[Path | None, typer.Option("--images", metavar="DIR", help="Folder of the pictures, where they lie "
                                                                             "apart.")]
Limit = Annotated[int | None, typer.Option("--limit", metavar="N", help="Ask about a fixed sample of N cases.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on: take over the answers of earlier runs.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder for answers, results and a Markdown "
                                                                       "section.")]
Blind = Annotated[bool, typer.Option("--blind/--no-blind", help="Also ask the same without the pictures or record.")]


def command_of(task: Named) -> Callable[..., None]:
    """The subcommand of a task."""

    def run(data: Data, images: Images = None, reader: ReaderName = "measure", model: ModelName = None,
            adapter: Adapters = None, download: Download = False, allow_plain_http: PlainHttp = False,
            record: Record = None, limit: Limit = None, resume: Resume = False, blind: Blind = True,
            out: Out = None, as_json: AsJson = False) -> None:
        from ..agent.door import reader_choice
        from ..agent.opened import settings_here
        from ..core.errors import UsageError
        from ..evals.published.evaluate import Wish, evaluate
        from ..evals.published.task import Source
        from ..memory.home import Home
        from ..readers.choose import choose_reader
        from .evaluated import answering, show_evaluation
        from .show import print_json

        if images is not None and not task.apart:
            raise UsageError(f"--images has no meaning for {task.name}; leave it out")
        home = Home(settings_here().home)
        chosen = reader_choice(reader=reader, model=model, adapters=adapter_folders(adapter), download=download,
                               allow_plain_http=allow_plain_http, record=record)
        with answering() as watch:
            result = evaluate(task.name, Source(data, images, limit), choose_reader(chosen, home.cache), home,
                              wish=Wish(resume, blind, out), watch=watch)
        print_json(result) if as_json else show_evaluation(result)

    run.__doc__ = f"{task.title}.\n\nDIR holds {task.layout}."
    return run


def report_text(data: Annotated[Path, typer.Option("--data", metavar="DIR", help="pairs.jsonl, or its folder.")],
                radgraph: Annotated[bool, typer.Option("--radgraph", help="Also RadGraph F1, by a model.")] = False,
                download: Download = False, out: Out = None, as_json: AsJson = False) -> None:
    """Score texts of radiology reports against true ones: statements, ROUGE-L, RadGraph F1."""
    from ..agent.opened import settings_here
    from ..evals.published.report_texts import score_texts
    from ..memory.home import Home
    from .evaluated import show_evaluation
    from .show import print_json

    result = score_texts(data, Home(settings_here().home).cache, radgraph=radgraph, download=download, out=out)
    print_json(result) if as_json else show_evaluation(result)


for _task in NAMED:
    app.command(_task.name)(command_of(_task))
app.command(TEXTS.name)(report_text)
app.command()(agent)
