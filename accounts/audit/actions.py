"""Everything the audit trail can tell: one line for each thing that may have happened."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Outcome(TextChoices):
    OK = "ok", _("done")
    REFUSED = "refused", _("refused")


class Action(TextChoices):
    """Values stay as they are for good: entries of past years carry them. One that ends in `_refused` or `_failed`
    says that somebody was kept from something.
    """

    # Signing in
    SIGNED_IN = "signed_in", _("Signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("Could not sign in")
    SIGNED_OUT = "signed_out", _("Signed out")
    REAUTHENTICATED = "reauthenticated", _("Showed who they are again")
    SESSION_ENDED = "session_ended", _("Ended a session")
    SESSIONS_ENDED = "sessions_ended", _("Signed out everywhere")
    QR_SHOWN = "qr_shown", _("Showed a QR code to sign in with")
    QR_CONFIRMED = "qr_confirmed", _("Let a phone in by QR code")
    QR_REFUSED = "qr_refused", _("QR code refused")
    # The account
    ACCOUNT_MADE = "account_made", _("Account made")
    ACCOUNT_REMOVED = "account_removed", _("Account removed, with all it had")
    SETUP_LINK_USED = "setup_link_used", _("First administrator made by the setup link")
    PASSWORD_CHANGED = "password_changed", _("Password changed")
    PASSWORD_RESET_ASKED = "password_reset_asked", _("Asked for a new password")
    RESET_LINK_MADE = "reset_link_made", _("Made a link for a new password")
    PASSWORD_RESET = "password_reset", _("Password reset")
    EMAIL_CHANGED = "email_changed", _("Email address changed")
    ROLE_CHANGED = "role_changed", _("Role changed")
    PRIVACY_CHANGED = "privacy_changed", _("Privacy setting changed")
    INVITE_MADE = "invite_made", _("Invite made")
    INVITE_USED = "invite_used", _("Invite used")
    INVITE_REVOKED = "invite_revoked", _("Invite revoked")
    # The second factor
    FACTOR_ADDED = "factor_added", _("Second factor added")
    FACTOR_REMOVED = "factor_removed", _("Second factor removed")
    FACTOR_USED = "factor_used", _("Second factor used")
    FACTOR_FAILED = "factor_failed", _("Second factor was wrong")
    RECOVERY_CODES_MADE = "recovery_codes_made", _("Recovery codes made")
    RECOVERY_CODE_USED = "recovery_code_used", _("Recovery code used")
    # API keys
    KEY_MADE = "key_made", _("API key made")
    KEY_REVOKED = "key_revoked", _("API key revoked")
    KEY_REFUSED = "key_refused", _("API key refused")
    # Being kept out
    RATE_LIMITED = "rate_limited_refused", _("Too many tries")
    ADDRESS_REFUSED = "address_refused", _("Address not allowed")
    # Moderation and administration
    OBJECT_ADDED = "object_added", _("Added in the administration")
    OBJECT_CHANGED = "object_changed", _("Changed in the administration")
    OBJECT_REMOVED = "object_removed", _("Removed in the administration")
    JOB_MODERATED = "job_moderated", _("Acted on a job")
    DUB_TAKEN_DOWN = "dub_taken_down", _("Dub taken down")
    DUB_PUT_BACK = "dub_put_back", _("Dub put back")
    # The site
    QUEUE_DEGRADED = "queue_degraded", _("Queue fell back to the database")
    QUEUE_RECOVERED = "queue_recovered", _("Queue uses Redis again")
    REENCRYPTED = "reencrypted", _("Files encrypted anew")
    TAMPERING_FOUND = "tampering_found_failed", _("A kept file was changed from outside")
    AUDIT_EXPORTED = "audit_exported", _("Audit trail exported")
    AUDIT_PRUNED = "audit_pruned", _("Old entries of the audit trail removed")

    @property
    def outcome(self) -> Outcome:
        return Outcome.REFUSED if self.value.endswith(("_refused", "_failed")) else Outcome.OK
