from accounts.audit_admin import AuditEntryAdmin

__all__ = ["AuditEntryAdmin"]
