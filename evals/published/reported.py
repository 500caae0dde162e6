"""Published results, and what must be known before they are quoted.

Numbers are percent as printed: of the MedGemma 1.5 Technical Report (arXiv 2604.05081, with the table where it is
known) and of the model card of google/medgemma-1.5-4b-it (evaluation section). Neither gives intervals.
"""

from __future__ import annotations

from collections.abc import Mapping

from .result import Reported

REPORT, TABLE_4 = "arXiv 2604.05081", "arXiv 2604.05081, Table 4"
CARD = "model card of medgemma-1.5-4b-it"
NOTEBOOK = "Google's notebook evaluate_on_medqa"

_MG1, _MG15, _MG27 = "MedGemma 1 4B", "MedGemma 1.5 4B", "MedGemma 1 27B"
_QWEN, _FLASH, _PRO = "Qwen3 VL 4B", "Gemini 3.0 Flash", "Gemini 3.0 Pro"
_G4, _G27 = "Gemma 3 4B", "Gemma 3 27B"
_CARRIED_OVER = (_MG1, _MG15, _MG27, _QWEN, _FLASH, _PRO)
_NEW_TASKS = (_MG1, _MG15, _MG27, _QWEN, _G4, _G27, _FLASH, _PRO)
_ON_CARD = (_G4, _MG1, _MG15, _MG27)

_Column = tuple[Reported, ...]


def _line(source: str, models: tuple[str, ...], *percent: float | None, of: str = "") -> _Column:
    """One line of a table; None where the table has no number."""
    return tuple(Reported(model=f"{model}{of}", value=round(number / 100, 4), source=source)
                 for model, number in zip(models, percent, strict=True) if number is not None)


_REPORTED: Mapping[tuple[str, str], _Column] = {
    ("ct-conditions", "macro_accuracy"): _line(TABLE_4, _NEW_TASKS, 58.2, 61.1, 57.8, 52.8, 54.5, 55.7, 62.9, 61.0),
    ("mri-conditions", "macro_accuracy"): _line(TABLE_4, _NEW_TASKS, 51.3, 64.7, 57.4, 49.6, 51.1, 50.5, 60.3, 55.5),
    ("ct-rate", "macro_f1"): (*_line(REPORT, (_MG1, _MG15, _FLASH), 23.5, 26.9, 8.5),
                              *_line(CARD, (_MG1, _MG15), 23.5, 27.0)),
    ("ct-rate", "macro_precision"): _line(CARD, (_MG1, _MG15), 34.5, 34.2),
    ("ct-rate", "macro_recall"): _line(CARD, (_MG1, _MG15), 34.1, 42.0),
    ("slide-diagnosis", "rouge_l"): (*_line(TABLE_4, _NEW_TASKS, 2.2, 49.4, 4.1, None, 2.3, 3.2, 13.9, 12.2),
                                     *_line(TABLE_4, ("PolyPath",), 49.8)),
    ("chest-imagenome", "mean_iou"): (*_line(TABLE_4, _NEW_TASKS, 3.1, 38.0, 16.0, 8.7, 5.7, 8.1, 38.5, 39.1),
                                      *_line(TABLE_4, ("CoCa-CXR, lower", "CoCa-CXR, higher"), 30.7, 34.4)),
    ("ms-cxr-t", "macro_accuracy"): (*_line(TABLE_4, _NEW_TASKS, 61.1, 65.7, 50.1, 53.5, 59.0, 52.7, 67.3, 62.9),
                                     *_line(TABLE_4, ("BioViL-T",), 68.5)),
    ("lab-extraction", "macro_f1"): (
        *_line(TABLE_4, _NEW_TASKS, 85, 85, 69, None, 83, 89, 89, 90, of=", Mendeley"),
        *_line(TABLE_4, _NEW_TASKS, 78, 91, 76, None, 84, 93, 92, 93, of=", EHR Dataset 2"),
        *_line(TABLE_4, _NEW_TASKS, 50, 71, 66, None, 61, 74, 74, 90, of=", EHR Dataset 3"),
        *_line(TABLE_4, _NEW_TASKS, 25, 64, 5, None, 41, 52, 82, 81, of=", EHR Dataset 4")),
    ("lab-extraction", "micro_f1"): (
        *_line(CARD, _ON_CARD, 78, 81, 83, 68, of=", Mendeley"),
        *_line(CARD, _ON_CARD, 81, 75, 88, 70, of=", EHR Dataset 2"),
        *_line(CARD, _ON_CARD, 61, 51, 70, 69, of=", EHR Dataset 3"),
        *_line(CARD, _ON_CARD, 41, 33, 67, None, of=", EHR Dataset 4")),
    ("ehrqa", "macro_accuracy"): (*_line(REPORT, _CARRIED_OVER, 67.6, 89.6, 90.5, 87.3, 94.9, 95.2),
                                  *_line(CARD, (_G4,), 70.9)),
    ("medqa", "accuracy"): (*_line(REPORT, _CARRIED_OVER, 64.4, 69.1, 85.3, 76.8, 94.3, 95.1),
                            *_line(CARD, (_G4,), 50.7), *_line(NOTEBOOK, (_MG15,), 70.15)),
    ("slake", "token_f1"): (*_line(REPORT, _CARRIED_OVER, 72.3, 59.8, 70.3, 53.5, 62.5, 62.8),
                            *_line(CARD, (_G4, _MG15), 40.2, 59.7)),
    ("slake", "closed_accuracy"): _line(CARD, _ON_CARD, 62.0, 87.6, 82.8, 85.9),
    ("vqa-rad", "token_f1"): (*_line(REPORT, _CARRIED_OVER, 49.9, 48.1, 46.7, 46.9, 59.5, 60.9),
                              *_line(CARD, (_G4,), 33.6)),
    ("vqa-rad", "closed_accuracy"): _line(CARD, _ON_CARD, 42.1, 69.1, 70.2, 67.1),
    ("report-text", "radgraph_f1"): (*_line(REPORT, _CARRIED_OVER, 21.9, 27.2, 27.0, None, 7.4, 20.8),
                                     *_line(CARD, ("MedGemma 1 4B, tuned for films",), 30.3)),
}

