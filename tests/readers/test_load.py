from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from caseloom.core.errors import ReaderUnavailable, StoreError
from caseloom.readers.local.load import Loaded, choose_device, load_checkpoint
from caseloom.readers.toy import ToyShape, write_toy_checkpoint

Change = Callable[[Path], Any]


@pytest.fixture(scope="module")
def loaded(toy_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load_checkpoint(str(toy_checkpoint), cache=tmp_path_factory.mktemp("cache"), device="cpu")


def test_a_folder_is_loaded_ready_to_read(loaded: Loaded) -> None:
    assert type(loaded.model).__name__ == "Gemma3ForConditionalGeneration"
    assert not loaded.model.training
    assert not any(parameter.requires_grad for parameter in loaded.model.parameters())
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {torch.float32} == {loaded.dtype}
    assert loaded.model.config._attn_implementation == "sdpa"
    assert loaded.tokenizer is loaded.processor.tokenizer
    assert type(loaded.processor.image_processor).__name__ == "Gemma3ImageProcessorPil"


def test_identity_names_the_model_and_no_path(loaded: Loaded, toy_checkpoint: Path) -> None:
    identity = loaded.identity

    assert (identity.name, identity.model, identity.revision, identity.dtype) == (
        "toy", toy_checkpoint.name, None, "float32")
    assert identity.interprets
    assert len(identity.weights_sha256 or "") == 64
    assert str(toy_checkpoint.parent) not in identity.model_dump_json()


def test_a_toy_may_not_write_a_report(loaded: Loaded, toy_checkpoint: Path, tmp_path: Path) -> None:
    unmarked = shutil.copytree(toy_checkpoint, tmp_path / "unmarked")
    edit("config.json", caseloom_toy=None)(unmarked)

    assert loaded.identity.unfit == "it is a toy checkpoint with random weights"
    assert load_checkpoint(str(unmarked), cache=tmp_path, device="cpu").identity.unfit is None


def test_what_the_library_saves_itself_is_loaded(loaded: Loaded, tmp_path: Path) -> None:
    loaded.model.save_pretrained(tmp_path / "again", max_shard_size="200KB")
    loaded.processor.save_pretrained(tmp_path / "again")
    again = load_checkpoint(str(tmp_path / "again"), cache=tmp_path / "cache", device="cpu")

    assert len(list((tmp_path / "again").glob("*.safetensors"))) > 1
    theirs = dict(again.model.named_parameters())
    assert all(torch.equal(parameter, theirs[name]) for name, parameter in loaded.model.named_parameters())
    assert again.identity.weights_sha256 != loaded.identity.weights_sha256


def as_published(folder: Path) -> None:
    """Name tensors and settings as the hub's Gemma 3 and MedGemma repositories do, which older libraries wrote."""
    tensors = load_file(folder / "model.safetensors")
    renamed = {name.replace("vision_tower.", "vision_tower.vision_model."): tensor for name, tensor in tensors.items()}
    assert renamed.keys() != tensors.keys()
    save_file(renamed, folder / "model.safetensors", metadata={"format": "pt"})
    content = json.loads((folder / "config.json").read_text())
    kept = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
            "head_dim", "query_pre_attn_scalar", "sliding_window", "vocab_size", "model_type")
    content["text_config"] = {
        **{key: content["text_config"][key] for key in kept}, "sliding_window_pattern": 3,
        "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
    }
    content["vision_config"] = {key: value for key, value in content["vision_config"].items()
                                if key in {*kept, "image_size", "patch_size", "vision_use_head"}}
    content["torch_dtype"] = "bfloat16"
    del content["dtype"], content["tie_word_embeddings"]
    (folder / "config.json").write_text(json.dumps(content))


def test_a_folder_as_the_hub_publishes_it_is_loaded(loaded: Loaded, toy_checkpoint: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(toy_checkpoint, tmp_path / "published")
    as_published(folder)

    published = load_checkpoint(str(folder), cache=tmp_path, device="cpu")

    text = published.model.config.text_config
    assert text.layer_types == loaded.model.config.text_config.layer_types
    assert text.rope_parameters["full_attention"] == {"rope_type": "linear", "factor": 8.0, "rope_theta": 1_000_000.0}
    assert text.rope_parameters["sliding_attention"]["rope_type"] == "default"
    theirs = dict(published.model.named_parameters())
    assert all(torch.equal(parameter, theirs[name]) for name, parameter in loaded.model.named_parameters())


def hub_cache(toy: Path, home: Path, model: str, revision: str) -> None:
    repository = home / "hub" / f"models--{model.replace('/', '--')}"
    shutil.copytree(toy, repository / "snapshots" / revision)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(revision)


LOAD = """
import json, socket, sys
def refuse(*_, **__): raise AssertionError("the network was asked")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from pathlib import Path
from caseloom.core.errors import ReaderUnavailable
from caseloom.readers.local.load import load_checkpoint
try:
    loaded = load_checkpoint(sys.argv[1], cache=Path(sys.argv[2]), device="cpu")
    print(loaded.identity.model_dump_json())
except ReaderUnavailable as error:
    print(error); sys.exit(error.exit_code)
"""


def load_alone(name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """In a process whose hub cache lies in `folder`, with online mode on and a network that fails the test."""
    settings = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "TRANSFORMERS_"))}
    return subprocess.run([sys.executable, "-W", "error", "-c", LOAD, name, str(folder / "cache")], check=False,
                          capture_output=True, text=True, env={**settings, "HF_HOME": str(folder / "hf")})


