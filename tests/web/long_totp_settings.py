"""The site's settings for servers that are sent many codes at once: a period that no test sees the end of, and no
limit on tries, which would answer before the code is looked at.
"""

from django.apps import AppConfig

from dubbing_site.settings import *  # noqa: F403
from dubbing_site.settings import INSTALLED_APPS

MFA_TOTP_PERIOD = 1_000_000


class NoLimits(AppConfig):
    name = "tests.web"
    label = "no_limits"

    def ready(self) -> None:
        from accounts.limits.table import ALLOWANCES, Allowance, Limit

        for limit in (Limit.SECOND_FACTOR_BY_USER, Limit.SECOND_FACTOR_BY_ADDRESS):
            ALLOWANCES[limit] = Allowance(0, 60)


INSTALLED_APPS += ["tests.web.long_totp_settings.NoLimits"]
