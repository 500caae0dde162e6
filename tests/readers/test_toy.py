from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from jinja2 import TemplateError
from PIL import Image
from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor

from caseloom.readers.toy import ToyShape, write_toy_checkpoint
from caseloom.readers.toy_tokenizer import make_tokenizer

PICTURE = Image.fromarray(np.arange(30 * 50 * 3, dtype=np.uint8).reshape(30, 50, 3))


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}


def turn(role: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "content": list(parts)}


@pytest.fixture(scope="module")
def processor(toy_checkpoint: Path) -> Any:
    return AutoProcessor.from_pretrained(toy_checkpoint, local_files_only=True)


@pytest.fixture(scope="module")
def model(toy_checkpoint: Path) -> Any:
    return AutoModelForImageTextToText.from_pretrained(toy_checkpoint, local_files_only=True)


def prompt_of(processor: Any, *parts: dict[str, Any]) -> Any:
    return processor.apply_chat_template([turn("user", *parts)], add_generation_prompt=True, tokenize=True,
                                         return_dict=True, return_tensors="pt")


def test_text_parts_are_trimmed_and_joined_without_a_separator(processor: Any) -> None:
    slices = [{"type": "image"}, text("SLICE 85"), text("\n\nIs there a nodule? \n")]

    shown = processor.apply_chat_template([turn("user", text(" Read this.\n"), *slices)], add_generation_prompt=True)

    assert shown == ("<bos><start_of_turn>user\nRead this.<start_of_image>SLICE 85Is there a nodule?<end_of_turn>\n"
                     "<start_of_turn>model\n")


def test_the_system_text_is_glued_untrimmed_to_the_first_user_turn(processor: Any) -> None:
    talk = [turn("system", text(" Be brief. ")), turn("user", text("One")), turn("assistant", text("Two")),
            turn("user", text("Three"))]

    assert processor.apply_chat_template(talk) == (
        "<bos><start_of_turn>user\n Be brief. \n\nOne<end_of_turn>\n<start_of_turn>model\nTwo<end_of_turn>\n"
        "<start_of_turn>user\nThree<end_of_turn>\n"
    )


@pytest.mark.parametrize("roles", [
    ("user", "user"), ("assistant",), ("user", "assistant", "assistant"), ("system", "assistant"),
])
def test_roles_out_of_order_are_an_error(processor: Any, roles: tuple[str, ...]) -> None:
    with pytest.raises(TemplateError, match="roles must alternate"):
        processor.apply_chat_template([turn(role, text("a")) for role in roles])


def test_an_image_becomes_its_soft_tokens_between_blank_lines(processor: Any, model: Any) -> None:
    prompt = prompt_of(processor, text("a"), {"type": "image", "image": PICTURE}, text("b"))

    shown = processor.tokenizer.decode(prompt["input_ids"][0])
    assert shown == ("<bos><start_of_turn>user\na\n\n<start_of_image>" + "<image_soft_token>" * 4 +
                     "<end_of_image>\n\nb<end_of_turn>\n<start_of_turn>model\n")
    assert prompt["pixel_values"].shape == (1, 3, 56, 56)
    assert int((prompt["input_ids"] == model.config.image_token_id).sum()) == 4
    assert torch.equal(prompt["token_type_ids"], (prompt["input_ids"] == model.config.image_token_id).long())


def test_special_tokens_have_gemmas_ids_where_it_fixes_them(processor: Any, model: Any) -> None:
    known = {"<pad>": 0, "<eos>": 1, "<bos>": 2, "<unk>": 3, "<unused0>": 6, "<unused94>": 100, "<unused95>": 101,
             "<unused98>": 104, "<start_of_turn>": 105, "<end_of_turn>": 106, "\n": 107, "\n\n": 108}
    tokenizer = processor.tokenizer

    assert {token: tokenizer.convert_tokens_to_ids(token) for token in known} == known
    assert tokenizer.convert_tokens_to_ids([tokenizer.boi_token, tokenizer.eoi_token, tokenizer.image_token]) == [
        model.config.boi_token_index, model.config.eoi_token_index, model.config.image_token_index]
    assert len(tokenizer) < model.config.text_config.vocab_size
    assert model.generation_config.eos_token_id == [1, 106]
    assert model.generation_config.do_sample is False


