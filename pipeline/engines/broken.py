"""Stands in for another package's engine that cannot be loaded: listed, never ready, and says why."""

from __future__ import annotations

from pipeline.engines.base import EngineKind, Readiness


class BrokenEngine:
    quality = 0

    def __init__(self, name: str, module: str, error: Exception, kind: EngineKind) -> None:
        self.name = name
        self.kind = kind
        self._reason = f"{module} could not be loaded: {type(error).__name__}: {error}"

    def readiness(self) -> Readiness:
        return Readiness(False, self._reason, "update or remove the package it comes from")

    def version(self) -> str:
        return "none"
