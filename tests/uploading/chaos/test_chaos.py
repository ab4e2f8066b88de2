"""The faults that nothing else in the suite tries, with few repetitions (all of them: `make chaos-uploads`)."""

from __future__ import annotations

import pytest

from tests.uploading.chaos import clock, cuts, disorder, kills, probing, slow, writers
from tests.uploading.chaos.fault import Fault, Scale
from tests.uploading.chaos.table import line_of
from tests.uploading.site import Template, UploadSite

CHOSEN: tuple[Fault, ...] = (
    cuts.CUT,
    kills.KILLED,
    slow.STALLED,
    disorder.ANY_ORDER,
    writers.TWO_WRITERS,
    clock.SKEWED,
    probing.HANGING,
)


@pytest.mark.slow
@pytest.mark.parametrize("fault", CHOSEN, ids=lambda fault: fault.name)
def test_uploads_survive(upload_template: Template, upload_site: UploadSite, fault: Fault) -> None:
    line = line_of(fault, upload_template, Scale.SHORT, upload_site)

    assert line.holds, str(line)
