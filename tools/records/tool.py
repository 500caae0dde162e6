"""The records tool: FHIR files, notes and letters of one patient into dated facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from time import perf_counter

from ...core.case import CaseFile, FileKind, Identity, Study
from ...core.errors import RefusedFile
from ...core.orders import NOT_TAKEN_UP, gives_orders, without_orders
from ...core.refusal import Refusal, RefusalCode
from ...core.result import Answer, AnswerStatus, Step, ToolResult
from ...sources.fhir import read_record
from ...sources.fhir_fields import Resource, clean, code_words, flag_of, text_of
from ...sources.fhir_record import Record
from ..base import MEASURED, ToolContext, refuse, source_of
from ..blanking import people_of, people_of_study
from .attached import attachments_of, stated_facts, texts_of
from .clinical import READERS
from .facts import Fact, evidence_of, finding_of, without_names
from .harvest import RecordHarvest
from .read import answer_with_reader
from .results import NOT_YET, Panels, is_silent, observation_facts
from .texts import text_facts

NOT_FACTS = frozenset({"Patient", "Practitioner", "PractitionerRole", "Organization", "Location", "Medication",
                       "Specimen", "Device", "RelatedPerson", "OperationOutcome", "Group", "Substance"})
"""Types that other resources refer to, and that state nothing about the patient by themselves."""


class RecordsTool:
    """Dated facts of health records, and answers to questions about them."""

    name = "records"

    def gate(self, study: Study) -> Refusal | None:
        """Records, notes and documents may run."""
        if study.kind in {FileKind.RECORD, FileKind.NOTE, FileKind.DOCUMENT}:
            return None
        return refuse(study, RefusalCode.UNSUPPORTED, "not a health record, a note or a document")

    def run(self, study: Study, context: ToolContext) -> ToolResult:
        """The facts of all files of a study, and the answer to the context's question if there is one."""
        began, harvest = perf_counter(), RecordHarvest()
        for file in study.files:
            try:
                if study.kind is FileKind.RECORD:
                    _take_record(file, context, harvest)
                else:
                    text_facts(file, context, harvest)
            except RefusedFile as error:
                harvest.refuse(file, error)
        return ToolResult(tool=self.name, reader=context.reader.identity.name, findings=tuple(harvest.findings),
                          evidence=tuple(harvest.evidence), refused=tuple(harvest.refused),
                          warnings=tuple(harvest.warnings), answer=_answer(study, context, harvest),
                          seconds=perf_counter() - began)


def _answer(study: Study, context: ToolContext, harvest: RecordHarvest) -> Answer | None:
    if context.question is None:
        return None
    if context.patient is None and len(harvest.people) > 1:
        return Answer(text="The record holds several people; say whose it is (review with --patient) before asking.",
                      status=AnswerStatus.DECLINED,
                      steps=(Step(tool="records", arguments={"question": context.question}),))
    people = (*people_of_study(study, context), *people_of(None, harvest.people))
    return answer_with_reader(context.question, harvest.findings, harvest.evidence, context.reader,
                              context.opaque_patient, people)


def _take_record(file: CaseFile, context: ToolContext, harvest: RecordHarvest) -> None:
    """Add the facts of one FHIR file; what is about other people stays out and is counted."""
    record = read_record(context.root / file.path, context.limits)
    chosen = list(_chosen(record, context, harvest))
    patient = context.patient
    others = [who for who in record.identities() if patient is not None and not patient.owns(who)]
    if others and not chosen:
        harvest.refused.append(Refusal(file=file.path, code=RefusalCode.OTHER_PATIENT,
                                       reason="the record is about another patient"))
        return
    stated = sum(map(_states, record.resources))
    if others and stated > len(chosen):
        harvest.refused.append(Refusal(
            file=file.path, code=RefusalCode.OTHER_PATIENT,
            reason=f"{stated - len(chosen)} of its {stated} entries are about other patients or do not say "
                   "about whom; they were left out"))
    _add_facts(file, context, record, chosen, harvest)
    harvest.warnings.extend(f"{file.path}: {warning}" for warning in (*record.warnings, *_unused(chosen)))


def _chosen(record: Record, context: ToolContext, harvest: RecordHarvest) -> Iterator[tuple[int, Resource, Identity]]:
    """Place, resource and subject of every statement about the patient (without a case: about any person)."""
    people = record.identities()
    harvest.people += [who for who in people if who not in harvest.people]
    alone = context.patient is None or all(context.patient.owns(who) for who in people)
    for place, resource in enumerate(record.resources, 1):
        if not _states(resource):
            continue
        who = record.subject(resource)
        mine = alone if who.is_empty else context.patient is None or context.patient.owns(who)
        if mine and not record.is_about_a_thing(resource):
            yield place, resource, who


