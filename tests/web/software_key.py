"""A security key in software, as far as a server can tell one from another (WebAuthn, level 2, sections 6 and 7)."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from accounts.models import User

HOST = "localhost"
FLAG = AuthenticatorData.FLAG
PRESENT, VERIFIED, ATTESTED = FLAG.UP, FLAG.UV, FLAG.AT


class SoftwareKey:
    """Enrolled for `owner`, by the row that the site keeps."""

    def __init__(self, owner: User) -> None:
        self._owner, self._id = owner, os.urandom(16)
        self._private = ec.generate_private_key(ec.SECP256R1())
        public = ES256.from_cryptography_key(self._private.public_key())  # type: ignore[no-untyped-call]
        about = AttestedCredentialData.create(bytes(16), self._id, public)
        data = AuthenticatorData.create(_site(), PRESENT | ATTESTED, 0, about)
        made = {
            "clientDataJSON": websafe_encode(_client("webauthn.create", "AA")),
            "attestationObject": websafe_encode(bytes(AttestationObject.create("none", data, {}))),
        }
        row = {"name": "key", "credential": self._credential(made)}
        Authenticator.objects.create(user=owner, type=Authenticator.Type.WEBAUTHN, data=row)

    def answer(self, challenge: str, *, flags: AuthenticatorData.FLAG) -> str:
        """What the browser sends for a challenge, as JSON."""
        client, data = _client("webauthn.get", challenge), AuthenticatorData.create(_site(), flags, 1)
        signed = self._private.sign(bytes(data) + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        shown = {
            "clientDataJSON": websafe_encode(client),
            "authenticatorData": websafe_encode(bytes(data)),
            "signature": websafe_encode(signed),
            "userHandle": websafe_encode(user_pk_to_url_str(self._owner).encode()),
        }
        return json.dumps(self._credential(shown))

    def _credential(self, response: dict[str, str]) -> dict[str, Any]:
        written = websafe_encode(self._id)
        return {
            "id": written,
            "rawId": written,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": response,
        }


def _site() -> bytes:
    return hashlib.sha256(HOST.encode()).digest()


def _client(what: str, challenge: str) -> bytes:
    said = {"type": what, "challenge": challenge, "origin": f"http://{HOST}", "crossOrigin": False}
    return json.dumps(said).encode()
