"""Forms of questions about a record, as patterns over a question in small letters: what each asks for."""

from __future__ import annotations

import re
from enum import StrEnum


class Topic(StrEnum):
    """What can be answered from a record by rules."""

    ADVICE = "advice"
    EXISTS = "exists"
    CONDITIONS = "conditions"
    CONDITION_DATE = "condition date"
    CONDITION_END = "condition end"
    FAMILY = "family"
    ALLERGY = "allergy"
    IMMUNIZATION = "immunization"
    MEDICATIONS = "medications"
    MEDICATION_NOW = "medication now"
    MEDICATION_EVER = "medication ever"
    MEDICATION_DATE = "medication date"
    MEDICATION_END = "medication end"
    MEDICATION_SPAN = "medication span"
    CONDITION_SPAN = "condition span"
    PRESCRIBER = "prescriber"
    MEDICATION_REASON = "medication reason"
    MEDICATION_FOR = "medication for"
    EVENT_DATE = "event date"
    PRESCRIPTION = "prescription"
    DEATH = "death"
    REPORT = "report"
    BEYOND = "beyond"
    VALUE = "value"
    COUNT = "count"


WHO = r"(?:the |this |my )?(?:patient|pt|person|he|she|they)"
MEDICINES = r"(?:medications?|medicines?|drugs?|meds|prescriptions?|medical treatments?)"
PROBLEMS = r"(?:conditions?|diagnos[ei]s|problems?|diseases|illness(?:es)?|medical history)"
VACCINE = r"(?:vaccin\w*|immuni[sz]\w*|inoculat\w*|jabs?|shots?)"
PRESCRIBING = r"(?:(?:a |any |some |the )?(?:doctor|physician|clinician|gp)|anyone|anybody|someone|somebody)"
RECEIVE = (r"(?:been (?:prescribed|given|started on|put on|treated with|on)|treated with|taken|taking|used|on"
            r"|prescribed|received|given|take|use)")

ABOVE = r"above|over|greater than|higher than|more than|beyond|exceeding"
BELOW = r"below|under|less than|lower than|fewer than"

ADJECTIVES = {"hypertensive": "hypertension", "diabetic": "diabetes", "prediabetic": "prediabetes",
               "asthmatic": "asthma", "anemic": "anemia", "anaemic": "anemia", "obese": "obesity",
               "epileptic": "epilepsy",
               "depressed": "depression", "pregnant": "pregnancy", "hypothyroid": "hypothyroidism",
               "short of breath": "dyspnea", "breathless": "dyspnea", "tired": "fatigue", "feverish": "fever"}
"""What a patient is called who has a condition."""

