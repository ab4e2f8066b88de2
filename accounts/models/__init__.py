"""What the database keeps of accounts."""

from accounts.models.setup_links import SetupLink
from accounts.models.users import User

__all__ = ["SetupLink", "User"]
