"""Changes that programs which read bytes are seldom ready for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
BLOCK_BYTES = 4096


def flipped(data: bytearray, random: Random) -> bytearray:
    for _ in range(random.randint(1, 20)):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return data


def with_numbers(data: bytearray, random: Random) -> bytearray:
    """Sizes and counts that nothing has."""
    for _ in range(random.randint(1, 6)):
        size = random.choice((1, 2, 4, 8))
        number = random.choice(NUMBERS) % 256**size
        at = random.randrange(len(data))
        data[at : at + size] = number.to_bytes(size, random.choice(("big", "little")))
    return data


def shortened(data: bytearray, random: Random) -> bytearray:
    return data[: random.randrange(len(data))]


def without_a_block(data: bytearray, random: Random) -> bytearray:
    at = random.randrange(len(data))
    del data[at : at + random.randint(1, BLOCK_BYTES)]
    return data


def with_a_block_again(data: bytearray, random: Random) -> bytearray:
    at, to = random.randrange(len(data)), random.randrange(len(data))
    data[to:to] = data[at : at + random.randint(1, BLOCK_BYTES)] * random.randint(1, 50)
    return data


def with_noise(data: bytearray, random: Random) -> bytearray:
    at = random.randrange(len(data))
    data[at : at + random.randint(1, 256)] = random.randbytes(random.randint(1, 256))
    return data


CHANGES: Sequence[Callable[[bytearray, Random], bytearray]] = (
    flipped,
    with_numbers,
    with_numbers,
    shortened,
    without_a_block,
    with_a_block_again,
    with_noise,
)
HEAD_BYTES = 2048  # where the structure of most files is said


def mutated(data: bytes, random: Random) -> bytes:
    """One to three changes; every other time only in the first bytes."""
    head = HEAD_BYTES if random.random() < 0.5 and len(data) > 2 * HEAD_BYTES else len(data)
    part, rest = bytearray(data[:head]), data[head:]
    for _ in range(random.randint(1, 3)):
        part = random.choice(CHANGES)(part, random) or bytearray(b"\0")
    return bytes(part) + rest
