"""What the database keeps of accounts."""

from accounts.models.audit import AuditEntry
from accounts.models.setup_links import SetupLink
from accounts.models.users import User

__all__ = ["AuditEntry", "SetupLink", "User"]