_PATTERNS: tuple[tuple[Topic, str], ...] = (
    (Topic.ADVICE, r"\b(?:should|recommend\w*|advi[sc]e\w*|prognosis|best treatment|safe to|what dos(?:e|age) to)\b"),
    (Topic.COUNT, rf"^how (?:many times|often) (?:has|have|had|did|was|were) {WHO} (?:been |ever )*"
                  r"(?:have|had|has|gotten|get|undergone|undergo|given|received?|diagnosed with|prescribed"
                  r"|admitted (?:for|with)) (?P<x>.+)$"),
    (Topic.COUNT, r"^how (?:many times|often) (?:has|have|was|were) (?P<x>.+?) (?:been )?"
                  r"(?:measured|checked|tested|determined|done|performed|recorded)$"),
    (Topic.COUNT, rf"^how many (?P<x>(?!.*\b{VACCINE}\b)(?!.*\b{MEDICINES}\b).+?) (?:were there|are there|was there"
                  rf"|did {WHO} have|has {WHO} had|have there been|(?:are|were) (?:recorded|documented)"
                  rf"|did {WHO} (?:undergo|make))$"),
    (Topic.COUNT, rf"^(?:what (?:is|was) )?(?:the )?number of (?!.*\b{VACCINE}\b)(?P<x>.+)$"),
    (Topic.IMMUNIZATION, rf"\b{VACCINE}\b"),
    (Topic.ALLERGY, r"\b(?:allerg\w+|intoleran\w+)\b"),
    (Topic.FAMILY, r"\b(?:family (?:history|members?)|(?:in|within|through) (?:the |his |her |their )?family"
                   r"|relatives?|mother|mom|mum|dad|father|sons?|daughters?|siblings?|brothers?|sisters?|parents?"
                   r"|grand(?:mother|father|parent)s?|aunts?|uncles?|cousins?)\b"),
    (Topic.MEDICATION_REASON, r"^(?:why|for what|for which \w+|what .*\breason\b).*?\b(?:is|was|has|does|did|were)\b"
                              rf".*?{WHO}.*?\b(?:{RECEIVE})\s+(?P<x>.+)$"),
    (Topic.MEDICATION_REASON, r"^(?:why|for what|for which \w+) (?:is|was|were|are) (?P<x>.+?) "
                              r"(?:prescribed|given|ordered|started|taken|used)\b"),
    (Topic.MEDICATION_REASON, rf"^what (?:is|was|were|are) (?!{WHO}\b)(?P<x>.+?) "
                              r"(?:prescribed|given|taken|used|ordered|started|indicated) (?:for|to treat)$"),
    (Topic.MEDICATION_REASON, rf"^what (?:\w+ )?(?:is|was) {WHO} (?:taking|given|prescribed|on|using) "
                              r"(?P<x>.+?) (?:for|to treat)$"),
    (Topic.MEDICATION_REASON, rf"^(?:what|which) (?:condition|disease|disorder|problem|diagnosis|illness|indication)s? "
                              rf"(?:is|are|was|were|does|do|did) (?!{WHO}\b)(?:the |his |her )?(?P<x>.+?) (?:being )?"
                              r"(?:treat(?:s|ing)?|for|(?:prescribed|used|taken|given|meant|indicated) for)$"),
    (Topic.MEDICATION_REASON, rf"^what (?:is|are|was|were|does|do|did) (?!{WHO}\b)(?:the |his |her )?(?P<x>.+?) "
                              r"(?:treating|treat)$"),
    (Topic.MEDICATION_FOR, rf"^(?:what|which|list|show|does|do|did|is|are|was|has|have|any)\b.*"
                           rf"\b(?:{MEDICINES}|anything|something)\b.*?\b(?:for|to treat|against) "
                           rf"(?!{WHO}$)(?:{WHO}'s )?(?P<x>.+)$"),
    (Topic.MEDICATION_FOR, rf"^(?:what|which \w+) (?:is|was|are|were) (?:used|given|prescribed|taken) "
                           rf"(?:for|to treat|against) (?!{WHO}$)(?:{WHO}'s |his |her )?(?P<x>.+)$"),
    (Topic.MEDICATION_FOR, rf"^{MEDICINES} (?:for|against) (?!{WHO}$)(?P<x>.+)$"),
    (Topic.MEDICATION_REASON, r"^(?:what (?:is|was) )?(?:the )?(?:reason|indication) (?:for|of) (?P<x>.+)$"),
    (Topic.MEDICATION_FOR, rf"^how (?:is|was) (?:{WHO}'s |his |her |the )?(?P<x>.+?) (?:being )?treated$"),
    (Topic.MEDICATION_FOR, rf"^what (?:is|was|has|does) {WHO} (?:been |currently |now |still )*(?:taking|take|given"
                           r"|prescribed|on) (?:for|to treat|against) (?P<x>.+)$"),
    (Topic.PRESCRIPTION, rf"^who (?:has |had |first |last )*(?:prescribed|ordered|started)(?: {WHO}(?: on)?)? "
                         r"(?P<x>.+?),? (?:and|when|why|for what)\b.*$"),
    (Topic.PRESCRIBER, rf"^(?:who|which (?:doctor|physician|clinician|practitioner|provider|prescriber))"
                       rf" (?:has |had |first |last )*(?:prescribed|prescribes|ordered|started|wrote)"
                       rf"(?: {WHO}(?: on)?)? (?P<x>.+)$"),
    (Topic.PRESCRIBER, r"^(?:who (?:is|was) |by )?(?:the )?(?:prescriber|whom?)\b (?:of|for|was|is|were) "
                       r"(?P<x>.+?)(?: prescribed| ordered)?$"),
    (Topic.PRESCRIBER, r"^(?:what (?:is|was) )?(?:the )?name of (?:the )?\w+ (?:who|that) "
                       r"(?:prescribed|ordered|started) (?P<x>.+)$"),
    (Topic.MEDICATION_EVER, rf"^(?:did|has) {PRESCRIBING} (?:ever )?"
                            r"(?:prescribed?|order(?:ed)?|give|given|start(?:ed)?) (?P<x>.+)$"),
    (Topic.MEDICATION_END, r"^when (?:was|were) (?P<x>.+?) (?:stopped|discontinued)$"),
    (Topic.MEDICATION_END, rf"^when did {WHO} (?:stop|discontinue)(?: taking| using)? (?P<x>.+)$"),
    (Topic.MEDICATION_DATE, rf"^when (?:was|were|is) {WHO} (?:\w+ )??(?:prescribed|put on|started on|given) "
                            r"(?P<x>.+)$"),
    (Topic.MEDICATION_DATE, r"^when (?:was|were|is) (?P<x>.+?) (?:prescribed|ordered|started|begun)\b"),
    (Topic.MEDICATION_DATE, rf"^when did {WHO} (?:first )?(?:start|begin)(?: taking| using| on)? (?P<x>.+)$"),
    (Topic.MEDICATION_SPAN, rf"^(?:for )?how long (?:is|has|have|was|did|does) {WHO} (?:been )?"
                            r"(?:on|taking|using|prescribed|take|taken|use) (?P<x>.+)$"),
    (Topic.MEDICATION_SPAN, r"^(?:for )?how long (?:is|has|was) (?P<x>.+?) (?:been )?(?:taken|used|given|prescribed)$"),
    (Topic.MEDICATION_DATE, rf"^since when (?:is|has|have|was) {WHO} (?:been )?"
                            r"(?:on|taking|using|prescribed) (?P<x>.+)$"),
    (Topic.MEDICATION_REASON, rf"^what (?:is|was|are|were) (?!{WHO}\b)(?P<x>[^ ]+(?: [^ ]+){{0,4}}) for$"),
    (Topic.MEDICATIONS, r"^(?:current |active |present |complete |full )*(?:medication|medicine|drug|med)s?"
                        r"(?: list)?$"),
    (Topic.MEDICATIONS, rf"^(?:what|which|summari[sz]e|give|name|list|show|is|are|does|any)\b.*\b{MEDICINES}\b"),
    (Topic.MEDICATIONS, rf"^what (?:is|does|was) {WHO} (?:currently |now )?(?:taking|take|prescribed|on)$"),
    (Topic.MEDICATION_EVER, rf"^(?:has|have|was|were|did|had) {WHO} (?:ever )?{RECEIVE} (?P<x>.+)$"),
    (Topic.MEDICATION_EVER, r"^(?:has|was|were) (?P<x>.+?) (?:ever )?(?:been )?(?:prescribed|started)$"),
    (Topic.MEDICATION_NOW, r"^(?:is|are) (?P<x>.+?) (?:still |currently |now )*(?:being )?(?:taken|used|given)$"),
    (Topic.MEDICATION_NOW, rf"^(?:is|are) {WHO} (?:\w+ )??(?:on|taking|using|prescribed|receiving) (?P<x>.+)$"),
    (Topic.MEDICATION_NOW, rf"^does {WHO} (?:\w+ )??(?:take|use|receive) (?P<x>.+)$"),
    (Topic.CONDITION_DATE, rf"^when (?:was|were) {WHO} (?:\w+ )??diagnosed (?:with|as having) (?P<x>.+)$"),
    (Topic.CONDITION_DATE, r"^when (?:was|were) (?P<x>.+?) (?:first )?(?:diagnosed|detected|noted)$"),
    (Topic.CONDITION_DATE, r"^when (?:was|is) the (?:onset|start|diagnosis) of (?P<x>.+)$"),
    (Topic.CONDITION_DATE, r"^when did (?!the patient )(?P<x>.+?) (?:start|begin|first appear|appear)$"),
    (Topic.CONDITION_DATE, rf"^when did {WHO} (?:\w+ )??(?:get|develop|contract|have|come down with|catch|suffer"
                           r"|sustain|experience) (?P<x>.+)$"),
    (Topic.CONDITION_SPAN, rf"^(?:for )?how long (?:has|does|have|did|was) {WHO} "
                           r"(?:had|have|been (?:suffering from|living with)|suffer(?:ing)? from) (?P<x>.+)$"),
    (Topic.CONDITION_SPAN, r"^(?:for )?how long did (?P<x>.+?) last$"),
    (Topic.CONDITION_SPAN, rf"^(?:for )?how long (?:has|have|is|was) {WHO} (?:been )?"
                           rf"(?P<x>{'|'.join(ADJECTIVES)})$"),
    (Topic.CONDITION_DATE, rf"^since when (?:has|does|have) {WHO} "
                           r"(?:had|have|been (?:suffering from|living with)) (?P<x>.+)$"),
    (Topic.CONDITION_DATE, rf"^since when (?:has|have|is) {WHO} (?:been )?"
                           rf"(?P<x>{'|'.join(ADJECTIVES)})$"),
    (Topic.CONDITION_END, r"^when (?:was|did|were) (?P<x>.+?) "
                          r"(?:resolved?|end(?:ed)?|clear(?:ed)?(?: up)?|heal(?:ed)?)$"),
    (Topic.CONDITIONS, rf"^(?:current |active |past |known )*(?:problem list|{PROBLEMS})$"),
    (Topic.CONDITIONS, rf"^(?:what|which|list|show|summari[sz]e|give|name)\b.*\b{PROBLEMS}\b"),
    (Topic.CONDITIONS, rf"^does {WHO} have any {PROBLEMS}$"),
    (Topic.EXISTS, rf"^(?:does|do|did|has|have|had|is|was|were) {WHO} (?:\w+ )??(?:have|had|has|having|suffer\w* from"
                   r"|been diagnosed with|been treated for|diagnosed with|known (?:with|for)|undergo(?:ne)?|received?)"
                   r" (?P<x>.+)$"),
    (Topic.EVENT_DATE, rf"^(?:is|was|has) {WHO} (?:ever |been )*"
                       r"(?P<x>in (?:the )?hospital|hospitali[sz]ed|admitted.*)$"),
    (Topic.EVENT_DATE, r"^(?:what|which|list|show|name)\b.*\b(?P<x>procedures|operations|surgeries|visits|encounters"
                       r"|admissions)\b(?: .*)?$"),
    (Topic.EXISTS, r"^does (?:the |his |her )?(?:record|chart|file|history) (?:ever )?(?:mention|show|hold|contain|list"
                   r"|document|include) (?P<x>.+)$"),
    (Topic.EXISTS, r"^(?:is|was|are|were) (?P<x>.+?) (?:ever )?(?:documented|recorded|mentioned|listed|on record"
                   r"|diagnosed)$"),
    (Topic.EXISTS, r"^(?:has|did) (?:anyone|anybody|any doctor|a doctor) (?:ever )?diagnosed? (?P<x>.+)$"),
    (Topic.EXISTS, rf"^(?:has|have) {WHO} got (?P<x>.+)$"),
    (Topic.EXISTS, rf"^{WHO} (?:has|have|had|suffers?|suffered|is suffering|is known)(?: from| with)? (?P<x>.+)$"),
    (Topic.EXISTS, rf"^(?:did|has|have) {WHO} (?:ever )?(?P<x>(?:break|broken?|fractured?) .+)$"),
    (Topic.EXISTS, rf"^(?:is|was) {WHO} (?:\w+ )??(?P<x>{'|'.join(ADJECTIVES)})$"),
    (Topic.EXISTS, r"^(?:any|are there any|is there any) (?:signs?|evidence|history|record|mention|documentation) of "
                   r"(?P<x>.+)$"),
    (Topic.EXISTS, r"^(?:has|have|had) there (?:ever )?been (?P<x>.+)$"),
    (Topic.VALUE, rf"^(?:does|is|did|was|has|have) {WHO} (?:ever |currently |still )?"
                  r"(?P<x>smoked?|smoking|a (?:former )?smoker)$"),
    (Topic.DEATH, rf"^(?:is|has|did|when did|when has|has|what did) {WHO} (?:still |already )?"
                  r"(?:alive|dead|deceased|living|died?|pass(?:ed)? away)(?: of)?$"),
    (Topic.REPORT, r"^what (?:did|does|do) (?:the |his |her )?(?P<x>.+?) "
                   r"(?:show|reveal|find|say|conclude|demonstrate)$"),
    (Topic.REPORT, r"^what (?:is|was|were|are) the (?:conclusion|impression|findings?)s? (?:of|in|on) (?P<x>.+)$"),
    (Topic.BEYOND, rf"^(?:is|was|were|has|have|did) (?:{WHO}'s |the |his |her )?(?P<x>.+?) (?:ever )?"
                   rf"(?:been |gone |go |rise |fall )?(?:ever )?(?P<side>{ABOVE}|{BELOW}) "
                   r"(?P<limit>-?\d+(?:\.\d+)?)(?: ?(?P<unit>[^\s\d]\S*))?$"),
    (Topic.EXISTS, r"^(?:is|are|was|were) there (?P<x>.+)$"),
    (Topic.EXISTS, r"^(?:is|are) (?P<x>.+?) (?:still )?(?:active|ongoing|current)$"),
    (Topic.EVENT_DATE, r"^(?:has|have|was|were) (?P<x>.+?) (?:ever )?(?:been )?"
                       r"(?:measured|checked|tested|done|performed)$"),
    (Topic.EXISTS, rf"^(?:is|was) (?P<x>.+?) (?:in|on|part of) (?:{WHO}'s |the )?(?:record|problem list|history)$"),
    (Topic.EVENT_DATE, r"^(?:when|on what date|on which date) (?:was|were|is|did) (?P<x>.+)$"),
    (Topic.EVENT_DATE, r"^(?:what (?:is|was) )?the date of (?P<x>.+)$"),
    (Topic.VALUE, r"^(?:what(?:'s| is| was| are| were)|how (?:is|was)) (?:the )?(?:trend|history|course|development"
                  r"|series) (?:of|in|for) (?P<x>.+)$"),
    (Topic.VALUE, r"^(?:what|how (?:high|low|much|large|big|tall|heavy))(?:'s| is| was| were| are) (?P<x>.+)$"),
    (Topic.VALUE, r"^(?:all|every|(?:the )?(?:trend|history|course|development|series|values) of) (?P<x>.+)$"),
    (Topic.VALUE, r"^(?:show|give|list)(?: me)? (?P<x>.+)$"),
    (Topic.VALUE, r"^(?P<x>.+?),? (?:latest|most recent|last|current)(?: value| result| reading)?$"),
    (Topic.VALUE, r"^(?P<x>(?:the )?(?:latest|last|most recent|current|first|highest|lowest) .+)$"),
)
SAID_OTHERWISE = (
    (r"^(?:(?:in|on|at|since) )?(?:what|which) (?:year|month|day|date|time) (?=was|were|did|is|has)", "when "),
    (rf"^how tall (?:is|was) {WHO}$", "what is the body height"),
    (rf"^(?:how (?:heavy (?:is|was)|much does) {WHO}(?: weigh)?|what does {WHO} weigh)$", "what is the body weight"),
)
"""Beginnings that mean another one."""
FORMS = tuple((topic, re.compile(pattern)) for topic, pattern in _PATTERNS)
"""Topic and pattern, the first that fits counts; the group `x` is what a question is about."""
