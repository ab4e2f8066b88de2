"""Our answers are those of the tus project's own server, or differ for a reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.uploading.conformance.case import Case, Servers, compare, open_servers
from tests.uploading.conformance.cases import CASES
from tests.uploading.site import UploadSite


@pytest.fixture(scope="module")
def servers(upload_site: UploadSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with ExitStack() as stack:
        yield open_servers(stack, upload_site, tmp_path_factory.mktemp("reference"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_answer_is_the_references_or_differs_for_a_reason(servers: Servers, case: Case) -> None:
    compared = compare(case, servers)

    assert compared.is_as_expected, str(compared)
