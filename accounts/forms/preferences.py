"""The page of a user's own settings."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Preferences
from accounts.models.preferences import WISHES, Theme, check_voices
from pipeline.engines import registry
from pipeline.settings import Mode

MODES = {
    Mode.LOW: gettext_lazy("Quick"),
    Mode.MEDIUM: gettext_lazy("Balanced"),
    Mode.HIGH: gettext_lazy("Thorough"),
}


class PreferencesForm(forms.ModelForm):
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the pages"),
        required=False,
        help_text=gettext_lazy("Dates and numbers follow it; texts that are not translated yet stay English."),
    )
    theme = forms.ChoiceField(label=gettext_lazy("Appearance"), choices=Theme.choices)
    source_language = forms.ChoiceField(label=gettext_lazy("Usually spoken in your files"), required=False)
    target_language = forms.ChoiceField(label=gettext_lazy("Usually dubbed into"), required=False)
    mode = forms.ChoiceField(label=gettext_lazy("How thorough"), required=False)
    voices = forms.CharField(
        label=gettext_lazy("Voices"),
        required=False,
        max_length=10_000,
        help_text=gettext_lazy("One a line: a language and the name of a voice, such as es: es-419."),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    is_private = forms.BooleanField(
        label=gettext_lazy("Keep the least"),
        required=False,
        help_text=gettext_lazy(
            "Your uploads and the work on them are removed as soon as a dub has ended; finished dubs stay. A dub "
            "cannot be made again then without its file."
        ),
    )

    class Meta:
        model = Preferences
        fields = WISHES

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        spoken = [(language.code, language.name) for language in registry.target_languages()]
        usual = ("", _("As usual"))
        choices: dict[str, list[tuple[str, Any]]] = {
            "language": [("", _("As the browser asks")), *settings.LANGUAGES],
            "source_language": [("", _("What the file says, else English")), *spoken],
            "target_language": [("", _("Asked each time")), *spoken],
            "mode": [usual, *((mode.value, title) for mode, title in MODES.items())],
        }
        for name, offered in choices.items():
            cast(forms.ChoiceField, self.fields[name]).choices = offered
        voices: dict[str, str] = self.instance.voices
        self.initial["voices"] = "\n".join(f"{tag}: {voice}" for tag, voice in voices.items())

    def clean_voices(self) -> dict[str, str]:
        voices = {}
        for line in filter(str.strip, self.cleaned_data["voices"].splitlines()):
            tag, colon, voice = line.partition(":")
            if not colon:
                raise forms.ValidationError(_("Write each line as a language, a colon and the name of a voice."))
            voices[tag.strip()] = voice.strip()
        check_voices(voices)
        return voices
