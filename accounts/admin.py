from accounts.audit.admin import AuditEntryAdmin

__all__ = ["AuditEntryAdmin"]
