from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from made_adapter import merged, write_adapter

from caseloom.core.errors import ReaderUnavailable
from caseloom.readers.local.adapters import weights_for
from caseloom.readers.local.load import Loaded, load_checkpoint
from caseloom.readers.toy import ToyShape, write_toy_checkpoint


@pytest.fixture(scope="module")
def adapter(toy_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_adapter(tmp_path_factory.mktemp("adapters") / "volume", toy_checkpoint)


def load(base: Path, cache: Path, **adapters: Path) -> Loaded:
    return load_checkpoint(str(base), cache=cache, adapters=adapters, device="cpu")


def logits(loaded: Loaded, tool: str) -> torch.Tensor:
    ids = loaded.tokenizer("Is there a nodule?", return_tensors="pt")["input_ids"]
    with torch.no_grad(), weights_for(loaded.model, tool, loaded.identity.adapters):
        found: torch.Tensor = loaded.model(input_ids=ids).logits
    return found


def test_one_tool_reads_with_the_adapter_and_the_others_with_the_model_alone(
    toy_checkpoint: Path, adapter: Path, tmp_path: Path
) -> None:
    plain = load(toy_checkpoint, tmp_path)
    other = write_adapter(tmp_path / "labs", toy_checkpoint, seed=1)
    adapted = load(toy_checkpoint, tmp_path, volume=adapter, labs=other)

    base = logits(plain, "records")
    assert torch.equal(logits(adapted, "records"), base)
    assert float((logits(adapted, "volume") - base).abs().max()) > 0.1
    assert float((logits(adapted, "labs") - logits(adapted, "volume")).abs().max()) > 0.1
    assert torch.equal(logits(adapted, "records"), base)
    assert torch.equal(logits(adapted, "volume"), logits(load(toy_checkpoint, tmp_path, volume=adapter), "volume"))
    assert torch.equal(logits(adapted, "labs"), logits(load(toy_checkpoint, tmp_path, volume=other), "volume"))
    assert not any(parameter.requires_grad for parameter in adapted.model.parameters())


def test_it_computes_what_peft_itself_computes(toy_checkpoint: Path, adapter: Path, tmp_path: Path) -> None:
    loaded = load(toy_checkpoint, tmp_path, volume=adapter)

    with torch.no_grad():
        ids = loaded.tokenizer("Is there a nodule?", return_tensors="pt")["input_ids"]
        expected = merged(toy_checkpoint, adapter)(input_ids=ids).logits
    torch.testing.assert_close(logits(loaded, "volume"), expected, rtol=1e-4, atol=1e-4)


def test_layers_replaced_as_in_googles_recipe_are_used_for_that_tool_only(toy_checkpoint: Path, tmp_path: Path) -> None:
    googles = write_adapter(tmp_path / "google", toy_checkpoint, targets="all-linear", task_type="CAUSAL_LM",
                            modules_to_save=["lm_head", "embed_tokens"])
    loaded = load(toy_checkpoint, tmp_path, volume=googles)
    base = logits(load(toy_checkpoint, tmp_path), "volume")

    with torch.no_grad():
        ids = loaded.tokenizer("Is there a nodule?", return_tensors="pt")["input_ids"]
        expected = merged(toy_checkpoint, googles)(input_ids=ids).logits
    torch.testing.assert_close(logits(loaded, "volume"), expected, rtol=1e-4, atol=1e-4)
    assert torch.equal(logits(loaded, "records"), base)


@pytest.mark.parametrize("settings", [{"init_lora_weights": "pissa"}, {"init_lora_weights": "olora"},
                                      {"use_dora": True}, {"alora_invocation_tokens": [5]}, {"bias": "all"}],
                         ids=str)
def test_an_adapter_that_changes_more_than_it_says_is_refused(
    settings: dict[str, Any], toy_checkpoint: Path, adapter: Path, tmp_path: Path
) -> None:
    config = json.loads((adapter / CONFIG).read_text(encoding="utf-8")) | settings
    with pytest.raises(ReaderUnavailable, match=next(iter(settings))):
        load(toy_checkpoint, tmp_path / "cache", volume=spoil(adapter, tmp_path, CONFIG, json.dumps(config).encode()))


def test_an_error_while_reading_leaves_the_model_alone(toy_checkpoint: Path, adapter: Path, tmp_path: Path) -> None:
    loaded = load(toy_checkpoint, tmp_path, volume=adapter)
    before = logits(loaded, "records")

    with pytest.raises(KeyboardInterrupt), weights_for(loaded.model, "volume", loaded.identity.adapters):
        raise KeyboardInterrupt

    assert torch.equal(logits(loaded, "records"), before)


def test_identity_tells_adapters_apart(toy_checkpoint: Path, adapter: Path, tmp_path: Path) -> None:
    other = write_adapter(tmp_path / "other", toy_checkpoint, seed=1)
    one, two = load(toy_checkpoint, tmp_path, volume=adapter), load(toy_checkpoint, tmp_path, volume=other)

    assert set(one.identity.adapters) == {"volume"}
    assert len(one.identity.adapters["volume"]) == 64
    assert one.identity.adapters != two.identity.adapters
    assert one.identity.weights_sha256 == two.identity.weights_sha256
    assert one.weights_sha256("volume") != two.weights_sha256("volume")
    assert one.weights_sha256("labs") == two.weights_sha256("labs")


def spoil(adapter: Path, folder: Path, name: str, content: bytes | None) -> Path:
    spoilt = shutil.copytree(adapter, folder / "spoilt")
    if content is None:
        (spoilt / name).unlink()
    else:
        (spoilt / name).write_bytes(content)
    return spoilt


CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"


@pytest.mark.parametrize(("name", "content", "words"), [
    (CONFIG, None, "it is no adapter"),
    (CONFIG, b"{", "adapter_config.json can't be read"),
    (CONFIG, b'{"peft_type": "PROMPT_TUNING"}', "'PROMPT_TUNING', not LORA"),
    (CONFIG, b'{"peft_type": "LORA", "r": 2, "lora_alpha": 8, "target_modules": 7}', "'target_modules' of its"),
    (CONFIG, b'{"peft_type": "LORA", "r": 2, "lora_alpha": 8, "target_modules": "["}', "'target_modules' of its"),
    (CONFIG, b'{"peft_type": "LORA", "r": 2, "lora_alpha": 8, "target_modules": ["x"], "bias": 1}', "'bias' of its"),
    (CONFIG, b'{"peft_type": "LORA", "r": 2, "lora_alpha": 8, "target_modules": ["nothing"]}', "not made for this"),
    (WEIGHTS, None, "pickled weights are not read"),
    (WEIGHTS, b"\x00" * 20, "damaged or incomplete"),
])
def test_a_spoilt_adapter_is_one_clear_line(
    name: str, content: bytes | None, words: str, toy_checkpoint: Path, adapter: Path, tmp_path: Path
) -> None:
    with pytest.raises(ReaderUnavailable, match=words) as caught:
        load(toy_checkpoint, tmp_path / "cache", volume=spoil(adapter, tmp_path, name, content))

    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_an_adapter_of_another_model_is_refused(toy_checkpoint: Path, tmp_path: Path) -> None:
    for shape in (ToyShape(text_width=32), ToyShape(text_layers=6)):
        base = write_toy_checkpoint(tmp_path / f"{shape.text_width}-{shape.text_layers}", shape=shape)
        stranger = write_adapter(tmp_path / f"of-{base.name}", base)
        with pytest.raises(ReaderUnavailable, match="was not made for this model"):
            load(toy_checkpoint, tmp_path / "cache", volume=stranger)


def test_an_adapter_that_leaves_no_weights_behind_is_refused(
    toy_checkpoint: Path, adapter: Path, tmp_path: Path
) -> None:
    def retarget(config: dict[str, Any]) -> dict[str, Any]:
        return {**config, "target_modules": r".*\.(q_proj|v_proj|down_proj|up_proj)"}

    changed = json.dumps(retarget(json.loads((adapter / CONFIG).read_text()))).encode()

    with pytest.raises(ReaderUnavailable, match="was not made for this model"):
        load(toy_checkpoint, tmp_path / "cache", volume=spoil(adapter, tmp_path, CONFIG, changed))


def test_no_folder_at_all(toy_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(ReaderUnavailable, match="'nowhere' can't be used: given with --adapter, it has no"):
        load(toy_checkpoint, tmp_path, volume=tmp_path / "nowhere")
