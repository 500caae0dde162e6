"""Recipes as the checkpoint's own chat template and tokenizer render them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from caseloom.readers.counts import WRAPPED_PICTURE_TOKENS
from caseloom.readers.recipes.film import box_requests
from caseloom.readers.recipes.record import record_request
from caseloom.readers.recipes.slide import diagnosis_request, finding_requests
from caseloom.readers.request import Picture, Request

TRUE_SOFT_TOKENS = 256


@pytest.fixture(scope="module")
def processor(toy_checkpoint: Path) -> Any:
    from transformers import AutoProcessor

    return AutoProcessor.from_pretrained(toy_checkpoint, local_files_only=True)


def turn(request: Request[Any]) -> list[dict[str, Any]]:
    content = [{"type": "image", "image": part.pixels} if isinstance(part, Picture) else {"type": "text", "text": part}
               for part in request.parts]
    return [{"role": "user", "content": content}]


def shown(processor: Any, request: Request[Any]) -> str:
    return str(processor.apply_chat_template(turn(request), add_generation_prompt=True))


def tokens(processor: Any, request: Request[Any]) -> list[int]:
    ids = processor.apply_chat_template(turn(request), add_generation_prompt=True, tokenize=True, return_dict=True)
    return list(ids["input_ids"][0])


def test_no_picture_takes_more_tokens_than_the_budget_counts(processor: Any):
    patches = [np.full((8, 8, 3), number, np.uint8) for number in range(12)]
    soft = processor.image_seq_length
    lengths = [len(tokens(processor, diagnosis_request(patches[:count], scope="P"))) for count in range(1, 13)]
    assert max(np.diff(lengths)) <= WRAPPED_PICTURE_TOKENS - TRUE_SOFT_TOKENS + soft


def test_questions_about_a_slide_begin_with_the_same_tokens(processor: Any):
    patches = [np.full((8, 8, 3), number, np.uint8) for number in range(3)]
    one, other = (tokens(processor, request) for request in finding_requests(patches, ["tumour", "edema"], scope="P"))
    last = max(index for index, token in enumerate(one)
               if token == processor.tokenizer.convert_tokens_to_ids("<end_of_image>"))
    assert one[:last] == other[:last]


def test_a_record_ends_in_one_ruler_on_its_own_line(processor: Any):
    text = shown(processor, record_request("Conditions:\n- Asthma", "When?", scope="P"))
    assert ("\n===== Patient EHR Data =====\nConditions:\n- Asthma\n===== End of Patient EHR Data =====\nAnswer the "
            "question concisely, without explanation.\nQuestion: When?<end_of_turn>\n<start_of_turn>model\n") in text


def test_a_film_stands_before_its_untrimmed_words(processor: Any):
    text = shown(processor, box_requests(np.ones((4, 4), np.uint8), ["heart"], scope="P")[0])
    assert text.startswith("<bos><start_of_turn>user\n<start_of_image>Instructions:\nThe following")
    assert text.endswith('"label" key. Answer:<end_of_turn>\n<start_of_turn>model\n')
