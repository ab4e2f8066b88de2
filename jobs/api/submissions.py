"""What a request may ask of a dub: settings, presets, projects, one job or a batch."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from itertools import product
from typing import Any, cast

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import require
from accounts.api.authentication import signed_in
from accounts.api.bounded import BoundedListField
from accounts.scopes import Scope
from jobs import presets, projects
from jobs.errors import BatchRefused, RefusedItem
from jobs.feasibility import Obstacle, obstacles, source_language
from jobs.filing import Changes
from jobs.models import Preset, Project
from jobs.orders import Filed, Order
from jobs.quotas import is_administrator
from pipeline.settings import (
    MAX_SPEAKERS,
    BurnIn,
    Channels,
    DubSettings,
    Formality,
    Loudness,
    Mode,
    Profanity,
    SubtitlesAre,
)
from uploads.errors import UploadError
from uploads.selectors import visible_uploads
from uploads.services import require_ready

BATCH_MAX_JOBS = 50
SEASON_MAX = 10_000
PRIORITY_MAX = 100
NO_UPLOAD = gettext_lazy("There is no such upload.")
NO_PROJECT = gettext_lazy("There is no such project.")
NO_PRESET = gettext_lazy("There is no such preset.")


class Own(serializers.PrimaryKeyRelatedField):
    """The id of something the user may see, through the one function that decides it."""

    def __init__(self, visible: Callable[[Any], QuerySet], unknown: str | Promise, **kwargs: Any) -> None:
        self._visible = visible
        super().__init__(pk_field=serializers.UUIDField(), **kwargs)
        text = cast(str, unknown)  # translated when it is shown
        self.error_messages |= {"does_not_exist": text, "incorrect_type": text}

    def get_queryset(self) -> QuerySet:
        return self._visible(self.context["request"].user)


def choice(kind: type[StrEnum]) -> serializers.ChoiceField:
    return serializers.ChoiceField([each.value for each in kind], required=False)


def engine() -> serializers.CharField:
    return serializers.CharField(max_length=64, required=False)


class HowSerializer(serializers.Serializer):
    """How to dub; what is left out is as in the preset, or as usual. Paths of the server cannot be named here."""

    source_language = serializers.CharField(max_length=35, required=False, allow_null=True)
    mode = choice(Mode)
    asr = engine()
    translation = engine()
    tts = engine()
    voice = serializers.CharField(max_length=100, required=False, allow_null=True)
    audio_track = serializers.CharField(max_length=35, required=False, allow_null=True)
    subtitle_track = serializers.CharField(max_length=35, required=False, allow_null=True)
    subtitles_are = choice(SubtitlesAre)
    diarization = engine()
    speakers = serializers.IntegerField(min_value=1, max_value=MAX_SPEAKERS, required=False, allow_null=True)
    separation = engine()
    formality = choice(Formality)
    profanity = choice(Profanity)
    delivery = serializers.FloatField(min_value=0, max_value=1, required=False)
    retime = serializers.BooleanField(required=False)
    loudness = choice(Loudness)
    channels = choice(Channels)
    stems = serializers.BooleanField(required=False)
    burn_in = choice(BurnIn)
    check_speech = serializers.BooleanField(required=False)


class DubSettingsSerializer(HowSerializer):
    target_language = serializers.CharField(max_length=35, required=False)


SETTINGS = frozenset(DubSettingsSerializer().fields)


def settings_over(base: DubSettings | None, given: dict[str, Any]) -> DubSettings:
    """The given settings over those of a preset. Raises SettingsError, or ValidationError without a language."""
    values = (base.to_json() if base else {}) | {name: value for name, value in given.items() if name in SETTINGS}
    if "target_language" not in values:
        raise serializers.ValidationError({"target_language": [_("This field is required.")]})
    return DubSettings.from_json(values)


class FiledSerializer(serializers.Serializer):
    """Where a job belongs."""

    project = Own(projects.visible_projects, NO_PROJECT, required=False, allow_null=True)
    series = serializers.CharField(max_length=200, required=False, allow_blank=True)
    season = serializers.IntegerField(min_value=0, max_value=SEASON_MAX, required=False, allow_null=True)


class _Submission(FiledSerializer):
    preset = Own(presets.visible_presets, NO_PRESET, required=False, allow_null=True)
    priority = serializers.IntegerField(
        min_value=-PRIORITY_MAX, max_value=PRIORITY_MAX, default=0, help_text="Above 0: administrators only."
    )

    def validate_priority(self, priority: int) -> int:
        """Raises ScopeMissing."""
        if priority > 0:
            _require_admin_of_key(self.context["request"])
        return priority

    def base(self) -> DubSettings | None:
        """The settings of the preset named here, or else of the project's."""
        data = self.validated_data
        project: Project | None = data.get("project")
        preset: Preset | None = data.get("preset") or (project.preset if project else None)
        return preset.dub_settings if preset else None

    def filed(self, episode: int | None) -> Filed:
        data = self.validated_data
        return Filed(data.get("project"), data.get("series", ""), data.get("season"), episode)