def _states(resource: Resource) -> bool:
    """Whether a resource states something about the patient; a Patient does where it tells of a death."""
    if resource["resourceType"] == "Patient":
        return bool(text_of(resource, "deceasedDateTime") or flag_of(resource, "deceasedBoolean"))
    return resource["resourceType"] not in NOT_FACTS


def _add_facts(file: CaseFile, context: ToolContext, record: Record,
               chosen: Sequence[tuple[int, Resource, Identity]], harvest: RecordHarvest) -> None:
    source, panels = source_of(file), Panels(record)
    names = [name for who in record.identities() for name in who.names]
    names += context.patient.names if context.patient else ()
    for place, resource, who in chosen:
        if _is_error(resource):
            continue
        for fact in _facts(resource, text_of(resource, "id") or f"#{place}", record, panels):
            told = _without_orders(_blanked(fact, names))
            shown = evidence_of(told, source)
            harvest.evidence += shown
            harvest.findings.append(finding_of(told, shown, reader=MEASURED,
                                               patient=opaque(who, context, harvest)))


def _facts(resource: Resource, key: str, record: Record, panels: Panels) -> Iterator[Fact]:
    kind = resource["resourceType"]
    if kind == "Observation":
        yield from observation_facts(resource, key, panels)
    elif kind in READERS:
        yield from READERS[kind](resource, key, record)
        yield from stated_facts(resource, key)


def opaque(who: Identity, context: ToolContext, harvest: RecordHarvest) -> str:
    """The patient a finding is of: the case's, or without a case the first person, the second ..., by number."""
    if context.patient is not None or who.is_empty or harvest.people[0] == who:
        return context.opaque_patient
    return f"{context.opaque_patient}-{harvest.people.index(who) + 1}"


def _blanked(fact: Fact, names: Sequence[str]) -> Fact:
    """The fact without anybody's name in its free text."""
    value = fact.value
    if fact.words is not None:
        return replace(fact, words=without_names(fact.words, names))
    if value is None or value.text is None or value.number is not None:
        return fact
    blank = value.model_copy(update={"text": clean(without_names(value.text, names))})
    return replace(fact, value=blank)


def _without_orders(fact: Fact) -> Fact:
    """The fact without words that give orders to a program; one that is named by them keeps its kind alone."""
    name = f"{fact.label} entry{NOT_TAKEN_UP}" if gives_orders(fact.name) else fact.name
    code, value = fact.code, fact.value
    if code is not None:
        code = code.model_copy(update={"display": without_orders(code.display)})
    if value is not None and value.text is not None:
        value = value.model_copy(update={"text": without_orders(value.text)})
    words = None if fact.words is None else without_orders(fact.words)
    return replace(fact, name=name, code=code, value=value, words=words,
                   details=tuple(replace(detail, text=without_orders(detail.text)) for detail in fact.details))


def _is_error(resource: Resource) -> bool:
    return text_of(resource, "status") == "entered-in-error" or "entered-in-error" in code_words(
        resource, "verificationStatus")


def _unused(chosen: Sequence[tuple[int, Resource, Identity]]) -> Iterator[str]:
    """What the record also holds and nothing was made of."""
    wrong = sum(_is_error(resource) for _, resource, _ in chosen)
    if wrong:
        yield f"{wrong} resources marked as entered in error were left out"
    kinds = Counter(str(resource["resourceType"]) for _, resource, _ in chosen
                    if resource["resourceType"] not in READERS and resource["resourceType"] != "Observation")
    if kinds:
        counted = ", ".join(f"{kind} {number}" for kind, number in sorted(kinds.items()))
        yield f"kinds of resources that are not read in this version: {counted}"
    observations = [resource for _, resource, _ in chosen if resource["resourceType"] == "Observation"]
    if silent := sum(map(is_silent, observations)):
        yield f"{silent} observations hold no value (headings of panels, results not given) and became no finding"
    if pending := sum(text_of(resource, "status") in NOT_YET for resource in observations):
        yield f"{pending} observations are registered, cancelled or of unknown status and were left out"
    yield from _texts(resource for _, resource, _ in chosen)


def _texts(resources: Iterable[Resource]) -> Iterator[str]:
    """How the documents inside resources were read."""
    read = unread = orders = 0
    for resource in resources:
        texts = dict(texts_of(resource))
        read += bool(texts)
        orders += any(map(gives_orders, texts.values()))
        unread += any(path not in texts for path, _ in attachments_of(resource))
    if read:
        yield (f"of the plain texts in {read} reports and documents only statements about conditions, symptoms and "
               "procedures of a fixed list were read, by rules")
    if orders:
        yield f"{orders} of these texts give orders to a program, so nothing that they state was taken up"
    if unread:
        yield f"{unread} documents embedded in the record were not read"
