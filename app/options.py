"""Options and arguments that several commands share, and what they mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

CasePath = Annotated[Path, typer.Argument(metavar="CASE", help="A folder of files as they come, or a .zip.")]
Patient = Annotated[str | None, typer.Option(help="Whose case it is, where the files name several people.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
ReaderName = Annotated[str, typer.Option("--reader", help="measure (interprets nothing), medgemma, a server's URL, the "
                                                          "folder of a checkpoint, or a recording (.jsonl).")]
ModelName = Annotated[str | None, typer.Option("--model", help="Hub id or folder for medgemma; a server's model name.")]
Adapters = Annotated[list[str] | None, typer.Option("--adapter", metavar="TOOL=FOLDER",
                                                    help="LoRA adapter that a tool reads with; may be repeated.")]
Download = Annotated[bool, typer.Option("--download", help="Allow weights to be fetched; else only local files count.")]
PlainHttp = Annotated[bool, typer.Option("--allow-plain-http", help="Send pictures over plain http to another host.")]
Record = Annotated[Path | None, typer.Option("--record", metavar="FILE", help="Also write the model's answers to this "
                                                                              ".jsonl; --reader FILE plays it.")]
Question = Annotated[str | None, typer.Option(help="A question that the result should answer.")]
PersonName = Annotated[str, typer.Option("--name", help="Your name, as the report shall show it.")]
DateText = Annotated[str | None, typer.Option(metavar="DATE", help="ISO date, such as 2025-03-04.")]


def adapter_folders(given: list[str] | None) -> dict[str, Path]:
    """TOOL=FOLDER pairs by tool.

    Raises:
        UsageError: one is no such pair, or a tool stands twice.
    """
    from ..core.errors import UsageError

    pairs = [text.partition("=") for text in given or ()]
    folders = {tool: Path(folder) for tool, _, folder in pairs}
    if len(folders) != len(pairs) or not all(tool and folder for tool, _, folder in pairs):
        raise UsageError("--adapter takes TOOL=FOLDER, each tool once, as in --adapter volume=my-adapter")
    return folders
