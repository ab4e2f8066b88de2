"""The reference: Tink's own streaming encryption, given the key of a file."""

from __future__ import annotations

import io
from functools import cache

import tink
from tink import secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

KEY_TYPE = "type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey"


class _Kept(io.BytesIO):
    """Tink closes what it writes to."""

    def close(self) -> None:
        self.content = self.getvalue()
        super().close()


def encrypt(key: bytes, associated_data: bytes, plain: bytes, segment_bytes: int) -> bytes:
    target = _Kept()
    with _primitive(key, segment_bytes).new_encrypting_stream(target, associated_data) as stream:
        stream.write(plain)
    return target.content


def decrypt(key: bytes, associated_data: bytes, sealed: bytes, segment_bytes: int) -> bytes:
    """Raises tink.TinkError."""
    with _primitive(key, segment_bytes).new_decrypting_stream(io.BytesIO(sealed), associated_data) as stream:
        return bytes(stream.read())


def _primitive(key: bytes, segment_bytes: int) -> streaming_aead.StreamingAead:
    _register()
    streaming_key = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, key_value=key)
    streaming_key.params.ciphertext_segment_size = segment_bytes
    streaming_key.params.derived_key_size = 32
    streaming_key.params.hkdf_hash_type = common_pb2.SHA256
    keyset = tink_pb2.Keyset(primary_key_id=1)
    entry = keyset.key.add(key_id=1, status=tink_pb2.ENABLED, output_prefix_type=tink_pb2.RAW)
    entry.key_data.type_url = KEY_TYPE
    entry.key_data.key_material_type = tink_pb2.KeyData.SYMMETRIC
    entry.key_data.value = streaming_key.SerializeToString()
    handle = tink.proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
    return handle.primitive(streaming_aead.StreamingAead)


@cache
def _register() -> None:
    streaming_aead.register()
