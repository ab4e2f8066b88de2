"""The table of faults done to uploads, with few repetitions (all: `make chaos-uploads`)."""

from __future__ import annotations

import pytest

from tests.uploading.chaos.fault import Fault, Scale
from tests.uploading.chaos.table import FAULTS, line_of
from tests.uploading.site import Template


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_uploads_survive(upload_template: Template, fault: Fault) -> None:
    line = line_of(fault, upload_template, Scale.SHORT)

    assert line.holds, str(line)