class NewJobSerializer(_Submission, DubSettingsSerializer):
    upload = Own(visible_uploads, NO_UPLOAD)
    episode = serializers.IntegerField(min_value=0, max_value=SEASON_MAX, required=False, allow_null=True)

    def order(self) -> Order:
        """Raises SettingsError, UploadRemoved, UploadNotReady, or what the engines here cannot do."""
        data = self.validated_data
        require_ready(data["upload"])
        settings = settings_over(self.base(), data)
        for obstacle in obstacles(settings, source_language(settings, data["upload"].media)):
            raise obstacle.error
        return Order(data["upload"], settings, data["priority"], self.filed(data.get("episode")))


class JobChangesSerializer(FiledSerializer):
    episode = serializers.IntegerField(min_value=0, max_value=SEASON_MAX, required=False, allow_null=True)
    pinned = serializers.BooleanField(required=False)
    priority = serializers.IntegerField(min_value=-PRIORITY_MAX, max_value=PRIORITY_MAX, required=False)

    def validate_priority(self, priority: int) -> int:
        """Raises ScopeMissing."""
        _require_admin_of_key(self.context["request"])
        return priority

    def changes(self) -> Changes:
        return Changes(**self.validated_data)


class NewBatchSerializer(_Submission, HowSerializer):
    """Every upload in every language."""

    uploads = BoundedListField(child=Own(visible_uploads, NO_UPLOAD), allow_empty=False, max_length=BATCH_MAX_JOBS)
    target_languages = BoundedListField(
        child=serializers.CharField(max_length=35), allow_empty=False, max_length=BATCH_MAX_JOBS
    )
    first_episode = serializers.IntegerField(
        min_value=0, max_value=SEASON_MAX, required=False, help_text="Of the first upload; the others count on."
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if len(set(data["uploads"])) * len(set(data["target_languages"])) > BATCH_MAX_JOBS:
            raise serializers.ValidationError(_("A batch makes at most %(count)s jobs.") % {"count": BATCH_MAX_JOBS})
        for name in ("uploads", "target_languages"):
            if len(set(data[name])) < len(data[name]):
                raise serializers.ValidationError({name: [_("Name each one once.")]})
        return data

    def orders(self) -> list[Order]:
        """Raises SettingsError, or BatchRefused with what is wrong with each item."""
        data, base, first = self.validated_data, self.base(), self.validated_data.get("first_episode")
        orders = [
            Order(
                upload,
                settings_over(base, data | {"target_language": language}),
                data["priority"],
                self.filed(None if first is None else first + place),
            )
            for (place, upload), language in product(enumerate(data["uploads"]), data["target_languages"])
        ]
        refused = [item for index, order in enumerate(orders) for item in _refusals(index, order)]
        if refused:
            raise BatchRefused(_("Some of these cannot be dubbed, so none was started; see items."), refused)
        return orders


def _require_admin_of_key(request: Request) -> None:
    """An administrator's key without the scope may not do what the administrator may; others are refused later."""
    user = signed_in(request)
    if is_administrator(user):
        require(Scope.ADMIN, str(request.method), user, request.auth)


def _refusals(index: int, order: Order) -> list[RefusedItem]:
    source = source_language(order.settings, order.upload.media)
    found = list(obstacles(order.settings, source))
    try:
        require_ready(order.upload)
    except UploadError as error:
        found.append(Obstacle("upload", error))
    upload, language = str(order.upload.id), order.settings.target_language
    return [RefusedItem(index, upload, language, each.error.code, str(each.error)) for each in found]
