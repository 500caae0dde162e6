#!/usr/bin/env bash
# Start vLLM with MedGemma 1.5 for Caseloom, on this machine only. See docs/serving.md.
#
#   scripts/serve_vllm.sh [MODEL_ID_OR_FOLDER] [more vLLM options]
#
# Environment: PORT (8000).
set -euo pipefail

model="google/medgemma-1.5-4b-it"
if [[ $# -gt 0 && $1 != -* ]]; then
    model="$1"
    shift
fi
port="${PORT:-8000}"

if ! command -v vllm >/dev/null; then
    echo "vllm is not installed here; it needs a GPU: https://docs.vllm.ai has its installation" >&2
    exit 4
fi

# Nothing is reported to anybody, and nothing is fetched: get the weights first with `hf download`.
export VLLM_NO_USAGE_STATS=1 DO_NOT_TRACK=1 HF_HUB_DISABLE_TELEMETRY=1 HF_HUB_OFFLINE=1

# What each option is for:
#   host                         nobody else on the network can ask, or send, anything
#   dtype                        the model was trained in bfloat16; float16 overflows
#   max-model-len                126 slide patches are 32,760 tokens; then text and answer
#   limit-mm-per-prompt          126 patches, 85 slices; vLLM's own limit is lower
#   enable-prefix-caching        many questions about the same slices compute these once
#   enable-prompt-tokens-details answers say how much was taken from that cache
#   chat-template-content-format pictures stay between the texts where the recipe puts them
#   generation-config            vLLM's plain defaults; Caseloom asks for greedy decoding itself
#   seed                         nothing is drawn in greedy decoding; set all the same
exec vllm serve "$model" \
    --host 127.0.0.1 \
    --port "$port" \
    --served-model-name "$(basename "$model")" \
    --dtype bfloat16 \
    --max-model-len 36864 \
    --limit-mm-per-prompt '{"image": 126}' \
    --enable-prefix-caching \
    --enable-prompt-tokens-details \
    --chat-template-content-format openai \
    --generation-config vllm \
    --seed 0 \
    "$@"
