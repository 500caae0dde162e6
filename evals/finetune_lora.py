"""Train a LoRA adapter on what `caseloom export-training` wrote: `pip install 'caseloom[train]'`, then

    python -m caseloom.evals.finetune_lora --data SET --model FOLDER --out ADAPTER --tool report
    caseloom review CASE --reader medgemma --model FOLDER --adapter report=ADAPTER

The settings are those that Google publishes for MedGemma (Google-Health/medgemma, fine_tune_with_hugging_face.ipynb):
LoRA of rank 16, alpha 16, dropout 0.05 on all linear layers; learning rate 2e-4, linear with 3 % warm-up, gradient norm
0.3, one epoch of 4 x 4 pairs. Two things differ. Embeddings and output layer are not trained, since no token is added.
And the loss counts the answer alone, as in the full fine-tuning of the MedGemma technical report (arXiv 2507.05201),
where prompt and pictures are masked; `--learn-prompt` counts the prompt's words too, as that notebook does.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image

IGNORED = -100
"""Label of a token that the loss does not count."""


def rows_of(folder: Path, tool: str | None = None) -> list[dict[str, Any]]:
    """The pairs of a set, of one tool or of all.

    Args:
        folder: that `export-training` wrote.
        tool: who asks: `report` for sections, `volume`, `localization` or `pathology` for readings of pictures.
    """
    if not (folder / "train.jsonl").is_file():
        sys.exit(f"{folder} holds no train.jsonl; `caseloom export-training CASE... --out {folder}` makes it")
    lines = (folder / "train.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    chosen = [row for row in rows if tool in (None, row["provenance"]["tool"])]
    if not chosen:
        known = ", ".join(sorted({row["provenance"]["tool"] for row in rows})) or "none"
        sys.exit(f"{folder} holds no pair of the tool {tool!r}; it holds pairs of: {known}")
    return [{"messages": row["messages"], "images": [str(folder / name) for name in row["images"]]} for row in chosen]


@dataclass(frozen=True)
class Collator:
    """Pairs to a batch, padded on the right as training wants it (answers are generated with padding on the left).

    Args:
        processor: of the checkpoint.
        learn_prompt: count the prompt's words in the loss.
    """

    processor: Any
    learn_prompt: bool = False

    def __call__(self, pairs: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Input ids, masks, token types, pixels of all pictures in a row, and labels."""
        made = [self._encoded(pair) for pair in pairs]
        longest = max(one["input_ids"].shape[0] for one in made)
        padding = {"input_ids": self.processor.tokenizer.pad_token_id, "labels": IGNORED}
        batch = {key: torch.stack([_padded(one[key], longest, padding.get(key, 0)) for one in made])
                 for key in made[0] if key != "pixel_values"}
        pictures = [one["pixel_values"] for one in made if "pixel_values" in one]
        return {**batch, **({"pixel_values": torch.cat(pictures)} if pictures else {})}

    def _encoded(self, pair: dict[str, Any]) -> dict[str, torch.Tensor]:
        whole, prompt = self._tokens(pair, pair["messages"]), self._tokens(pair, pair["messages"][:-1], asks=True)
        labels = whole["input_ids"].clone()
        if not self.learn_prompt:
            labels[:prompt["input_ids"].shape[0]] = IGNORED
        for token in self._unspoken():
            labels[labels == token] = IGNORED
        return {**whole, "labels": labels}

    def _tokens(self, pair: dict[str, Any], messages: list[dict[str, Any]], *, asks: bool = False
                ) -> dict[str, torch.Tensor]:
        """Gemma needs `token_type_ids`: they let the tokens of one picture see each other."""
        text = self.processor.apply_chat_template(messages, add_generation_prompt=asks, tokenize=False)
        pictures = [Image.open(name).convert("RGB") for name in pair["images"]]
        made = self.processor(text=[text], images=[pictures] if pictures else None, return_tensors="pt",
                              add_special_tokens=False)
        made.setdefault("token_type_ids", torch.zeros_like(made["input_ids"]))
        keep = ("input_ids", "attention_mask", "token_type_ids")
        tokens = {key: made[key][0] for key in keep}
        return {**tokens, **({"pixel_values": made["pixel_values"]} if pictures else {})}

    def _unspoken(self) -> list[int]:
        """Tokens that no model writes: padding and those that stand for pictures."""
        tokenizer = self.processor.tokenizer
        names = ("<start_of_image>", "<image_soft_token>", "<end_of_image>")
        return [tokenizer.pad_token_id, *(tokenizer.convert_tokens_to_ids(name) for name in names)]


