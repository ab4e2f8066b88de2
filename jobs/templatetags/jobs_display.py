"""Jobs in words: their languages, mode and progress, and what to do about an error."""

from __future__ import annotations

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs.models import Job, Preset, Stage, StageState
from library.stage_display import display
from library.templatetags.dubbing import language_name
from pipeline.settings import Mode

register = template.Library()

MODE_TITLES: dict[str, str | Promise] = {
    Mode.LOW: gettext_lazy("Quick"),
    Mode.MEDIUM: gettext_lazy("Balanced"),
    Mode.HIGH: gettext_lazy("Best"),
}
# What to do, by the beginning of an error's code (pipeline/errors.py); the longest that fits is shown.
ADVICE: dict[str, str | Promise] = {
    "input": gettext_lazy("Choose another file or another setting, and start again."),
    "input.no_speech": gettext_lazy("Check that the right audio track was used and that somebody speaks in it."),
    "input.no_audio": gettext_lazy("Only files with sound can be dubbed. Choose another one."),
    "input.track_not_found": gettext_lazy("Leave the audio track empty under Advanced to use the file's own choice."),
    "input.truncated": gettext_lazy("The file is incomplete. Copy or download it again, then upload the whole of it."),
    "engine": gettext_lazy("Start it again with the engines left on Automatic, or ask whoever runs this server."),
    "engine.pair_unsupported": gettext_lazy("Choose another language, or say which one is spoken in the file."),
    "engine.voice_unknown": gettext_lazy("Leave the voice empty to use the first one of the language."),
    "storage": gettext_lazy("The server has no room or no access to its files. Tell whoever runs it."),
    "tool": gettext_lazy(
        "Start it again. When it stops at the same place, the log below helps whoever runs this server."
    ),
}
FALLBACK = gettext_lazy("Start it again. When it stops once more, the log below says where.")


@register.filter
def languages(job: Job | Preset) -> str:
    target = language_name(job.settings.get("target_language"))
    source = language_name(job.settings.get("source_language"))
    return f"{source} → {target}" if source else _("into %(language)s") % {"language": target}


@register.filter
def place(job: Job) -> str:
    """Where it belongs: Cosmos · S2 E7."""
    numbers = [
        _("S%(number)s") % {"number": job.season} if job.season is not None else "",
        _("E%(number)s") % {"number": job.episode} if job.episode is not None else "",
    ]
    return " · ".join(filter(None, [job.series, " ".join(filter(None, numbers))]))


@register.filter
def mode_title(mode: str) -> str:
    return str(MODE_TITLES.get(mode, mode))


@register.filter
def advice(code: str) -> str:
    """What to do about an error."""
    fitting = [known for known in ADVICE if code == known or code.startswith(f"{known}.")]
    return str(ADVICE[max(fitting, key=len)]) if fitting else str(FALLBACK)


@register.filter
def overall_progress(job: Job) -> float:
    """0..1 over all stages by their weights. The job page's script counts the same way."""
    stages = list(job.stages.all())
    whole = sum(display(stage.name).weight for stage in stages)
    return sum(display(stage.name).weight * _share(stage) for stage in stages) / whole if whole else 0.0


@register.filter
def current_stage(job: Job) -> Stage | None:
    return next((stage for stage in job.stages.all() if stage.state == StageState.RUNNING), None)


@register.filter
def took(job: Job) -> float | None:
    """Seconds from start to end."""
    if job.started_at is None or job.finished_at is None:
        return None
    return (job.finished_at - job.started_at).total_seconds()


def _share(stage: Stage) -> float:
    return 1.0 if stage.state == StageState.DONE else stage.progress
