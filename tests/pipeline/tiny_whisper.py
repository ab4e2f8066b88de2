"""Writes a Whisper checkpoint of random numbers: small, real in every file, and speaking nonsense.

It has the multilingual vocabulary of the real ones (51,865 tokens), so that the real library takes its real paths.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ctranslate2.specs import WhisperSpec, common_spec, transformer_spec
from faster_whisper.tokenizer import _LANGUAGE_CODES
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

WIDTH = 32
HEADS = 2
MELS = 80
SOURCE_POSITIONS = 1500
TARGET_POSITIONS = 448
TEXT_TOKENS = 50257
TIMESTAMPS = 1501
LANGUAGES = 99  # those of the first multilingual models; `yue` came with large-v3

Floats = npt.NDArray[np.float32]


def write(folder: Path, seed: int = 0) -> Path:
    """A model folder as DUBBING_WHISPER_MODEL wants it, about 4 MB."""
    folder.mkdir(parents=True, exist_ok=True)
    text, special = _text_tokens(), _special_tokens()
    timestamps = [f"<|{index * 0.02:.2f}|>" for index in range(TIMESTAMPS)]
    vocabulary = text + special + timestamps
    spec = _spec(np.random.default_rng(seed), len(vocabulary))
    spec.register_vocabulary(vocabulary)
    first_language = TEXT_TOKENS + 2
    spec.config.lang_ids = list(range(first_language, first_language + LANGUAGES))
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.alignment_heads = [(0, head) for head in range(HEADS)]
    spec.validate()
    spec.optimize(quantization="float32")
    spec.save(str(folder))
    _tokenizer(text, special).save(str(folder / "tokenizer.json"))
    (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": MELS}))
    return folder


def _text_tokens() -> list[str]:
    """The 256 bytes and words made up to fill the vocabulary; `Ġ` is a space in front.

    The empty one at the end is what CTranslate2 knows a multilingual vocabulary by.
    """
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [f"Ġ{'bdfgklmnprstvz'[index % 14]}{'aeiou'[index % 5]}{index}" for index in range(TEXT_TOKENS)]
    return [*(letters + words)[: TEXT_TOKENS - 1], ""]


def _special_tokens() -> list[str]:
    languages = [f"<|{code}|>" for code in _LANGUAGE_CODES if code != "yue"][:LANGUAGES]
    tasks = ["translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps"]
    return ["<|endoftext|>", "<|startoftranscript|>", *languages, *(f"<|{task}|>" for task in tasks)]


def _tokenizer(text: list[str], special: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE({token: index for index, token in enumerate(text)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    return tokenizer


def _spec(random: np.random.Generator, vocabulary_size: int) -> WhisperSpec:
    spec = WhisperSpec(1, HEADS, 1, HEADS)
    encoder, decoder = spec.encoder, spec.decoder
    for conv, inputs in ((encoder.conv1, MELS), (encoder.conv2, WIDTH)):
        conv.weight, conv.bias = _noise(random, WIDTH, inputs, 3), np.zeros(WIDTH, np.float32)
    encoder.position_encodings.encodings = _noise(random, SOURCE_POSITIONS, WIDTH)
    decoder.position_encodings.encodings = _noise(random, TARGET_POSITIONS, WIDTH)
    decoder.embeddings.weight = _noise(random, vocabulary_size, WIDTH)
    decoder.projection.weight = decoder.embeddings.weight
    _norm(encoder.layer_norm)
    _norm(decoder.layer_norm)
    _block(random, encoder.layer[0])
    _block(random, decoder.layer[0])
    _attention(random, decoder.layer[0].attention, (WIDTH, 2 * WIDTH, WIDTH))
    return spec


def _block(
    random: np.random.Generator,
    layer: transformer_spec.TransformerEncoderLayerSpec | transformer_spec.TransformerDecoderLayerSpec,
) -> None:
    _attention(random, layer.self_attention, (3 * WIDTH, WIDTH))
    _norm(layer.ffn.layer_norm)
    _linear(random, layer.ffn.linear_0, 4 * WIDTH, WIDTH)
    _linear(random, layer.ffn.linear_1, WIDTH, 4 * WIDTH)


def _attention(random: np.random.Generator, attention: object, outputs: tuple[int, ...]) -> None:
    _norm(attention.layer_norm)  # type: ignore[attr-defined]
    for linear, width in zip(attention.linear, outputs, strict=True):  # type: ignore[attr-defined]
        _linear(random, linear, width, WIDTH)


def _linear(random: np.random.Generator, linear: common_spec.LinearSpec, outputs: int, inputs: int) -> None:
    linear.weight, linear.bias = _noise(random, outputs, inputs), np.zeros(outputs, np.float32)


def _norm(norm: common_spec.LayerNormSpec) -> None:
    norm.gamma, norm.beta = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)


def _noise(random: np.random.Generator, *shape: int) -> Floats:
    return (random.standard_normal(shape) * 0.2).astype(np.float32)
