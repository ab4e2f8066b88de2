"""Checksums are read as three kinds of headers write them, and nothing else passes for one."""

from __future__ import annotations

import base64
import hashlib

import pytest

from uploads.checksums import Checksum, Running, from_content_digest, from_hex, from_tus
from uploads.errors import UploadInvalid, WrongChecksum

WORDS = b"The weather is good today."


def encoded(algorithm: str) -> str:
    return base64.b64encode(hashlib.new(algorithm, WORDS).digest()).decode()


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_a_tus_checksum_names_its_algorithm(algorithm: str) -> None:
    assert from_tus(f"{algorithm} {encoded(algorithm)}") == Checksum(algorithm, hashlib.new(algorithm, WORDS).digest())


@pytest.mark.parametrize(
    "header",
    [
        f"sha-256=:{encoded('sha256')}:",
        f"md5=:{encoded('md5')}:, sha-256=:{encoded('sha256')}:",
        f"sha-512=:{encoded('sha512')}:,sha-256 = :{encoded('sha256')}: ",
    ],
)
def test_a_content_digest_may_stand_among_others(header: str) -> None:
    assert from_content_digest(header) == Checksum("sha256", hashlib.sha256(WORDS).digest())


def test_hexadecimal_digits_may_be_of_either_case() -> None:
    digits = hashlib.sha256(WORDS).hexdigest()

    assert from_hex(digits.upper()) == from_hex(digits)


@pytest.mark.parametrize(
    "header",
    ["", "sha1", "sha1 ", "crc32 AAAA", f"sha256 {encoded('sha1')}", "sha1 ÄÖÜ", "sha1 " + "A" * 10_000, "md5 x"],
)
def test_what_is_no_tus_checksum_is_refused(header: str) -> None:
    with pytest.raises(UploadInvalid):
        from_tus(header)


@pytest.mark.parametrize("header", ["", "sha-256", "sha-256=abc", f"md5=:{encoded('md5')}:", "sha-256=::", "=" * 5000])
def test_what_is_no_content_digest_is_refused(header: str) -> None:
    with pytest.raises(UploadInvalid):
        from_content_digest(header)


def test_other_bytes_have_another_checksum() -> None:
    running = Running(from_tus(f"sha1 {encoded('sha1')}"))
    running.update(WORDS[:5])
    running.update(WORDS[5:])
    running.verify()

    running.update(b"!")

    with pytest.raises(WrongChecksum):
        running.verify()
