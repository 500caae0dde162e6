"""The tasks' names and what is expected in the folder of each: light, since the command line's help is made of it."""

from __future__ import annotations

from dataclasses import dataclass

CT_CONDITIONS, CT_RATE, MRI_CONDITIONS = "ct-conditions", "ct-rate", "mri-conditions"
SLIDE_DIAGNOSIS, CHEST_IMAGENOME, MS_CXR_T = "slide-diagnosis", "chest-imagenome", "ms-cxr-t"
LAB_EXTRACTION, EHRQA, MEDQA, SLAKE, VQA_RAD = "lab-extraction", "ehrqa", "medqa", "slake", "vqa-rad"
REPORT_TEXT = "report-text"


@dataclass(frozen=True)
class Named:
    """A task as the command line lists it.

    Args:
        name: of the subcommand.
        title: for people.
        layout: what its folder holds, one line.
        apart: pictures may lie in a folder of their own.
    """

    name: str
    title: str
    layout: str
    apart: bool = False


_MIMIC = "and the films of MIMIC-CXR-JPG (files/p10/p1.../s5.../....jpg) in it or under --images"
NAMED = (
    Named(CT_CONDITIONS, "CT conditions, macro accuracy", "cases.jsonl, one CT a line, beside its volumes "
          "(docs/evaluation.md)"),
    Named(CT_RATE, "CT-RATE validation, 18 labels, macro F1", "CT-RATE's dataset folder: "
          "multi_abnormality_labels/valid_predicted_labels.csv and valid_fixed/valid_1/valid_1_a/valid_1_a_1.nii.gz "
          "(or valid/ and metadata/validation_metadata.csv)", apart=True),
    Named(MRI_CONDITIONS, "MRI conditions, macro accuracy", "cases.jsonl, one study a line, beside its volumes "
          "(docs/evaluation.md)"),
    Named(SLIDE_DIAGNOSIS, "Slide diagnosis text, ROUGE-L", "cases.jsonl, one slide a line, beside the slides "
          "(docs/evaluation.md)"),
    Named(CHEST_IMAGENOME, "Chest ImaGenome, boxes of anatomy, mean IoU", "Chest ImaGenome with "
          f"gold_dataset/gold_bbox_coordinate_annotations_1000images.csv or silver_dataset/scene_graph.zip, {_MIMIC}",
          apart=True),
    Named(MS_CXR_T, "MS-CXR-T, change between two films, macro accuracy",
          f"MS_CXR_T_temporal_image_classification_v1.0.0.csv, {_MIMIC}", apart=True),
    Named(LAB_EXTRACTION, "Laboratory reports to rows, macro and micro F1", "pages or PDFs, each with its truth "
          "beside it as NAME.truth.json (docs/evaluation.md)"),
    Named(EHRQA, "Questions about health records, accuracy by category", "FHIR R4 bundles as Synthea writes them "
          "(output/fhir/*.json), one patient a file"),
    Named(MEDQA, "MedQA, four options, accuracy", "MedQA's questions/US/4_options/phrases_no_exclude_test.jsonl"),
    Named(SLAKE, "SLAKE, English, token F1", "SLAKE's test.json and imgs/xmlab1/source.jpg"),
    Named(VQA_RAD, "VQA-RAD, token F1", "'VQA_RAD Dataset Public.json' and 'VQA_RAD Image Folder', and, for the "
          "published split, vqa_rad_balanced_split_and_human_eval_inclusions.tsv"),
)
TEXTS = Named(REPORT_TEXT, "Texts of radiology reports against true ones: statements, ROUGE-L, RadGraph F1",
              "pairs.jsonl, one report and one text a line (docs/evaluation.md)")


def layout_of(name: str) -> str:
    """What a task's folder holds."""
    return next(one.layout for one in (*NAMED, TEXTS) if one.name == name)


def title_of(name: str) -> str:
    """A task's title."""
    return next(one.title for one in (*NAMED, TEXTS) if one.name == name)
