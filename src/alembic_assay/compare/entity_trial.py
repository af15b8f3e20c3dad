"""What the server makes of declared entities, tried out in a savepoint: the records, and which can be replaced."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alembic_assay.catalog import aside, extensions, functions, policies, triggers, views
from alembic_assay.catalog.aside_closure import Closure
from alembic_assay.catalog.create_context import Context
from alembic_assay.catalog.reading import Scope, fixed_settings
from alembic_assay.catalog.snapshot import Snapshot
from alembic_assay.compare import entity_copies
from alembic_assay.compare.entity_copies import attempt, run, said, same
from alembic_assay.compare.entity_declared import sql_of
from alembic_assay.compare.entity_grants import grant_of
from alembic_assay.compare.entity_records import merged
from alembic_assay.errors import EntityError, sqlstate
from alembic_assay.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection
    from sqlalchemy.exc import DBAPIError

    from alembic_assay.catalog.dependencies import Key
    from alembic_assay.catalog.record import Record
    from alembic_assay.compare.entity_declared import Declared

_READERS = (extensions.read, views.read, functions.read, triggers.read, policies.read)
_LABEL_NOT_COMMITTED = "55P04"
_SETTINGS = ("SET LOCAL lock_timeout = '5s'", "SET LOCAL client_min_messages = error")


def read(connection: Connection) -> dict[Key, Record]:
    """Read what entities can be."""
    with fixed_settings(connection):
        return {(record.kind, record.key): record for reader in _READERS for record in reader(connection, Scope())}


@contextmanager
def rolled_back(connection: Connection) -> Iterator[None]:
    """Run in a savepoint that is rolled back, and wait for no lock longer than a moment."""
    transaction = connection.begin_nested() if connection.in_transaction() else connection.begin()
    try:
        for setting in _SETTINGS:
            run(connection, setting)
        yield
    finally:
        transaction.rollback()


@dataclass(slots=True)
class Trial:
    """Make declared entities for real, one after another, until all are as declared.

    Args:
        connection: Inside :func:`rolled_back`.
        entities: What is declared.
        present: What there is, by :func:`read`.
        others: Applies the other operations of the revision.

    Attributes:
        existing: The key that an entity has now, where it has another than it will have.
        in_place: What ``CREATE OR REPLACE`` was enough for.
        late: What could be made only after the other operations.
        applied: Whether those were needed.
    """

    connection: Connection
    entities: Sequence[Declared]
    present: dict[Key, Record]
    others: Callable[[], None]
    existing: dict[Declared, Key] = field(default_factory=dict)
    in_place: set[Declared] = field(default_factory=set)
    late: set[Declared] = field(default_factory=set)
    applied: bool = False
    _made: dict[Declared, None] = field(default_factory=dict)
    _dropped: set[Declared] = field(default_factory=set)

    def run(self) -> None:
        """Make what is not there as it is declared.

        Raises:
            EntityError: The server refuses some, also after everything else.
        """
        waiting = self._different(self.entities)
        for _ in range(len(self.entities) + 1):
            if not waiting:
                break
            self._settle(waiting)
            waiting = self._moved()
        if unread := [each for each in self.entities if each.key is None and each.type_ == "function"]:
            self._different(unread)

    def made(self) -> list[Declared]:
        """Return what was made, in an order in which it can be."""
        return list(self._made)

    def changed(self) -> dict[Declared, Record]:
        """Return what is not as it was, and its record as it shall be."""
        if not self._made:
            return {}
        now = read(self.connection)
        found = {each: now[each.key] for each in self.entities if each.key is not None and each.key in now}
        return {each: record for each, record in found.items() if self._before(each) != self._merged(each, record)}

    def back_in_place(self, entities: Sequence[Declared]) -> set[Declared]:
        """Return those that ``CREATE OR REPLACE`` can make again what they were."""
        context = Context(Snapshot(tuple(self.present.values())))
        found = set()
        for each in entities:
            record = self._before(each)
            if each not in self.in_place or record is None:
                continue
            statements = [sql for step in aside.replaced(record, context) for sql in step.statements]
            with rolled_back(self.connection):
                if attempt(self.connection, *statements) is None:
                    found.add(each)
        return found

    def _before(self, each: Declared) -> Record | None:
        return self.present.get(self.key_before(each))

    def key_before(self, each: Declared) -> Key:
        """Return the key that an entity has now, or will have."""
        assert each.key is not None  # noqa: S101 - the server has read it
        return self.existing.get(each, each.key)

    def _merged(self, each: Declared, record: Record) -> Record:
        before = self._before(each)
        return record if before is None else merged(record, before)

    def _different(self, entities: Sequence[Declared]) -> list[Declared]:
        """Return what is not there as declared, as far as copies tell; triggers and policies are always tried."""
        copies = entity_copies.read(self.connection, entities)
        for each, record in copies.records.items():
            each.key = (record.kind, record.key)
        self.existing.update(copies.existing)
        return [each for each in entities if not self._same(each, copies.records.get(each))]

    def _same(self, each: Declared, record: Record | None) -> bool:
        if each.key is None:
            return False
        before = self.present.get(each.key)
        if each.type_ == "extension":
            return getattr(before, "schema", None) == each.schema
        return record is not None and same(record, before)

    def _settle(self, waiting: Sequence[Declared]) -> None:
        """Make what waits, in whatever order works."""
        while waiting:
            errors = {each: error for each in waiting if (error := self._make(each)) is not None}
            self._made.update({each: None for each in waiting if each not in errors})
            if len(errors) == len(waiting):
                if self.applied:
                    raise _refusal(errors) from next(iter(errors.values()))
                self.others()
                self.applied = True
                self.late.update(errors)
            waiting = list(errors)

    def _moved(self) -> list[Declared]:
        """Return what is no longer as declared because something else changed: ``SELECT *``, or dropped with it."""
        now = read(self.connection)
        gone = [each for each in self._made if each.key is not None and each.key not in now]
        untouched = [each for each in self.entities if each.body is not None and each not in self._made]
        return [*gone, *self._different(untouched)]

    def _make(self, each: Declared) -> DBAPIError | None:
        make = {
            "view": self._make_replaceable,
            "function": self._make_replaceable,
            "materialized_view": self._make_view_again,
            "trigger": self._make_trigger,
            "policy": lambda each: attempt(self.connection, each.drop, each.create),
            "extension": self._make_extension,
            "grant_table": self._make_grant,
        }
        return make[each.type_](each)

    def _make_replaceable(self, each: Declared) -> DBAPIError | None:
        error = attempt(self.connection, each.replace)
        if error is None:
            self.in_place.add(each)
            return None
        return self._make_view_again(each) if self._old_key(each) in self.present else error

    def _old_key(self, each: Declared) -> Key | None:
        return self.existing.get(each, each.key)

    def _make_view_again(self, each: Declared) -> DBAPIError | None:
        """Drop and make, once; what hung on it is put back as far as it still fits."""
        key = self._old_key(each)
        if each in self._dropped or key not in self.present:
            return attempt(self.connection, each.create)
        snapshot = aside.read(self.connection)
        if key not in {(record.kind, record.key) for record in snapshot}:
            return attempt(self.connection, each.create)
        drop = aside.arranged(Closure(snapshot, taken=[key])).drop
        error = attempt(self.connection, *drop, each.create)
        if error is None:
            self._dropped.add(each)
            for sql in aside.aside(snapshot, (), [key]).restore:
                attempt(self.connection, sql)
        return error

    def _make_trigger(self, each: Declared) -> DBAPIError | None:
        if each.key in self.present and not each.entity.is_constraint:
            error = attempt(self.connection, each.replace)
            if error is None:
                self.in_place.add(each)
                return None
        return attempt(self.connection, each.drop, each.create)

    def _make_extension(self, each: Declared) -> DBAPIError | None:
        if each.key not in self.present:
            return attempt(self.connection, each.create)
        self.in_place.add(each)
        return attempt(self.connection, f"ALTER EXTENSION {identifier(each.name)} SET SCHEMA {identifier(each.schema)}")

    def _make_grant(self, each: Declared) -> DBAPIError | None:
        revoke = grant_of(each.entity).revoke
        error = attempt(self.connection, revoke, each.create)
        if error is None:
            return None
        # As alembic-utils writes it, names of columns are folded.
        return error if attempt(self.connection, revoke, sql_of(each.entity.to_sql_statement_create())) else None


def _refusal(errors: dict[Declared, DBAPIError]) -> EntityError:
    listed = "; ".join(f"{each.title}: {said(error)}" for each, error in errors.items())
    hint = "Everything else of this revision was there when it was tried."
    if any(sqlstate(error) == _LABEL_NOT_COMMITTED for error in errors.values()):
        hint = "Add the label to its type in a revision of its own, upgrade, and then use it in what is registered."
    return EntityError(f"PostgreSQL refuses what is registered with alembic-utils: {listed}.", hint=hint)
