"""The forms of the pages: a new dub, where a job is filed, presets and projects, the list of jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from django import forms
from django.forms.boundfield import BoundWidget
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from jobs.feasibility import DEFAULT_SOURCE, obstacles
from jobs.models import JobState, Preset, Project
from jobs.orders import Filed
from jobs.presets import visible_presets
from jobs.projects import visible_projects
from jobs.quotas import limits_of
from jobs.templatetags.jobs_display import MODE_TITLES
from pipeline.engines import registry
from pipeline.engines.base import EngineKind, TranslationEngine
from pipeline.settings import AUTO, MAX_SPEAKERS, BurnIn, DubSettings, Loudness, Mode
from uploads.models import Upload, UploadState
from uploads.selectors import visible_uploads

EPISODE_MAX = 10_000
OPTIONAL = ("source_language", "voice", "audio_track", "subtitle_track", "speakers")  # empty is None
SETTINGS = ("target_language", "mode", "loudness", "burn_in", "asr", "translation", "tts", *OPTIONAL)
FILING = ("project", "series", "season", "episode")
ADVANCED = (*(set(SETTINGS) - {"target_language", "source_language", "mode"}), "save_as")
LOUDNESS_TITLES = {
    Loudness.WEB: gettext_lazy("Web and phones (−16 LUFS)"),
    Loudness.EBU: gettext_lazy("Television, EBU R128 (−23 LUFS)"),
    Loudness.NETFLIX: gettext_lazy("Film, by its dialogue (−27 LUFS)"),
}
BURN_IN_TITLES = {
    BurnIn.NONE: gettext_lazy("Not drawn: switched on in the player"),
    BurnIn.TARGET: gettext_lazy("In the new language, always visible"),
    BurnIn.SOURCE: gettext_lazy("In the original language, always visible"),
}
MODE_TEXTS = {
    Mode.LOW: gettext_lazy("First impression in the least time."),
    Mode.MEDIUM: gettext_lazy("Good for nearly everything."),
    Mode.HIGH: gettext_lazy("Listens hardest; takes longest."),
}
Choices = list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class ModeChoice:
    radio: BoundWidget
    title: str
    text: str


def target_choices() -> Choices:
    """Every language that can be spoken here; first those that English can be translated into here."""
    spoken = [(language.code, language.name) for language in registry.target_languages()]
    reachable = {
        code
        for engine in registry.engines(EngineKind.TRANSLATION)
        if registry.readiness(engine).is_ready
        for code in cast(TranslationEngine, engine).targets(DEFAULT_SOURCE)
    }
    near = [choice for choice in spoken if choice[0] in reachable and choice[0] != DEFAULT_SOURCE]
    far = [choice for choice in spoken if choice not in near]
    groups = [(_("From English"), near), (_("From other languages"), far)]
    return [("", _("Choose a language")), *((name, choices) for name, choices in groups if choices)]


def source_choices() -> Choices:
    spoken = [(language.code, language.name) for language in registry.target_languages()]
    return [("", _("What the file says, else English")), *spoken]


def engine_choices(kind: EngineKind) -> Choices:
    ready = [engine.name for engine in registry.engines(kind) if registry.readiness(engine).is_ready]
    return [(AUTO, _("Automatic: the best one here")), *((name, name) for name in ready)]


class FilingForm(forms.Form):
    """Where a job belongs."""

    project = forms.ModelChoiceField(
        Project.objects.none(), label=gettext_lazy("Project"), required=False, empty_label=gettext_lazy("None")
    )
    series = forms.CharField(
        label=gettext_lazy("Series"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Empty: that of the project."),
    )
    season = forms.IntegerField(label=gettext_lazy("Season"), min_value=0, max_value=EPISODE_MAX, required=False)
    episode = forms.IntegerField(label=gettext_lazy("Episode"), min_value=0, max_value=EPISODE_MAX, required=False)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ModelChoiceField, self.fields["project"]).queryset = visible_projects(user)

    def filed(self) -> Filed:
        data = self.cleaned_data
        return Filed(data["project"], data["series"], data["season"], data["episode"])


class NewDubForm(FilingForm):
    preset = forms.ModelChoiceField(Preset.objects.none(), required=False, widget=forms.HiddenInput)
    upload = forms.ModelChoiceField(Upload.objects.none(), required=False, widget=forms.HiddenInput)
    file = forms.FileField(
        label=gettext_lazy("Video or recording"),
        required=False,
        allow_empty_file=True,  # `receive` says what is wrong with an empty one
        widget=forms.FileInput(attrs={"accept": "video/*,audio/*,.mkv,.avi,.flac,.ogg"}),
    )
    target_language = forms.ChoiceField(
        label=gettext_lazy("Dub into"),
        choices=target_choices,
        error_messages={"required": gettext_lazy("Choose the language to dub into.")},
    )
    source_language = forms.ChoiceField(
        label=gettext_lazy("Spoken in the file"), choices=source_choices, required=False
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("How thorough"),
        choices=list(MODE_TITLES.items()),
        initial=Mode.MEDIUM.value,
        widget=forms.RadioSelect(attrs={"class": "radio radio-primary mt-px"}),
    )
    audio_track = forms.CharField(
        label=gettext_lazy("Audio track"),
        max_length=35,
        required=False,
        help_text=gettext_lazy("For files with several: 0 is the first one, or a language such as en."),
    )
    voice = forms.CharField(
        label=gettext_lazy("Voice"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("The name of a voice; empty takes the first one of the language."),
    )
    subtitle_track = forms.CharField(
        label=gettext_lazy("Subtitle track to work from"),
        max_length=35,
        required=False,
        help_text=gettext_lazy("In place of listening: 0 is the first one in the file, or a language such as en."),
    )
    speakers = forms.IntegerField(
        label=gettext_lazy("Number of speakers"),
        min_value=1,
        max_value=MAX_SPEAKERS,
        required=False,
        help_text=gettext_lazy("Empty: found by listening."),
    )
    loudness = forms.ChoiceField(
        label=gettext_lazy("Loudness"), choices=list(LOUDNESS_TITLES.items()), initial=Loudness.WEB.value
    )
    burn_in = forms.ChoiceField(
        label=gettext_lazy("Subtitles in the picture"),
        choices=list(BURN_IN_TITLES.items()),
        initial=BurnIn.NONE.value,
        help_text=gettext_lazy("Drawing them in takes much longer."),
    )
    asr = forms.ChoiceField(label=gettext_lazy("Recognition"), choices=lambda: engine_choices(EngineKind.ASR))
    translation = forms.ChoiceField(
        label=gettext_lazy("Translation"), choices=lambda: engine_choices(EngineKind.TRANSLATION)
    )
    tts = forms.ChoiceField(label=gettext_lazy("Speech"), choices=lambda: engine_choices(EngineKind.TTS))

    save_as = forms.CharField(
        label=gettext_lazy("Keep these settings as a preset"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("A name for them; empty keeps nothing."),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self._user = user
        cast(forms.ModelChoiceField, self.fields["preset"]).queryset = visible_presets(user)
        cast(forms.ModelChoiceField, self.fields["upload"]).queryset = visible_uploads(user)
        if not limits_of(user).may_use_high:
            others = [(mode, title) for mode, title in MODE_TITLES.items() if mode != Mode.HIGH]
            cast(forms.ChoiceField, self.fields["mode"]).choices = others

    @staticmethod
    def initial_of(settings: DubSettings) -> dict[str, Any]:
        return {name: getattr(settings, name) for name in SETTINGS}

    def mode_choices(self) -> Iterator[ModeChoice]:
        for radio in self["mode"]:
            mode = Mode(radio.data["value"])
            yield ModeChoice(radio, str(MODE_TITLES[mode]), str(MODE_TEXTS[mode]))

    def clean_save_as(self) -> str:
        name: str = self.cleaned_data["save_as"]
        if name and visible_presets(self._user).filter(name__iexact=name).exists():
            raise forms.ValidationError(_("You have a preset of that name already; choose another name."))
        return name

    @property
    def has_advanced_errors(self) -> bool:
        return any(name in self.errors for name in ADVANCED)

    @property
    def has_filing_errors(self) -> bool:
        return any(name in self.errors for name in FILING)

    def clean(self) -> dict[str, Any]:
        """Refuses before the work starts, and before the file is there, what the engines here cannot do."""
        data = super().clean() or self.cleaned_data
        self._check_source()
        if not self.errors.keys() - {"file"}:
            settings = self.dub_settings()
            for obstacle in obstacles(settings, settings.source_language or DEFAULT_SOURCE):
                self.add_error(obstacle.setting, str(obstacle.error))
        return data

    def _check_source(self) -> None:
        """A file comes with the form, or was uploaded before."""
        if self.errors.pop("upload", None):
            self.add_error("file", _("This file is not here any more; choose it again."))
        elif not self.errors.get("file") and not (self.cleaned_data.get("file") or self.cleaned_data.get("upload")):
            self.add_error("file", _("Choose a file first."))

    @property
    def waits_for_upload(self) -> bool:
        """Whether all is well but for the file, which is still on its way."""
        upload: Upload | None = self.cleaned_data["upload"]
        return upload is not None and upload.state == UploadState.RECEIVING

    def dub_settings(self) -> DubSettings:
        """What the form asks, over what it does not show of the preset it started from."""
        data, preset = self.cleaned_data, self.cleaned_data["preset"]
        shown = {name: (data[name] or None) if name in OPTIONAL else data[name] for name in SETTINGS}
        return DubSettings.from_json((preset.settings if preset else {}) | shown)


class ProjectForm(forms.ModelForm):
    class Meta:
        model = Project
        fields: ClassVar = ["name", "series", "preset"]
        labels: ClassVar = {"preset": gettext_lazy("Preset of its dubs")}
        help_texts: ClassVar = {"series": gettext_lazy("Of its dubs, where they name none.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        preset = cast(forms.ModelChoiceField, self.fields["preset"])
        preset.queryset, preset.empty_label = visible_presets(self.instance.owner), _("None")


class JobListForm(forms.Form):
    """Which jobs a list shows."""

    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    project = forms.ModelChoiceField(
        Project.objects.none(), label=gettext_lazy("Project"), required=False, empty_label=gettext_lazy("Any")
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        states = [(value, capfirst(label)) for value, label in JobState.choices]
        cast(forms.ChoiceField, self.fields["state"]).choices = [("", _("Any")), *states]
        cast(forms.ModelChoiceField, self.fields["project"]).queryset = visible_projects(user)
