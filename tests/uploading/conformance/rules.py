"""Every rule, in the order of the protocol."""

from __future__ import annotations

from tests.uploading.conformance import (
    checksums,
    concatenation,
    core,
    creation,
    expiration,
    termination,
)
from tests.uploading.conformance.rule import Rule

RULES: tuple[Rule, ...] = (
    *core.RULES,
    *creation.RULES,
    *expiration.RULES,
    *checksums.RULES,
    *termination.RULES,
    *concatenation.RULES,
)
