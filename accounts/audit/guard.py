"""The database's own refusal to change the audit trail: triggers on SQLite and PostgreSQL.

Whoever owns the database can lift them; that is what backups and exports to another machine are for.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLE = "accounts_auditentry"
REFUSAL = "the audit trail is append-only"

# REPLACE removes the row in its way without firing its DELETE trigger (https://sqlite.org/lang_conflict.html), so
# inserting over an entry is refused by itself.
SQLITE = {
    "audit_no_update": f"BEFORE UPDATE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    "audit_no_delete": f"BEFORE DELETE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    "audit_no_replace": (
        f"BEFORE INSERT ON {TABLE} WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id) "  # noqa: S608 - constants
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    ),
}
POSTGRESQL = {
    "audit_no_change": f"BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    "audit_no_truncate": f"BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
}
POSTGRESQL_FUNCTION = f"""
    CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""


def put_up(connection: BaseDatabaseWrapper) -> None:
    """From now on UPDATE, DELETE, REPLACE and TRUNCATE raise IntegrityError. Call in a transaction."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRESQL_FUNCTION)
        for name, rule in _triggers(connection).items():
            cursor.execute(f"CREATE TRIGGER {name} {rule}")


def lift(connection: BaseDatabaseWrapper) -> None:
    """Until `put_up`, or the end of a transaction that fails. Harmless when nothing is up."""
    of_table = f" ON {TABLE}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in _triggers(connection):
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{of_table}")


def migrate_up(_apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    put_up(schema_editor.connection)


def migrate_down(_apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    lift(schema_editor.connection)


def _triggers(connection: BaseDatabaseWrapper) -> dict[str, str]:
    return POSTGRESQL if connection.vendor == "postgresql" else SQLITE
