"""Rows of jobs, shards and events by statements that are put together in no time, for what each shard needs.

Django takes one to three milliseconds to build what a database does in a tenth of one: locking a job's row took 2.8 ms
of processor and takes 0.9 this way, ending a shard 1.5 and 0.2, adding one 1.7 and 0.3. Signals are not sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Field, Model

from jobs.models import Job

LOCK_JOB = "SELECT * FROM jobs_job WHERE id = %s"


def locked_job(job_id: UUID) -> Job | None:
    """The job's row, locked until the transaction ends."""
    statement = f"{LOCK_JOB} FOR UPDATE" if connection.features.has_select_for_update else LOCK_JOB
    return next(iter(Job.objects.raw(statement, [_value(Job, "id", job_id)])), None)


def add(rows: Sequence[Model]) -> None:
    """New rows of one model, in one statement; each gets its id."""
    if not rows:
        return
    fields = [field for field in rows[0]._meta.concrete_fields if not field.primary_key]
    place = f"({', '.join(['%s'] * len(fields))})"
    statement = (
        f"INSERT INTO {rows[0]._meta.db_table} ({', '.join(_column(field) for field in fields)})"  # noqa: S608 - names
        f" VALUES {', '.join([place] * len(rows))} RETURNING id"
    )
    values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for row in rows for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        for row, (row_id,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk, row._state.adding, row._state.db = row_id, False, connection.alias


def update(model: type[Model], values: Mapping[str, Any], where: Mapping[str, Any]) -> int:
    """Writes to the rows whose fields have these values, none of them None; how many there were."""
    changes = ", ".join(f"{_named(model, name)} = %s" for name in values)
    conditions = " AND ".join(f"{_named(model, name)} = %s" for name in where)
    statement = f"UPDATE {model._meta.db_table} SET {changes} WHERE {conditions}"  # noqa: S608 - names only
    with connection.cursor() as cursor:
        cursor.execute(statement, [_value(model, name, value) for name, value in [*values.items(), *where.items()]])
        return int(cursor.rowcount)


def _value(model: type[Model], name: str, value: Any) -> Any:
    return _field(model, name).get_db_prep_save(value, connection)


def _named(model: type[Model], name: str) -> str:
    return _column(_field(model, name))


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    field = model._meta.get_field(name)
    assert isinstance(field, Field)  # noqa: S101 - callers name columns of their own tables
    return field


def _column(field: Field[Any, Any]) -> str:
    return connection.ops.quote_name(str(field.column))
