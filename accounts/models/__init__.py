"""What the database keeps of accounts."""

from accounts.models.audit import AuditEntry
from accounts.models.invites import Invite
from accounts.models.keys import ApiKey
from accounts.models.pairings import Pairing
from accounts.models.preferences import Preferences
from accounts.models.rates import RateCount
from accounts.models.sessions import Session
from accounts.models.setup_links import SetupLink
from accounts.models.users import User

__all__ = ["ApiKey", "AuditEntry", "Invite", "Pairing", "Preferences", "RateCount", "Session", "SetupLink", "User"]
