"""What a user usually wants: kept over the page and the API, and used where they say nothing else."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.audit.recording import Action
from accounts.models import AuditEntry, Preferences, User
from jobs import presets
from pipeline.settings import DubSettings

API = "/api/me/settings"
PAGE = "/account/settings/"
USUAL = {
    "language": "",
    "theme": "auto",
    "source_language": "",
    "target_language": "",
    "mode": "",
    "voices": {},
    "is_private": False,
}


def patch(client: Client, **changes: object) -> tuple[int, dict[str, object]]:
    answer = client.patch(API, changes, content_type="application/json")
    return answer.status_code, answer.json()


def test_they_are_as_usual_until_somebody_says_otherwise(as_alice: Client) -> None:
    assert as_alice.get(API).json() == USUAL
    assert not Preferences.objects.exists()


def test_what_is_left_out_stays(as_alice: Client) -> None:
    patch(as_alice, target_language="es", voices={"es": "es-419"})

    status, changed = patch(as_alice, mode="low")

    assert status == 200
    assert changed == USUAL | {"target_language": "es", "voices": {"es": "es-419"}, "mode": "low"}
    assert as_alice.get(API).json() == changed


@pytest.mark.parametrize(
    "wrong",
    [
        {"language": "xx"},
        {"theme": "pink"},
        {"target_language": "Spanish"},
        {"target_language": "../../etc"},
        {"mode": "best"},
        {"voices": {"es": ""}},
        {"voices": {"nonsense": "x"}},
        {"voices": {"es": "x" * 101}},
        {"voices": {f"x-{number}": "y" for number in range(51)}},
        {"voices": ["es"]},
        {"is_private": "perhaps"},
    ],
)
def test_nonsense_is_refused(as_alice: Client, wrong: dict[str, object]) -> None:
    status, problem = patch(as_alice, **wrong)

    assert status == 400
    assert next(iter(wrong)) in problem["errors"]  # type: ignore[operator]
    assert not Preferences.objects.exists()


def test_the_page_keeps_them(as_alice: Client, alice: User) -> None:
    fields = {"theme": "dark", "language": "de", "target_language": "es", "mode": "low", "voices": "es: es-419\n\n"}

    answer = as_alice.post(PAGE, fields)

    assert answer.status_code == 302
    kept = Preferences.objects.get(user=alice)
    assert (kept.theme, kept.language, kept.voices) == ("dark", "de", {"es": "es-419"})
    assert "es: es-419" in as_alice.get(PAGE).content.decode()


def test_the_page_says_what_is_wrong(as_alice: Client) -> None:
    answer = as_alice.post(PAGE, {"theme": "auto", "voices": "just a name"})

    assert answer.status_code == 422
    assert "a colon" in answer.content.decode()


def test_a_page_comes_in_the_chosen_language_and_look(as_alice: Client) -> None:
    patch(as_alice, language="de", theme="dark")

    page = as_alice.get(reverse("jobs:home")).content.decode()

    assert '<html lang="de"' in page
    assert 'data-theme="dark"' in page


def test_others_keep_theirs(as_alice: Client, as_bob: Client) -> None:
    patch(as_alice, language="de", theme="dark")

    page = as_bob.get(reverse("jobs:home")).content.decode()

    assert '<html lang="en"' in page
    assert "data-theme=" not in page.partition("<head>")[0]
    assert as_bob.get(API).json() == USUAL


def test_a_new_dub_starts_from_them(as_alice: Client) -> None:
    patch(as_alice, target_language="es", source_language="en", mode="low", voices={"es": "es-419", "ca": "ca"})

    form = as_alice.get(reverse("jobs:new")).context["form"]

    assert {name: form[name].value() for name in ("target_language", "source_language", "mode", "voice")} == {
        "target_language": "es",
        "source_language": "en",
        "mode": "low",
        "voice": "es-419",
    }


def test_a_preset_goes_before_them(as_alice: Client, alice: User) -> None:
    patch(as_alice, target_language="es", mode="low")
    preset = presets.create_preset(alice, "usual", DubSettings(target_language="ca"))
    presets.make_default(preset)

    form = as_alice.get(reverse("jobs:new")).context["form"]

    assert (form["target_language"].value(), form["mode"].value()) == ("ca", "medium")


def test_a_change_of_privacy_is_recorded(as_alice: Client) -> None:
    patch(as_alice, is_private=True)
    patch(as_alice, is_private=True)

    assert AuditEntry.objects.get(action=Action.PRIVACY_CHANGED).details == {"is_private": True}


def test_they_are_a_persons_own(client: Client) -> None:
    assert client.get(API).status_code == 401
    assert client.get(PAGE).status_code == 302
