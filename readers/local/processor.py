"""A checkpoint's tokenizer, image processor and chat template, and whether they belong to its model."""

from __future__ import annotations

from math import isqrt
from typing import Any

from huggingface_hub.errors import StrictDataclassError
from jinja2 import TemplateError
from transformers import AutoConfig, Gemma3Processor
from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil

from ...core.errors import ReaderUnavailable
from .checkpoint import Checkpoint, read_json, unusable

_DAMAGE = (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, StrictDataclassError)
"""What transformers raises for a configuration or processor files that are missing or make no sense."""


def load_processor(checkpoint: Checkpoint) -> Any:
    """The checkpoint's Gemma3Processor, with the image processor that needs PIL alone.

    The other one, of torchvision, scales pictures slightly differently; answers shall not depend on what else is
    installed.

    Raises:
        ReaderUnavailable: files are missing or damaged, or they are not those of the checkpoint's model.
    """
    _check_tokenizer_file(checkpoint)
    damaged = unusable(checkpoint.model, "the files of its configuration, tokenizer or image processor are missing or "
                                         "damaged; get them again")
    try:
        config = AutoConfig.from_pretrained(checkpoint.folder, local_files_only=True, trust_remote_code=False)
        images = Gemma3ImageProcessorPil.from_pretrained(checkpoint.folder, local_files_only=True)
        processor = Gemma3Processor.from_pretrained(checkpoint.folder, local_files_only=True, trust_remote_code=False)
    except _DAMAGE as error:
        raise damaged from error
    except Exception as error:
        if type(error) is not Exception:  # the tokenizers library raises this class itself, and no other
            raise
        raise damaged from error
    processor.image_processor = images
    _check_tokens(processor, config, checkpoint.model)
    _check_pictures(processor, config, checkpoint.model)
    _check_template(processor, checkpoint.model)
    return processor


def _check_tokenizer_file(checkpoint: Checkpoint) -> None:
    content = read_json(checkpoint.folder / "tokenizer.json", checkpoint.model)
    model = content.get("model")
    if not isinstance(model, dict) or not isinstance(model.get("vocab"), dict) or "added_tokens" not in content:
        raise unusable(checkpoint.model, "its tokenizer.json is not a tokenizer of Gemma's kind")


def _check_tokens(processor: Any, config: Any, model: str) -> None:
    tokenizer = processor.tokenizer
    if max(tokenizer.get_vocab().values()) >= config.text_config.vocab_size:
        raise _strangers(model, "it has tokens that the model does not know")
    ours = (tokenizer.image_token_id, tokenizer.boi_token_id, tokenizer.eoi_token_id)
    if ours != (config.image_token_id, config.boi_token_id, config.eoi_token_id):
        raise _strangers(model, "their tokens for pictures differ")
    turns = tokenizer.convert_tokens_to_ids(["<start_of_turn>", "<end_of_turn>"])
    if tokenizer.unk_token_id in turns or None in turns:
        raise _strangers(model, "it has no tokens for the turns of a talk")


def _check_pictures(processor: Any, config: Any, model: str) -> None:
    if processor.image_seq_length != config.mm_tokens_per_image:
        raise _strangers(model, "the numbers of tokens per picture differ")
    side = config.vision_config.image_size
    size = processor.image_processor.size or {}
    if (size.get("height"), size.get("width")) != (side, side):
        raise unusable(model, f"its image processor does not scale to the {side} x {side} pixels that its model takes")
    if config.vision_config.patch_size < 1 or config.mm_tokens_per_image < 1:
        raise unusable(model, "the vision_config of its config.json makes no sense")
    patches = side // config.vision_config.patch_size
    if patches % isqrt(config.mm_tokens_per_image):
        raise unusable(model, "its picture size and its tokens per picture contradict each other")


def _check_template(processor: Any, model: str) -> None:
    """Whether the chat template puts pictures where they belong between texts."""
    if not processor.chat_template:
        raise unusable(model, "it has no chat template (chat_template.jinja); take the instruction-tuned model, "
                              "whose name ends in -it")
    parts = [{"type": "text", "text": "before"}, {"type": "image"}, {"type": "text", "text": "after"}]
    try:
        shown = processor.apply_chat_template([{"role": "user", "content": parts}], add_generation_prompt=True)
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
        raise unusable(model, "its chat template can't be rendered") from error
    before, found, after = shown.partition(processor.tokenizer.boi_token)
    if not found or not before.endswith("before") or not after.startswith("after"):
        raise unusable(model, "its chat template does not set pictures between texts as Gemma 3's does")


def _strangers(model: str, why: str) -> ReaderUnavailable:
    return unusable(model, f"its tokenizer is not that of its model: {why}")
