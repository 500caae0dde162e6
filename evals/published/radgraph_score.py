"""RadGraph F1 through the package `radgraph` (Stanford-AIMI, MIT; extra `report-scores`), whose model is downloaded.

RadGraph F1: entities and relations that a model finds in both texts (Jain et al., NeurIPS Datasets and Benchmarks
2021; Delbrouck et al., EMNLP Findings 2022). Which of the package's levels the MedGemma reports mean is not said; the
one of entities with whether they have a relation (`partial`, RG_ER) is taken.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from pathlib import Path

from ...core.errors import ReaderUnavailable

MODEL, ARCHIVE, REPOSITORY = "radgraph", "radgraph.tar.gz", "StanfordAIMI/RRG_scorers"
_HOW = "pip install 'caseloom[report-scores]'"


def radgraph_f1(truth: Sequence[str], said: Sequence[str], cache: Path, *, download: bool) -> list[float]:
    """RadGraph F1 of each text against its report, 0..1; 0 where one of them is empty.

    Args:
        truth: the reports.
        said: the texts that are scored.
        cache: folder for the model; its encoder and tokenizer are kept where transformers keeps those of all models.
        download: allow all of them to be fetched; else nothing is asked of the hub.

    Raises:
        ReaderUnavailable: the package is not installed, or its model is not there and may not or cannot be fetched.
    """
    if find_spec("radgraph") is None:
        raise ReaderUnavailable(f"RadGraph is not installed; {_HOW}, or leave --radgraph out")
    folder = cache / "radgraph"
    if not (folder / MODEL / "weights.th").is_file():
        _fetch(folder, download=download)
    try:
        with _hub(download=download), redirect_stdout(sys.stderr):  # the package prints
            from radgraph import F1RadGraph

            scorer = F1RadGraph(reward_level="partial", model_type=MODEL, model_cache_dir=str(folder))
            _, scores, *_ = scorer(refs=list(truth), hyps=list(said))
    except OSError as error:
        raise ReaderUnavailable("RadGraph's model, or the encoder or tokenizer that it rests on, cannot be loaded "
                                f"({type(error).__name__}); --download fetches what is missing") from error
    return [float(score) for score in scores]


@contextmanager
def _hub(*, download: bool) -> Iterator[None]:
    """Keep the package from the hub while it loads, unless a download is wanted: it asks for its encoder and tokenizer
    there, and has no option not to."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or not download
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def _fetch(folder: Path, *, download: bool) -> None:
    """Fetch the model's archive, which the package unpacks."""
    if not download:
        raise ReaderUnavailable(f"RadGraph's model is not in {folder}; --download fetches it, or leave --radgraph out")
    from huggingface_hub import hf_hub_download

    try:
        hf_hub_download(repo_id=REPOSITORY, filename=ARCHIVE, cache_dir=folder)
    except OSError as error:
        raise ReaderUnavailable(f"RadGraph's model cannot be fetched ({type(error).__name__}); check the "
                                "connection") from error
