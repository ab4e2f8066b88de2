"""How often something was tried, while no Redis counts it (`accounts.limits`)."""

from __future__ import annotations

from django.db import models


class RateCount(models.Model):
    """Tries of one kind by one person or address, in a window that began with the first of them."""

    key = models.CharField(max_length=64, primary_key=True)  # a hash: who tried what is nobody's to read here
    taken = models.PositiveIntegerField()
    ends_at_ms = models.BigIntegerField(db_index=True)  # of the Unix epoch: compared and set by one statement

    def __str__(self) -> str:
        return f"{self.taken} tries"