def test_a_hub_id_is_found_in_the_local_cache_without_any_network(toy_checkpoint: Path, tmp_path: Path) -> None:
    hub_cache(toy_checkpoint, tmp_path / "hf", "google/medgemma-1.5-4b-it", "a1" * 20)

    done = load_alone("google/medgemma-1.5-4b-it", tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    identity = json.loads(done.stdout)
    assert (identity["model"], identity["revision"]) == ("google/medgemma-1.5-4b-it", "a1" * 20)


def test_missing_weights_say_how_to_get_them_without_asking_the_network(tmp_path: Path) -> None:
    done = load_alone("google/medgemma-1.5-4b-it", tmp_path)

    assert (done.returncode, done.stderr) == (4, "")
    assert done.stdout.count("\n") == 1
    for words in ("not on this machine", "HAI-DEF", "the page of google/medgemma-1.5-4b-it on Hugging Face",
                  "hf download google/medgemma-1.5-4b-it", "--download", "--model", "--reader measure works now"):
        assert words in done.stdout


def test_a_download_that_cannot_reach_the_hub_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(ReaderUnavailable, match="could not be fetched") as caught:
        load_checkpoint("caseloom-tests/absent", cache=tmp_path, download=True)

    assert "\n" not in str(caught.value)


class Gate(BaseHTTPRequestHandler):
    """A hub that knows the model and gives it out to nobody, in the hub's own words."""

    def do_GET(self) -> None:
        self.send_response(401 if "gated" in self.path else 404)
        self.send_header("X-Error-Code", "GatedRepo" if "gated" in self.path else "RepoNotFound")
        self.send_header("X-Error-Message", "Access to the model is restricted.")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.mark.parametrize("name", ["google/gated", "google/absent"])
def test_a_gated_model_says_which_terms_to_accept(name: str, tmp_path: Path) -> None:
    program = LOAD.replace("cache=", "download=True, cache=").replace(
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse", "")
    with ThreadingHTTPServer(("127.0.0.1", 0), Gate) as hub:
        threading.Thread(target=hub.serve_forever, daemon=True).start()
        place = {**os.environ, "HF_HOME": str(tmp_path / "hf"), "HF_ENDPOINT": f"http://127.0.0.1:{hub.server_port}"}
        done = subprocess.run([sys.executable, "-c", program, name, str(tmp_path)], check=False, capture_output=True,
                              text=True, env={**place, "NO_PROXY": "127.0.0.1"})
        hub.shutdown()

    assert done.returncode == 4, done.stderr
    assert done.stdout.count("\n") == 1
    assert f"the hub does not give out '{name}' to this account" in done.stdout
    assert f"Accept its terms (HAI-DEF for MedGemma) on the page of {name} on Hugging Face" in done.stdout


@pytest.mark.parametrize("name", ["/no/such/folder", "medgemma", "a/b/c", "../x", ""])
def test_a_name_that_is_neither_folder_nor_hub_id(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ReaderUnavailable, match="measure works now"):
        load_checkpoint(name, cache=tmp_path)


def edit(name: str, *inside: str, **changes: Any) -> Change:
    """Change a JSON file of a checkpoint; None takes a key away."""

    def change(folder: Path) -> None:
        content = json.loads((folder / name).read_text())
        part = content
        for key in inside:
            part = part[key]
        part.update(changes)
        for key in [key for key, value in changes.items() if value is None]:
            del part[key]
        (folder / name).write_text(json.dumps(content))

    return change


def write(name: str, content: bytes) -> Change:
    return lambda folder: (folder / name).write_bytes(content)


def remove(name: str) -> Change:
    return lambda folder: (folder / name).unlink()


def truncate(folder: Path) -> None:
    os.truncate(folder / "model.safetensors", 300_000)


def without_a_tensor(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors.pop(min(tensors))
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


SPOILT: list[tuple[str, Change, str]] = [
    ("no configuration", remove("config.json"), "no config.json"),
    ("configuration cut short", write("config.json", b"{"), "config.json can't be read"),
    ("configuration of bytes", write("config.json", b"\xff\xfe"), "config.json can't be read"),
    ("configuration deeply nested", write("config.json", b"[" * 100_000), "config.json can't be read"),
    ("configuration a list", write("config.json", b"[]"), "not a JSON object"),
    ("text alone", edit("config.json", model_type="gemma3_text"), "can't see pictures"),
    ("another model", edit("config.json", model_type="llama"), "'llama', not a Gemma 3"),
    ("another class", edit("config.json", architectures=["Gemma3ForCausalLM"]), "not a Gemma 3 that reads pictures"),
    ("code of its own", edit("config.json", auto_map={"AutoConfig": "x.Y"}, model_type="mine"), "'mine', not"),
    ("quantized", edit("config.json", quantization_config={"quant_method": "gptq"}), "quantization_config"),
    ("other weights named", edit("config.json", transformers_weights="../x.safetensors"), "transformers_weights"),
    ("endless layers", edit("config.json", "text_config", num_hidden_layers=10**9), "text_config .* makes no sense"),
    ("layers that contradict", edit("config.json", "text_config", num_hidden_layers=7), "missing or damaged"),
    ("no vision", edit("config.json", vision_config=None), "vision_config .* makes no sense"),
    ("an adapter", write("adapter_config.json", b"{}"), "give it with --adapter"),
    ("no weights", remove("model.safetensors"), "no model.safetensors"),
    ("pickled weights", pickled, "pickled, which can run code"),
    ("weights cut short", truncate, "model.safetensors is missing, damaged or incomplete"),
    ("empty weights", write("model.safetensors", b""), "damaged or incomplete"),
    ("weights of garbage", write("model.safetensors", b"\xff" * 1000), "damaged or incomplete"),
    ("training shards", write("shard-00001-model-00001-of-00001.safetensors", b""), "shards of a training run"),
    ("a tensor less", without_a_tensor, "not those of its config.json"),
    ("other sizes", edit("config.json", "text_config", intermediate_size=64), "not those of its config.json"),
    ("no tokenizer", remove("tokenizer.json"), "no tokenizer.json"),
    ("tokenizer of nothing", write("tokenizer.json", b"{}"), "not a tokenizer of Gemma's kind"),
    ("no image processor", remove("preprocessor_config.json"), "image processor are missing"),
    ("image processor of another", edit("preprocessor_config.json", size={"height": 28, "width": 28}), "56 x 56"),
    ("tokens per picture", edit("processor_config.json", image_seq_length=9), "tokens per picture differ"),
    ("picture token", edit("config.json", image_token_index=5), "tokens for pictures differ"),
    ("small vocabulary", edit("config.json", "text_config", vocab_size=512), "does not know"),
    ("no template", remove("chat_template.jinja"), "no chat template"),
    ("broken template", write("chat_template.jinja", b"{% for %}"), "can't be rendered"),
    ("template without pictures", write("chat_template.jinja", b"{{ messages[0].role }}"), "does not set pictures"),
]


@pytest.mark.parametrize(("change", "words"), [case[1:] for case in SPOILT], ids=[case[0] for case in SPOILT])
def test_a_spoilt_folder_is_one_clear_line(change: Change, words: str, toy_checkpoint: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(toy_checkpoint, tmp_path / "spoilt")
    change(folder)

    with pytest.raises(ReaderUnavailable, match=words) as caught:
        load_checkpoint(str(folder), cache=tmp_path / "cache", device="cpu")

    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert "'spoilt'" in str(caught.value)


def test_a_shard_that_is_not_there(toy_checkpoint: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(toy_checkpoint, tmp_path / "spoilt")
    remove("model.safetensors")(folder)
    for name, words in (("gone.safetensors", "gone.safetensors is missing"), ("../x.safetensors", "outside")):
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": name}}))
        with pytest.raises(ReaderUnavailable, match=words):
            load_checkpoint(str(folder), cache=tmp_path / "cache", device="cpu")


def test_weights_that_do_not_fit_are_refused_before_they_are_loaded(tmp_path: Path) -> None:
    """Run where the process may take little memory: the library's own allocations fail."""
    folder = write_toy_checkpoint(tmp_path / "wide", shape=ToyShape(text_width=768))
    size = (folder / "model.safetensors").stat().st_size
    program = "import resource\nimport torch, transformers.models.gemma3.modeling_gemma3\n" + LOAD.replace(
        "try:", "now = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
                f"resource.setrlimit(resource.RLIMIT_AS, (now + {size * 7 // 5},) * 2)\ntry:")

    done = subprocess.run([sys.executable, "-c", program, str(folder), str(tmp_path / "cache")], check=False,
                          capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})

    assert done.returncode == 4, done.stderr
    assert "GB of memory" in done.stdout
    assert done.stdout.count("\n") == 1


def test_a_cache_that_cannot_be_written_to_is_named(toy_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="cache folder"):
        load_checkpoint(str(toy_checkpoint), cache=tmp_path / "file" / "cache", device="cpu")


def test_no_half_precision_that_overflows() -> None:
    assert choose_device("cpu") == (torch.device("cpu"), torch.float32)
    device, dtype = choose_device(None)
    if torch.cuda.is_available():
        assert device.type == "cuda"
        assert dtype == (torch.bfloat16 if torch.cuda.get_device_capability()[0] >= 8 else torch.float32)
    else:
        assert (device, dtype) == choose_device("cpu")
