"""What the database keeps of accounts."""

from accounts.models.audit import AuditEntry
from accounts.models.keys import ApiKey
from accounts.models.setup_links import SetupLink
from accounts.models.users import User

__all__ = ["ApiKey", "AuditEntry", "SetupLink", "User"]
