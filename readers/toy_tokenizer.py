"""A small tokenizer with Gemma 3's pipeline, special tokens and chat template behaviour."""

from __future__ import annotations

import string
from collections.abc import Iterator

from tokenizers import AddedToken, Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import BPE

SPACE = "▁"
MOST_NEWLINES = 31
CONTROL = ("<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "[multimodal]")
UNUSED = tuple(f"<unused{number}>" for number in range(99))
TURNS = ("<start_of_turn>", "<end_of_turn>")
NEWLINES = tuple("\n" * count for count in range(1, MOST_NEWLINES + 1))
IMAGE = ("<start_of_image>", "<end_of_image>", "<image_soft_token>")
BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))
CHARACTERS = tuple(SPACE + string.ascii_letters + string.digits + string.punctuation)
WORDS = (
    "SLICE", "Final", "Answer", "thought", "```", "json", "box_2d", "label", "▁the", "▁of", "▁is", "▁and", "▁in",
    "▁yes", "▁no", "▁Answer", "▁SLICE", "▁image", "▁CT", "▁slices", "▁pleural", "▁effusion", "▁nodule", "▁heart",
    "▁lung", "▁left", "▁right", "▁question", "Query", "{\"", "\":", "\",", "▁[", "],", "}]", "ing", "tion", "10", "85",
)
SPOKEN = frozenset((*CHARACTERS, *WORDS, "<end_of_turn>"))
"""Tokens that a random model shall write."""

CHAT_TEMPLATE = """\
{%- set glued = namespace(text='') -%}
{%- if messages and messages[0].role == 'system' -%}
    {%- set told = messages[0].content -%}
    {%- set glued.text = (told if told is string else told[0].text) + '\\n\\n' -%}
    {%- set messages = messages[1:] -%}
{%- endif -%}
{{- bos_token -}}
{%- for message in messages -%}
    {%- if (loop.index0 is even) != (message.role == 'user') -%}
        {{- raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') -}}
    {%- endif -%}
    {{- '<start_of_turn>' ~ ('model' if message.role == 'assistant' else message.role) ~ '\\n' -}}
    {{- glued.text if loop.first else '' -}}
    {%- if message.content is string -%}
        {{- message.content | trim -}}
    {%- else -%}
        {%- for part in message.content -%}
            {{- '<start_of_image>' if part.type == 'image' else (part.text | trim if part.type == 'text' else '') -}}
        {%- endfor -%}
    {%- endif -%}
    {{- '<end_of_turn>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- '<start_of_turn>model\\n' -}}
{%- endif -%}
"""


def make_tokenizer() -> Tokenizer:
    """A byte-fallback BPE that gives back any Unicode text, in Gemma 3's order of tokens.

    The ids of `<pad>` 0 to `<end_of_turn>` 106 and of the newlines from 107 are Gemma 3's own; `<unused94>` and
    `<unused95>`, which fence a thinking trace, are 100 and 101. As in Gemma 3 the unused tokens and the newlines are
    added tokens that are not special, so that decoding never drops them, and the image tokens come last.
    """
    merges, merged = _merges()
    vocabulary = {
        token: number
        for number, token in enumerate((*CONTROL, *UNUSED, *TURNS, *NEWLINES, *BYTES, *CHARACTERS, *merged, *IMAGE))
    }
    spelling = {"unk_token": CONTROL[3], "fuse_unk": True, "byte_fallback": True}
    tokenizer = Tokenizer(BPE(vocab=vocabulary, merges=merges, **spelling))
    tokenizer.normalizer = normalizers.Replace(" ", SPACE)
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_tokens([AddedToken(text, special=False, normalized=False) for text in (*UNUSED, *NEWLINES)])
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False)
                                  for text in (*CONTROL, *TURNS, *IMAGE)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", pair="<bos> $A <bos> $B:1", special_tokens=[("<bos>", vocabulary["<bos>"])]
    )
    return tokenizer


def _merges() -> tuple[list[tuple[str, str]], list[str]]:
    """Merges that build each of `WORDS` character by character, and the tokens that they make."""
    merges = dict.fromkeys(pair for word in WORDS for pair in _pairs(word))
    return list(merges), list(dict.fromkeys(left + right for left, right in merges))


def _pairs(word: str) -> Iterator[tuple[str, str]]:
    for end in range(1, len(word)):
        yield word[:end], word[end]