def test_the_fences_of_a_thinking_trace_survive_decoding(processor: Any) -> None:
    written = "<unused94>thought\nhm<unused95>yes"
    ids = processor.tokenizer.encode(written + "<end_of_turn>", add_special_tokens=False)

    assert ids[0] == 100
    assert processor.tokenizer.decode(ids, skip_special_tokens=True) == written


@pytest.mark.parametrize("written", [
    "a  b   c ", " leading", "SLICE 85Final Answer: yes", "Ångström µm²", "患者の左肺 🫁 ẞ", "\t\r\n\n\n", "\x00\x7f",
])
def test_any_text_comes_back(written: str) -> None:
    tokenizer = make_tokenizer()

    assert tokenizer.decode(tokenizer.encode(written, add_special_tokens=False).ids) == written


def test_words_are_single_tokens_and_unknown_ones_are_spelled() -> None:
    tokenizer = make_tokenizer()

    assert tokenizer.encode("SLICE 85", add_special_tokens=False).tokens == ["SLICE", "▁", "85"]
    assert tokenizer.encode("é", add_special_tokens=False).tokens == ["<0xC3>", "<0xA9>"]


def test_it_has_the_true_architecture(model: Any) -> None:
    text_config = model.config.text_config

    assert type(model).__name__ == "Gemma3ForConditionalGeneration"
    assert set(text_config.layer_types) == {"sliding_attention", "full_attention"}
    assert text_config.num_key_value_heads < text_config.num_attention_heads
    patches = (model.config.vision_config.image_size // model.config.vision_config.patch_size) ** 2
    assert patches > model.config.mm_tokens_per_image


def test_pictures_and_words_move_the_logits(processor: Any, model: Any) -> None:
    other = Image.fromarray(255 - np.asarray(PICTURE))

    def last(image: Image.Image, words: str) -> torch.Tensor:
        with torch.no_grad():
            return model(**prompt_of(processor, {"type": "image", "image": image}, text(words))).logits[0, -1]

    plain = last(PICTURE, "a")
    assert float((plain - last(other, "a")).abs().max()) > 0.05
    assert float((plain - last(PICTURE, "b")).abs().max()) > 0.05


def test_it_writes_text_and_not_one_word_for_ever(processor: Any, model: Any) -> None:
    prompt = prompt_of(processor, {"type": "image", "image": PICTURE}, text("1"))

    answer = model.generate(**prompt, max_new_tokens=40)[0, prompt["input_ids"].shape[1]:]

    assert len(set(answer.tolist())) > 4
    assert "\N{REPLACEMENT CHARACTER}" not in processor.tokenizer.decode(answer)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_seed_writes_the_same_bytes(toy_checkpoint: Path, tmp_path: Path) -> None:
    again = files(write_toy_checkpoint(tmp_path / "again"))
    other = files(write_toy_checkpoint(tmp_path / "other", seed=1))

    assert again == files(toy_checkpoint)
    assert [name for name in again if again[name] != other[name]] == ["model.safetensors"]
    assert sum(map(len, again.values())) < 2_000_000


def test_it_is_marked_as_a_toy(toy_checkpoint: Path) -> None:
    assert AutoConfig.from_pretrained(toy_checkpoint, local_files_only=True).caseloom_toy is True


def test_the_shape_can_be_chosen(tmp_path: Path) -> None:
    folder = write_toy_checkpoint(tmp_path, shape=ToyShape(image_size=112, tokens_per_image=16, text_layers=6))
    processor = AutoProcessor.from_pretrained(folder, local_files_only=True)
    model = AutoModelForImageTextToText.from_pretrained(folder, local_files_only=True)

    prompt = prompt_of(processor, {"type": "image", "image": PICTURE}, text("a"))

    assert int((prompt["input_ids"] == model.config.image_token_id).sum()) == 16
    with torch.no_grad():
        assert model(**prompt, logits_to_keep=1).logits.shape[1] == 1
