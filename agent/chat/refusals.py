"""Questions that are not answered whatever a case holds, and the one sentence that says so."""

from __future__ import annotations

import re

ADVICE = "Caseloom gives no advice on treatment, medication or next steps; that is for the treating clinician."
DIAGNOSIS = ("Caseloom makes no diagnosis and does not say what causes a finding; it tells what was recorded, measured "
             "and extracted.")
PROGNOSIS = "Caseloom gives no prognosis."
IDENTITY = "Caseloom does not tell who the patient is, and answers about this case alone."
ORDERS = "Caseloom answers questions about this case and takes no orders about itself."

_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override|system prompt"
    r"|(?:your|these|my|new|previous|prior|all|following) instructions?|pretend|act as|jailbreak|developer mode|execute"
    r"|delete|shell|password|api key|sign the report|sign off|your (?:rules|prompt))\b")
_IDENTITY = re.compile(
    r"\b(?:(?:patient|his|her|their|its)(?:'s)? (?:full |first |last |real )?(?:name|birth ?date|date of birth|address"
    r"|phone|identity|mrn|hospital number)|who is (?:the|this) (?:patient|person)|how old|age of"
    r"|when (?:was|were) (?:he|she|they|the patient|this patient) born|(?:his|her|their|patient's|the patient|what) age"
    r"|year of birth|other patients?"
    r"|another patient|different patient|patient p-|p-[0-9a-f]{4,})\b")
PLANNED = (r"will (?:he|she|they|the patient) (?:have|get|undergo|see|receive|attend) (?:an? |another |the |any )?"
           r"(?P<planned>(?:[a-z-]+ ){0,2}(?:[a-z]+scop(?:y|ies)|[a-z]+(?:ectomy|otomy|plasty)|scan|ct|mri?|film|biopsy"
           r"|operation|surgery|procedure|tests?|count|follow-up|appointment|visit|clinic|infusions?|vaccination))")
"""Of what is arranged, which documents tell; not of what will come of it."""
_PROGNOSIS = re.compile(r"\b(?:prognos\w+|surviv\w+|life expectancy|how long .*\blive|going to die|outlook|outcome"
                        rf"|chances?|(?!{PLANNED}$)will (?:he|she|they|the patient|it)\b.*)\b")
_TAKE = r"(?:take|stop|start|have|give|increase|reduce|continue|switch|fly|drive)"
_ADVICE = re.compile(
    r"\b(?:should|shall we|ought|recommend\w*|advi[sc]e\w*|suggest\w*|what (?:treatment|therapy)|best treatment"
    r"|treatment (?:options?|plan)|how (?:to|do (?:i|we|you)|would you|can (?:i|we)) (?:treat|manage|cure)|next steps?"
    r"|safe to|what dos(?:e|age) (?:to|should|would|do)|need (?:a |an |to )?(?:biopsy|surgery|operation|transfus\w+"
    r"|antibiotics?|treatment|follow[- ]?up|chemotherapy|be (?:treated|operated))"
    r"|what (?:would|do) you (?:do|think|recommend)|would you (?!say\b)\w+"
    rf"|(?:can|could|may) (?:he|she|they|the patient|we|i) {_TAKE}|(?:do|must) (?:i|we) {_TAKE}"
    r"|indicated|necessary|manage\w*)\b|^(?:stop|start|give|increase|reduce|prescribe) (?:the |a )?\w+$")
_DIAGNOSIS = re.compile(
    r"\b(?:what is (?:wrong|the (?:differential|cause|reason|most likely))|diagnose|differential|malignan\w+|benign"
    r"|cancerous|what (?:causes?|caused|explains?|does (?!.*\b(?:letter|note|summary)\b).* (?:mean|indicate|suggest))"
    r"|explain|interpret\w*|could (?:it|this|that) be"
    r"|why (?:is|are|was|were|did|does|has) (?!.*\b(?:prescribed|given|taking|ordered|taken|on|stop|stopped"
    r"|discontinued|withdrawn|come off)\b)|due to|because of"
    r"|caused by|likely|probab\w+|suspicious|serious|dangerous|worr(?:y|ied|ying)|concern\w*|significan(?:t|ce)"
    r"|(?:is|are|was|were) (?:it|this|that|these|those|they|(?:the|this|that|his|her) (?:[a-z]+ ){0,3}"
    r"(?:nodules?|mass(?:es)?|lesions?|opacit(?:y|ies)|tumors?|tissue|effusion|shadow|finding|lump)) (?:an? )?"
    r"(?:[a-z]+ )?(?:cancers?|carcinomas?|tumors?|metasta\w+|lymphomas?|sarcomas?|infection|tuberculosis|pneumonia)"
    r"|what is the (?:main |final |working )?diagnosis|stage is|tnm|grade)\b")
_DOCUMENT = re.compile(
    r"\b(?:do|does|did) (?:the |his |her |this |that )?(?:[a-z]+ )?(?:letters?|notes?|summary|summaries|documents?) "
    r"(?:recommend|advise|suggest|propose|give|say|state|mention)\b")
"""What a document advises is a quotation of it, no advice."""
_REASONS = ((_ORDERS, ORDERS), (_IDENTITY, IDENTITY), (_PROGNOSIS, PROGNOSIS), (_ADVICE, ADVICE),
            (_DIAGNOSIS, DIAGNOSIS))


def refusal(text: str) -> str:
    """Why a question is not answered; empty where it may be.

    Args:
        text: from `wording.plain`.
    """
    quoted = _DOCUMENT.search(text) is not None
    return next((reason for pattern, reason in _REASONS
                 if pattern.search(text) and not (quoted and reason == ADVICE)), "")
