"""What every page needs to show: icons, languages by name, times and form fields in the house look."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

import langcodes
from django import template
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.forms import BoundField
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from library.stage_display import display
from pipeline import languages

register = template.Library()

WIDGET_CLASSES = {
    "checkbox": "checkbox checkbox-primary",
    "select": "select",
    "textarea": "textarea",
}


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """A symbol of the sprite, decorative: the text beside it must say the same."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        classes,
        static("img/icons.svg"),
        name,
    )


@register.filter
def styled(field: BoundField) -> SafeString:
    """The field's widget with the class of its kind; a placeholder is no label and would only repeat it."""
    return field.as_widget(attrs={"class": WIDGET_CLASSES.get(field.widget_type, "input"), "placeholder": ""})


@register.filter
def language_name(tag: str | None) -> str:
    """The English name of a BCP 47 tag; the tag itself when nobody knows it."""
    return languages.name(tag) if tag else ""


@register.filter
@lru_cache(maxsize=512)
def own_language_name(tag: str) -> str:
    """What its speakers call a language: español, català, 日本語."""
    try:
        return langcodes.Language.get(tag).autonym()
    except (LookupError, ValueError):
        return tag


@register.filter
def clock(seconds: float | None) -> str:
    """A length on a clock: 4:07, 1:02:03."""
    if seconds is None:
        return ""
    minutes, whole_s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{whole_s:02}" if hours else f"{minutes}:{whole_s:02}"


@register.filter
def spent(seconds: float | None) -> str:
    """How long something took, no finer than anyone cares: 0.4 s, 12 s, 3 min 20 s, 1 h 5 min."""
    if seconds is None:
        return ""
    if seconds < 10:
        return gettext("%(seconds).1f s") % {"seconds": seconds}
    if seconds < 60:
        return gettext("%(seconds)d s") % {"seconds": round(seconds)}
    minutes, whole_s = divmod(round(seconds), 60)
    if minutes < 60:
        return gettext("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": whole_s}
    return gettext("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}


@register.filter
def ago(moment: datetime) -> str:
    """How long since, as people say it: now, 3 minutes ago, 2 days ago."""
    return str(naturaltime(moment))


@register.filter
def percent(share: float | None) -> int:
    """0..1 as a whole percentage, never 100 before it is all done."""
    return int((share or 0) * 100)


@register.filter
def fraction(share: float | None) -> str:
    """0..1 as attributes want it, with a point in every language."""
    return f"{share or 0:.4f}"


@register.filter
def stage_label(name: str) -> str:
    return str(display(name).label)


@register.filter
def stage_symbol(name: str) -> str:
    return display(name).symbol


@register.filter
def stage_weight(name: str) -> str:
    return f"{display(name).weight:g}"
