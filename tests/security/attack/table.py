"""Every attack there is."""

from __future__ import annotations

from tests.security.attack import carriers, disk, guessing, pages, strangers
from tests.security.attack.attack import Attack

ATTACKS: tuple[Attack, ...] = (*strangers.ATTACKS, *guessing.ATTACKS, *carriers.ATTACKS, *pages.ATTACKS, *disk.ATTACKS)
