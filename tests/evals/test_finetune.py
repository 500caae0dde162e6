"""The recipe for LoRA adapters runs on the toy checkpoint, masks what is not to be learned, and its adapter loads."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from huggingface_hub.utils import _telemetry
from PIL import Image

from caseloom.agent.opened import reader_choice
from caseloom.evals.finetune_lora import IGNORED, Collator, arguments, rows_of, train
from caseloom.readers.local.load import load_checkpoint
from caseloom.readers.local.reader import TransformersReader

pytest.importorskip("trl", reason="the recipe needs the extra `train`")
QUESTION, ANSWER = "Is there a nodule?", "There is none.\nFinal Answer: no"


def pair(tool: str, pictures: int) -> dict[str, Any]:
    content = [*({"type": "image"} for _ in range(pictures)), {"type": "text", "text": QUESTION}]
    return {"messages": [{"role": "user", "content": content},
                         {"role": "assistant", "content": [{"type": "text", "text": ANSWER}]}],
            "images": [f"pictures/{n}.png" for n in range(pictures)], "provenance": {"tool": tool}}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set of pairs with none, one and two pictures."""
    folder = tmp_path_factory.mktemp("set")
    (folder / "pictures").mkdir()
    for n in range(2):
        Image.fromarray(np.full((40, 40, 3), 90 * (n + 1), np.uint8)).save(folder / "pictures" / f"{n}.png")
    lines = [pair("report", 0), pair("volume", 2), pair("localization", 1), pair("report", 0)]
    (folder / "train.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    return folder


def test_the_loss_counts_the_answer_alone_and_never_a_picture(data: Path, toy_checkpoint: Path) -> None:
    from transformers import AutoProcessor

    processor = AutoProcessor.from_pretrained(toy_checkpoint, local_files_only=True)
    batch = Collator(processor)(rows_of(data))
    assert batch["pixel_values"].shape[0] == 3
    assert batch["input_ids"].shape == batch["labels"].shape == batch["token_type_ids"].shape
    for ids, labels, attended in zip(batch["input_ids"], batch["labels"], batch["attention_mask"], strict=True):
        told = processor.tokenizer.decode(labels[labels != IGNORED])
        assert told == f"{ANSWER}<end_of_turn>\n"
        assert torch.all(labels[attended == 0] == IGNORED)
        assert int(attended.sum()) == len(ids) or not attended[-1]
    whole = Collator(processor, learn_prompt=True)(rows_of(data, "volume"))
    told = processor.tokenizer.decode(whole["labels"][0][whole["labels"][0] != IGNORED])
    assert QUESTION in told and ANSWER in told and "image" not in told
    with pytest.raises(SystemExit, match="it holds pairs of: localization, report, volume"):
        rows_of(data, "pathology")


def test_the_recipe_runs_as_documented_over_a_small_set_once(data: Path, toy_checkpoint: Path, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        done = train(arguments(["--data", str(data), "--model", str(toy_checkpoint), "--out", str(tmp_path / "adapter"),
                                "--tool", "report"]))
    assert done["steps"] == 1 and done["last_loss"] == done["first_loss"] > 0


def test_what_is_missing_is_told_in_one_line(data: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"nowhere holds no train\.jsonl"):
        train(arguments(["--data", str(tmp_path / "nowhere"), "--model", "none", "--out", str(tmp_path / "out")]))
    with pytest.raises(SystemExit, match="there is no checkpoint 'none/at-all' on this machine"):
        train(arguments(["--data", str(data), "--model", "none/at-all", "--out", str(tmp_path / "out")]))


def test_the_recipe_runs_a_few_steps_and_its_adapter_reads(data: Path, toy_checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "adapter"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of trl, peft and torch about each other
        done = train(arguments([
            "--data", str(data), "--model", str(toy_checkpoint), "--out", str(out), "--steps", "6", "--batch", "2",
            "--accumulate", "1", "--rate", "0.01"]))
    assert _telemetry._TELEMETRY_THREAD is None  # nothing was told to anybody
    assert done["steps"] == 6 and done["last_loss"] < done["first_loss"]
    config = json.loads((out / "adapter_config.json").read_text("utf-8"))
    assert (config["r"], config["lora_alpha"], config["lora_dropout"], config["bias"]) == (16, 16, 0.05, "none")
    loaded = load_checkpoint(str(toy_checkpoint), cache=tmp_path / "cache", adapters={"volume": out})
    reader = TransformersReader(loaded, cache=tmp_path / "cache")
    assert reader.identity.adapters.keys() == {"volume"}
    assert reader_choice(adapters={"report": out}).adapters == {"report": out}
