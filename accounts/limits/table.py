"""What may be tried how often: the one table. docs/security.md shows it."""

# ruff: noqa: S105 - limits on passwords and tokens, not passwords

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from django.conf import settings

LOTS_A_WINDOW = 40  # of what is counted in lots: a process fetches this part of the whole at a time


@dataclass(frozen=True, slots=True)
class Allowance:
    """`most` tries within `within_s` seconds of the first; 0: any number. A name is the setting that has it."""

    most_or_setting: int | str
    within_s: int
    is_counted_in_lots: bool = False

    @property
    def most(self) -> int:
        if isinstance(self.most_or_setting, int):
            return self.most_or_setting
        return int(getattr(settings, self.most_or_setting))

    @property
    def lot(self) -> int:
        """How many tries are fetched at once: one of what may be guessed, more of what only must not be flooded."""
        return max(1, self.most // LOTS_A_WINDOW) if self.is_counted_in_lots else 1


class Limit(Enum):
    """A name says what is tried, and by whom it is counted."""

    # Guessing
    SIGN_IN_BY_ADDRESS = "sign_in_by_address"
    SIGN_IN_BY_ACCOUNT = "sign_in_by_account"
    SIGN_IN_BY_ACCOUNT_ANYWHERE = "sign_in_by_account_anywhere"
    SECOND_FACTOR_BY_USER = "second_factor_by_user"
    SECOND_FACTOR_BY_ADDRESS = "second_factor_by_address"
    PASSWORD_CHECK_BY_USER = "password_check_by_user"
    PASSWORD_RESET_BY_ADDRESS = "password_reset_by_address"
    PASSWORD_RESET_BY_ACCOUNT = "password_reset_by_account"
    LINK_BY_ADDRESS = "link_by_address"
    QR_BY_ADDRESS = "qr_by_address"
    QR_STEP_BY_ADDRESS = "qr_step_by_address"
    BAD_KEY_BY_ADDRESS = "bad_key_by_address"
    # Flooding
    MAIL_BY_USER = "mail_by_user"
    PASSKEY_BY_ADDRESS = "passkey_by_address"
    SUBMISSION_BY_USER = "submission_by_user"
    UPLOAD_BY_USER = "upload_by_user"
    CHANGE_BY_USER = "change_by_user"
    SOCKET_BY_USER = "socket_by_user"
    API_BY_USER = "api_by_user"
    # What is written down about strangers
    REFUSED_ADDRESS_NOTE = "refused_address_note"
    REFUSED_ADDRESSES_NOTE = "refused_addresses_note"

    @property
    def allowance(self) -> Allowance:
        return ALLOWANCES[self]

    @property
    def is_audited(self) -> bool:
        """Not what only keeps the audit trail short itself."""
        return self not in (Limit.REFUSED_ADDRESS_NOTE, Limit.REFUSED_ADDRESSES_NOTE)


MINUTE_S = 60
HOUR_S = 3600
ALLOWANCES: dict[Limit, Allowance] = {
    Limit.SIGN_IN_BY_ADDRESS: Allowance(30, 5 * MINUTE_S),
    # From one network: a stranger elsewhere cannot shut its owner out.
    Limit.SIGN_IN_BY_ACCOUNT: Allowance(10, 5 * MINUTE_S),
    Limit.SIGN_IN_BY_ACCOUNT_ANYWHERE: Allowance(100, HOUR_S),
    Limit.SECOND_FACTOR_BY_USER: Allowance(5, 5 * MINUTE_S),
    Limit.SECOND_FACTOR_BY_ADDRESS: Allowance(30, 5 * MINUTE_S),
    Limit.PASSWORD_CHECK_BY_USER: Allowance(10, 5 * MINUTE_S),
    Limit.PASSWORD_RESET_BY_ADDRESS: Allowance(10, HOUR_S),
    Limit.PASSWORD_RESET_BY_ACCOUNT: Allowance(3, HOUR_S),
    Limit.LINK_BY_ADDRESS: Allowance(20, 10 * MINUTE_S),
    Limit.QR_BY_ADDRESS: Allowance(30, 10 * MINUTE_S),
    Limit.QR_STEP_BY_ADDRESS: Allowance(60, 10 * MINUTE_S),
    Limit.BAD_KEY_BY_ADDRESS: Allowance(30, 5 * MINUTE_S),
    Limit.MAIL_BY_USER: Allowance(5, HOUR_S),
    Limit.PASSKEY_BY_ADDRESS: Allowance(60, 10 * MINUTE_S),
    Limit.SUBMISSION_BY_USER: Allowance("SUBMISSIONS_PER_MINUTE_PER_USER", MINUTE_S),
    Limit.UPLOAD_BY_USER: Allowance("UPLOADS_PER_MINUTE_PER_USER", MINUTE_S),
    Limit.CHANGE_BY_USER: Allowance(60, 10 * MINUTE_S),  # each leaves an entry in the audit trail, which only grows
    Limit.SOCKET_BY_USER: Allowance(120, MINUTE_S),
    Limit.API_BY_USER: Allowance("API_REQUESTS_PER_MINUTE_PER_USER", MINUTE_S, is_counted_in_lots=True),
    Limit.REFUSED_ADDRESS_NOTE: Allowance(1, MINUTE_S),
    Limit.REFUSED_ADDRESSES_NOTE: Allowance(60, MINUTE_S),
}
