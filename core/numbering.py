"""Short ids (E1, F1, …), given after sorting so that they do not depend on the order of arrival."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .evidence import Evidence
from .finding import Finding
from .result import Answer, CitedSentence, ToolResult

Renaming = Mapping[str, str]


def _finding_order(finding: Finding) -> tuple[str, ...]:
    return (finding.tool, finding.date or "", finding.category, finding.site or "", finding.name,
            finding.laterality or "", finding.id)


def _evidence_order(evidence: Evidence) -> tuple[str, ...]:
    return (evidence.date or "", evidence.kind, evidence.source.file, evidence.id)


def number_all(findings: Iterable[Finding], evidence: Iterable[Evidence]
               ) -> tuple[tuple[Finding, ...], tuple[Evidence, ...], Renaming]:
    """Sort findings and evidence, drop repeats, and give them the ids F1, F2, … and E1, E2, ….

    Returns:
        findings, evidence, and the renaming from old to new ids for whatever else refers to them.
    """
    found = sorted({item.id: item for item in findings}.values(), key=_finding_order)
    shown = sorted({item.id: item for item in evidence}.values(), key=_evidence_order)
    names = {item.id: f"F{n}" for n, item in enumerate(found, 1)}
    names |= {item.id: f"E{n}" for n, item in enumerate(shown, 1)}
    return (tuple(_rename_finding(item, names) for item in found),
            tuple(item.model_copy(update={"id": names[item.id]}) for item in shown), names)


def _rename_finding(finding: Finding, names: Renaming) -> Finding:
    update: dict[str, object] = {"id": names[finding.id], "evidence": rename(finding.evidence, names)}
    if finding.change is not None:
        prior = rename(finding.change.prior_evidence, names)
        update["change"] = finding.change.model_copy(update={"prior_evidence": prior})
    return finding.model_copy(update=update)


def rename(ids: Iterable[str], names: Renaming) -> tuple[str, ...]:
    """The new ids, in number order."""
    return tuple(sorted((names[old] for old in ids), key=lambda new: (new[0], int(new[1:]))))


def rename_answer(answer: Answer | None, names: Renaming) -> Answer | None:
    """The answer with its evidence under the new ids."""
    if answer is None:
        return None
    cited = [item.model_copy(update={"id": names[item.id]}) for item in answer.evidence]
    return answer.model_copy(update={
        "evidence": tuple(sorted(cited, key=lambda item: int(item.id[1:]))),
        "sentences": tuple(CitedSentence(text=sentence.text, evidence=rename(sentence.evidence, names))
                           for sentence in answer.sentences)})


def number_result(result: ToolResult) -> ToolResult:
    """A tool's result with short ids, as it is shown to people."""
    cited = result.answer.evidence if result.answer else ()
    findings, evidence, names = number_all(result.findings, (*result.evidence, *cited))
    return result.model_copy(update={"findings": findings, "evidence": evidence,
                                     "answer": rename_answer(result.answer, names)})
