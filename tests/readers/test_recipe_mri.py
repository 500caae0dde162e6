"""MRI as MedGemma 1.5 was trained to see it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from rendered import assert_as_reviewed
from transformers import AutoProcessor

from caseloom.core.case import CaseFile, FileKind, Series
from caseloom.core.errors import InputError
from caseloom.core.settings import Limits
from caseloom.readers.expect import YesNo
from caseloom.readers.recipes.mri import grey_mri, mri_requests, value_range
from caseloom.readers.recipes.sampling import shown_order
from caseloom.readers.request import Request
from caseloom.sources.volume import load_volume


def ramp(count: int, start: int = 0, kind: type = np.int16, side: int = 2) -> NDArray[Any]:
    return np.broadcast_to(np.arange(start, start + count, dtype=kind)[:, None, None], (count, side, side)).copy()


def one(*sequences: NDArray[Any], **known: Any) -> Request[bool]:
    (request,) = mri_requests(sequences, ["acute infarct"], scope="P-1", **known)
    return request


def greys(request: Request[bool]) -> list[int]:
    return [int(picture.pixels[0, 0, 0]) for picture in request.pictures]


def test_the_range_is_that_of_the_whole_volume_and_not_of_a_slice() -> None:
    assert greys(one(ramp(5))) == [0, 64, 128, 191, 255]


def test_red_green_and_blue_are_alike() -> None:
    for picture in one(ramp(5)).pictures:
        assert (picture.pixels == picture.pixels[..., :1]).all()


def test_a_constant_volume_is_white() -> None:
    assert greys(one(np.full((3, 2, 2), 7, np.uint16))) == [255, 255, 255]


def test_nothing_wraps_or_is_clipped() -> None:
    """Unsigned values, the least below zero, and no percentiles: one bright voxel sets the scale."""
    assert greys(one(np.array([0, 32768, 65535], np.uint16).reshape(3, 1, 1))) == [0, 128, 255]
    assert greys(one(np.array([-32768, 0, 32767], np.int16).reshape(3, 1, 1))) == [0, 128, 255]
    assert greys(one(np.array([0, 10, 4000], np.int16).reshape(3, 1, 1))) == [0, 1, 255]


def test_what_is_not_finite_is_black_and_no_end_of_the_range() -> None:
    odd = np.array([np.nan, 1, 2, 3, np.inf, -np.inf], np.float32).reshape(6, 1, 1)
    assert greys(one(odd)) == [0, 0, 128, 255, 0, 0]
    with pytest.raises(InputError, match="no finite value"):
        one(np.full((3, 2, 2), np.nan, np.float32))


def test_each_sequence_has_its_own_range_and_labels_count_through_the_stack() -> None:
    request = one(ramp(3), ramp(2, start=1000))
    assert greys(request) == [0, 128, 255, 0, 255]
    assert request.parts[2:-1:2] == ("SLICE 1", "SLICE 2", "SLICE 3", "SLICE 4", "SLICE 5")


def test_the_cap_is_on_the_whole_stack() -> None:
    request = one(ramp(100, kind=np.float32), ramp(100, kind=np.float32))
    assert len(request.pictures) == 85
    assert greys(request)[-1] == 255
    middle = [index for index, (before, after) in enumerate(zip(greys(request), greys(request)[1:], strict=False))
              if after < before]
    assert middle == [41]


def test_the_request_is_shared_but_for_the_question() -> None:
    first, second = mri_requests([ramp(4)], ["acute infarct", "multiple sclerosis"], scope="P-1", body_part="brain")
    assert all(one is other for one, other in zip(first.parts[:-1], second.parts[:-1], strict=True))
    assert (first.tool, first.recipe, first.max_tokens, first.expect) == ("volume", "mri/1", 2000, YesNo())
    assert first.parts[0] == ("You are an instructor teaching medical students. You are analyzing a contiguous block "
                              "of MRI slices from the center of the brain. Please review the slices provided below "
                              "carefully.")


@pytest.mark.parametrize("sequences", [[], [np.zeros((0, 2, 2))], [np.zeros((2, 2))], [np.zeros((1, 2, 2), bool)],
                                       [np.zeros((1, 2, 2), np.complex64)], [np.zeros((2, 2, 2)), np.zeros((1, 0, 2))]])
def test_what_is_no_sequence_cannot_be_shown(sequences: list[NDArray[Any]]) -> None:
    with pytest.raises(ValueError, match="MRI sequence"):
        mri_requests(sequences, ["fracture"], scope="P-1")


def test_slices_are_padded_to_a_square_and_absurd_ones_refused() -> None:
    (picture,) = one(np.full((1, 6, 2), 3, np.int16)).pictures
    assert picture.pixels.shape == (6, 6, 3)
    assert (picture.pixels[:, 2:4] == 255).all()
    assert not picture.pixels[:, :2].any()
    with pytest.raises(InputError, match="too large"):
        one(np.zeros((1, 5000, 2), np.int16))


def test_the_prompt_as_reviewed() -> None:
    assert_as_reviewed("mri", one(ramp(2)))
    assert_as_reviewed("mri_with_history", one(ramp(2), body_part="brain", indication="sudden weakness"))


def test_what_the_model_gets(toy_checkpoint: Path) -> None:
    processor = AutoProcessor.from_pretrained(toy_checkpoint, local_files_only=True)
    parts = [{"type": "text", "text": part} if isinstance(part, str) else {"type": "image"}
             for part in one(ramp(2)).parts]
    text = processor.apply_chat_template([{"role": "user", "content": parts}], add_generation_prompt=True)
    assert text == (
        "<bos><start_of_turn>user\nYou are an instructor teaching medical students. You are analyzing a contiguous "
        "block of MRI slices. Please review the slices provided below carefully.<start_of_image>SLICE 1"
        '<start_of_image>SLICE 2Is there acute infarct in the MRI volume? You may write out your argument before '
        'stating your final answer "Final Answer: yes" or "Final Answer: no".<end_of_turn>\n<start_of_turn>model\n')


def test_a_real_brain(shared_data: Path) -> None:
    path = shared_data / "mr/brain1_image.nrrd"
    file = CaseFile(path=path.name, size=path.stat().st_size, kind=FileKind.MR,
                    sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    volume = load_volume(Series(uid="s", kind=FileKind.MR, modality="MR", files=(file,)), path.parent, Limits())
    order = shown_order(volume.instance_numbers)
    assert order == tuple(range(len(volume.voxels)))
    low, high = value_range(volume.voxels)
    assert (low, high) == (volume.voxels.min(), volume.voxels.max())
    request = one(volume.voxels, body_part="brain")
    assert len(request.pictures) == min(85, len(volume.voxels))
    shown = np.stack([picture.pixels for picture in request.pictures])
    assert shown.shape[1] == shown.shape[2] == max(volume.voxels.shape[1:])
    exact = (volume.voxels[-1].astype(np.float64) - low) / (high - low) * 255
    assert np.abs(grey_mri(volume.voxels[-1], low, high) - exact).max() <= 0.5
