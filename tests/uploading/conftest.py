"""One running site for tests that only add uploads; those that hurt it start their own from `upload_template`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.uploading.site import Template, UploadSite, running_site


@pytest.fixture(scope="session")
def upload_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return Template.prepare(tmp_path_factory.mktemp("upload-template"))


@pytest.fixture(scope="session")
def upload_site(upload_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UploadSite]:
    with running_site(tmp_path_factory.mktemp("upload-site"), upload_template) as site:
        yield site