COMMON = ("The published results have no intervals; MedGemma ran at temperature 0, once, the other models at their "
          "default temperature, and the report says that changes of prompts sometimes moved scores a lot.")
_NOTES: Mapping[str, tuple[str, ...]] = {
    "ct-conditions": (
        "Published on CT Dataset 1, internal to Google, balanced by condition (chance is 50 %); numbers on other data "
        "are not comparable.",),
    "mri-conditions": (
        "Published on MRI Dataset 1, internal to Google, balanced by condition (chance is 50 %); numbers on other data "
        "are not comparable. On how many studies is not in the report's Table 2, which gives the numbers of others.",
        "The report contradicts itself: the abstract says +11 % for MRI, Table 4 has 51.3 and 64.7, which is 13.4 "
        "points; the report names 7 conditions, the card 10."),
    "ct-rate": (
        "The publications contradict each other: macro F1 of MedGemma 1.5 4B is 26.9 in the report and 27.0 on the "
        "card; the scans are 1558 in Table 2 and 1564 in the text (the data set's authors count 1564 scans in 3039 "
        "reconstructions); the text calls the metric macro accuracy and macro F1; "
        "the text also says volumes resampled to 480 x 480 x 240, the appendix without resampling.",),
    "slide-diagnosis": (
        "Published on 9614 slides internal to Google; numbers on other data are not comparable.",
        "The report contradicts itself: the abstract says +47 % macro F1 for slides, Table 4 has ROUGE-L 2.2 and "
        "49.4, and there is no macro F1 of slides in it."),
    "chest-imagenome": (
        "Which 10,000 boxes were published on is not said, nor what an answer without a box or with several counts; "
        "here it counts 0, and of several boxes the first is taken.",
        "Of CoCa-CXR two numbers are given."),
    "ms-cxr-t": ("The exact prompt that was published on is not printed; ours is in prompts/pair.md.",),
    "lab-extraction": (
        "How predicted and true tests were paired is not published, nor which 14 of Mendeley's 260 pages were used, "
        "nor their truth; EHR Datasets 2 to 4 are internal to Google. Numbers on other pages are not comparable.",),
    "ehrqa": (
        "Google's questions are not public; these were made from your bundles in the ten published categories, so "
        "numbers are not comparable.",
        "The questions were phrased by the makers of the rules that `measure` answers by, so its score is no measure "
        "of how it does on questions put in other words, and none to hold against a model's.",
        "MedGemma 1.5 4B was trained on the training split of EHRQA, MedGemma 1 4B was not; the card says that record "
        "data went into 27B alone, the report says otherwise."),
    "medqa": ("With 1,000 tokens of output MedGemma 1.5 4B falls to 14.1 % (Google's notebook on reinforcement "
              "learning): thinking is cut off. Here an answer may have 10,000.",),
    "slake": ("Token F1 of MedGemma 1.5 4B is 59.8 in the report and 59.7 on the card; how words are cut is not "
              "published.",),
    "vqa-rad": ("Published on the test part of the balanced split (Yang et al., arXiv 2405.03162), not on the original "
                "one; how words are cut is not published.",),
    "report-text": (
        "RadGraph F1 of MedGemma 1 4B is 21.9 (report of 1.5, it model, new prompts), 29.5 (first report, pt model) "
        "and 30.3 (fine-tuned): not the same thing. All are on 912 MIMIC-CXR films.",),
}


def reported_for(task: str, metric: str) -> tuple[Reported, ...]:
    """Published results of a metric of a task."""
    return _REPORTED.get((task, metric), ())


def notes_of(task: str) -> tuple[str, ...]:
    """What must be known before a task's published results are quoted."""
    return (*_NOTES.get(task, ()), COMMON)
