"""Commands of the person who answers for a report: sign, edit, hand over, and who did what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..core.forms import form_names
from .options import AsJson, CasePath, Patient, PersonName
from .reviewing import NOTHING_USABLE


def sign(case: CasePath, name: PersonName,
         reject: Annotated[str | None, typer.Option(metavar="REASON", help="Reject the draft instead.")] = None,
         addendum: Annotated[str | None, typer.Option(metavar="TEXT", help="Add to a report that is signed.")] = None,
         patient: Patient = None, as_json: AsJson = False) -> None:
    """Sign the draft of a reviewed case, reject it, or add to a signed report."""
    from ..agent.decide import add_addendum, reject_case, sign_case, unsupported
    from ..agent.door import report_folder
    from .show import print_json, say, show_report

    if reject is not None and addendum is not None:
        raise typer.BadParameter("--reject and --addendum cannot be meant at once")
    if reject is not None:
        report = reject_case(case, name=name, reason=reject, patient=patient)
    elif addendum is not None:
        report = add_addendum(case, addendum, name=name, patient=patient)
    else:
        report = sign_case(case, name=name, patient=patient)
        if doubtful := unsupported(report):
            say(f"Of what you signed, {doubtful} sentence{'' if doubtful == 1 else 's'} "
                f"{'is' if doubtful == 1 else 'are'} not supported by the findings, and marked [unsupported].")
    print_json(report) if as_json else show_report(report, report_folder(report))


def edit(case: CasePath, name: PersonName,
         at: Annotated[str, typer.Option(metavar="PLACE", help="s-2-3: third sentence of the second section.")],
         text: Annotated[str | None, typer.Option(help="What it shall say.")] = None,
         remove: Annotated[bool, typer.Option("--remove", help="Take the sentence out.")] = False,
         patient: Patient = None, as_json: AsJson = False) -> None:
    """Change one sentence of a draft; the new words are checked against the findings that the sentence cites."""
    from ..agent.decide import edit_case
    from ..agent.door import report_folder
    from .show import print_json, say, show_report

    if (text is None) != remove:
        raise typer.BadParameter("give the new words with --text, or --remove to take the sentence out")
    report = edit_case(case, {at: text}, name=name, patient=patient)
    if objection := report.edits[-1].objection:
        say(f"The new words are not supported by the findings: {objection}. They stay, marked.")
    print_json(report) if as_json else show_report(report, report_folder(report))


def audit(case: Annotated[Path | None, typer.Argument(metavar="[CASE]", help="Only this case's entries.")] = None,
          verify: Annotated[bool, typer.Option("--verify", help="Only say whether the trail holds, and the copies of "
                                                                "what was decided.")] = False,
          restart: Annotated[bool, typer.Option("--restart", help="Set a trail that does not hold aside and begin "
                                                                  "another; copies of what was decided are taken over."
                                                )] = False,
          patient: Patient = None, as_json: AsJson = False) -> None:
    """Show who did what to which report, once the whole trail was found to hold."""
    from ..agent.decide import audit_trail, restart_trail, verify_trail
    from .show import print_json, show_trail

    if restart:
        restart_trail()
    entries = verify_trail(case, patient=patient) if verify else audit_trail(case, patient=patient)
    if as_json:
        print_json({"holds": True, "entries": len(entries)} if verify else {"entries": entries})
    elif verify:
        typer.echo(f"The audit trail holds: {len(entries)} entries.")
    else:
        show_trail(entries)


def export_report(case: CasePath,
                  form: Annotated[list[str], typer.Option("--format", metavar="F",
                                                          help=f"{form_names()}; may be repeated.")],
                  out: Annotated[Path, typer.Option(help="Folder for the files.")],
                  patient: Patient = None, as_json: AsJson = False) -> None:
    """Write the report of a reviewed case in the forms that other systems read."""
    from ..agent.handover import export_case
    from .show import print_json, show_exported

    done = export_case(case, form, out, patient=patient)
    files = [str(file.relative_to(out)) for file in done.files]
    print_json({"files": files, "left_out": done.left_out}) if as_json else show_exported(out, files, done.left_out)
    if not files:
        raise typer.Exit(NOTHING_USABLE)


def export_training_set(cases: Annotated[list[Path], typer.Argument(metavar="CASE...", help="Reviewed cases.")],
                        out: Annotated[Path, typer.Option(help="New folder for train.jsonl and its pictures.")],
                        unedited: Annotated[bool, typer.Option("--unedited", help="Add what was signed as it was "
                                                                                  "drafted.")] = False,
                        identifiers: Annotated[bool, typer.Option("--keep-identifiers", help="Leave names, numbers and "
                                                                  "birth dates in; they are blanked otherwise."
                                                                  )] = False,
                        patient: Patient = None, as_json: AsJson = False) -> None:
    """Write corrections that were signed as training pairs for a LoRA adapter."""
    from ..agent.training import export_training
    from .show import print_json, show_training

    done = export_training(cases, out, patient=patient, unedited=unedited, identifiers=identifiers)
    if as_json:
        print_json({"folder": str(out), "pairs": done.pairs, "left_out": done.left_out, "notes": done.notes})
    else:
        show_training(done)
    if not done.count:
        raise typer.Exit(NOTHING_USABLE)
