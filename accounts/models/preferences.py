"""What a user wants things to be like when they say nothing else."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline import languages
from pipeline.settings import Mode

VOICES_AT_MOST = 50
VOICE_MAX_CHARS = 100
# What a user may change, on the page and by the API.
WISHES = ("language", "theme", "source_language", "target_language", "mode", "voices", "is_private")


class Theme(models.TextChoices):
    AUTO = "auto", gettext_lazy("As the device")
    LIGHT = "light", gettext_lazy("Light")
    DARK = "dark", gettext_lazy("Dark")


def check_language(tag: str) -> None:
    """Raises ValidationError for what is no canonical BCP 47 tag."""
    if languages.canonical(tag) != tag:
        raise ValidationError(_("There is no language %(tag)s; write a code such as es or pt-BR.") % {"tag": tag})


def check_page_language(tag: str) -> None:
    """Raises ValidationError for a language that pages cannot be shown in."""
    if tag not in dict(settings.LANGUAGES):
        raise ValidationError(_("The pages cannot be shown in %(tag)s.") % {"tag": tag})


def check_voices(voices: Any) -> None:
    """Raises ValidationError for anything but a few names of voices by language."""
    if not isinstance(voices, dict) or len(voices) > VOICES_AT_MOST:
        raise ValidationError(_("Give at most %(count)s voices, each for a language.") % {"count": VOICES_AT_MOST})
    for tag, voice in voices.items():
        check_language(str(tag))
        if not isinstance(voice, str) or not 0 < len(voice) <= VOICE_MAX_CHARS:
            raise ValidationError(_("Give the name of a voice for %(tag)s, or leave it out.") % {"tag": tag})


def mode_choices() -> list[tuple[str, str]]:
    return [(mode.value, mode.value) for mode in Mode]


class Preferences(models.Model):
    """One row a user, from the first time they change something. Empty is whatever is usual."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="preferences"
    )
    language = models.CharField(max_length=16, blank=True, validators=[check_page_language])  # of the pages
    theme = models.CharField(max_length=8, choices=Theme.choices, default=Theme.AUTO)
    source_language = models.CharField(max_length=35, blank=True, validators=[check_language])
    target_language = models.CharField(max_length=35, blank=True, validators=[check_language])
    mode = models.CharField(max_length=16, blank=True, choices=mode_choices)
    voices = models.JSONField(default=dict, blank=True, validators=[check_voices])  # by target language
    is_private = models.BooleanField(default=False)

    class Meta:
        verbose_name = verbose_name_plural = gettext_lazy("settings of a user")
        ordering: ClassVar = ["user"]

    def __str__(self) -> str:
        return f"settings of {self.user_id}"