def _padded(values: torch.Tensor, length: int, filler: int) -> torch.Tensor:
    return torch.nn.functional.pad(values, (0, length - values.shape[0]), value=filler)


def train(options: argparse.Namespace) -> dict[str, float]:
    """Train and save the adapter.

    Returns:
        Steps, and the loss of the first and of the last of them.
    """
    from datasets import Dataset
    from huggingface_hub import constants
    from transformers import AutoProcessor
    from trl.trainer.sft_trainer import SFTTrainer

    constants.HF_HUB_DISABLE_TELEMETRY = True  # trl tells its makers of each training
    constants.HF_HUB_OFFLINE = not options.download
    rows = rows_of(options.data, options.tool)
    try:
        processor = AutoProcessor.from_pretrained(options.model, local_files_only=not options.download)
    except (OSError, ValueError) as error:
        sys.exit(f"there is no checkpoint {options.model!r} on this machine ({type(error).__name__}); give its folder, "
                 "or a hub id with --download")
    trainer = SFTTrainer(model=_model(options), args=_settings(options), peft_config=_lora(),
                         train_dataset=Dataset.from_list(rows),
                         data_collator=Collator(processor, options.learn_prompt), processing_class=processor)
    trainer.train()
    trainer.save_model(str(options.out))
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return {"steps": trainer.state.global_step, "first_loss": losses[0], "last_loss": losses[-1]}


def _lora() -> Any:
    from peft import LoraConfig

    return LoraConfig(r=16, lora_alpha=16, lora_dropout=0.05, bias="none", target_modules="all-linear",
                      task_type="CAUSAL_LM")


def _settings(options: argparse.Namespace) -> Any:
    from trl.trainer.sft_config import SFTConfig

    gpu = torch.cuda.is_available()
    return SFTConfig(
        output_dir=str(options.out / "checkpoints"), max_steps=options.steps, num_train_epochs=options.epochs,
        per_device_train_batch_size=options.batch, gradient_accumulation_steps=options.accumulate,
        learning_rate=options.rate, lr_scheduler_type="linear", warmup_steps=0.03, max_grad_norm=0.3,
        optim="adamw_torch_fused", bf16=gpu, use_cpu=not gpu, gradient_checkpointing=gpu,
        gradient_checkpointing_kwargs={"use_reentrant": False}, disable_tqdm=True, save_strategy="no", report_to=[],
        logging_steps=1, remove_unused_columns=False, label_names=["labels"],
        max_length=None, dataset_kwargs={"skip_prepare_dataset": True}, seed=options.seed, dataloader_pin_memory=gpu)


def _model(options: argparse.Namespace) -> Any:
    """The checkpoint in bfloat16 on a GPU, in float32 elsewhere; attention as it is written out, as Google trains."""
    from transformers import AutoModelForImageTextToText, BitsAndBytesConfig

    gpu = torch.cuda.is_available()
    how: dict[str, Any] = {"dtype": torch.bfloat16 if gpu else torch.float32, "attn_implementation": "eager"}
    if options.four_bit:
        how["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16, bnb_4bit_quant_storage=torch.bfloat16)
    return AutoModelForImageTextToText.from_pretrained(options.model, local_files_only=not options.download, **how)


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The command line's, or those given."""
    parser = argparse.ArgumentParser(description="Train a LoRA adapter on signed corrections.")
    parser.add_argument("--data", type=Path, required=True, help="folder that `caseloom export-training` wrote")
    parser.add_argument("--model", required=True, help="folder of a checkpoint, or a hub id that was downloaded")
    parser.add_argument("--out", type=Path, required=True, help="folder for the adapter")
    parser.add_argument("--tool", help="train on the pairs of one tool: an adapter is used for one")
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--steps", type=int, default=-1, help="stop after so many steps")
    parser.add_argument("--batch", type=int, default=4, help="pairs on the device at once")
    parser.add_argument("--accumulate", type=int, default=4, help="batches of one step")
    parser.add_argument("--rate", type=float, default=2e-4, help="learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--learn-prompt", action="store_true", help="count the prompt's words in the loss too")
    parser.add_argument("--four-bit", action="store_true", help="QLoRA: weights in NF4; needs bitsandbytes")
    parser.add_argument("--download", action="store_true", help="fetch the weights; nothing else uses the network")
    return parser.parse_args(given)


if __name__ == "__main__":
    told = train(arguments())
    sys.stdout.write(f"{json.dumps(told)}\n")
