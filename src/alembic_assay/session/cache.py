"""Results of queries in a cache (dogpile.cache), forgotten when a table that they were read from changes."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Table, event
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, UserDefinedOption, loading
from sqlalchemy.sql import visitors

from alembic_assay.errors import AssayError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dogpile.cache import CacheRegion
    from sqlalchemy.orm import ORMExecuteState, UOWTransaction, sessionmaker

_WRITTEN = "assay_written_tables"
_PREFIX = "alembic-assay"


class cached(UserDefinedOption):  # noqa: N801 - it is used like a function, as SQLAlchemy's own options
    """The option that has a SELECT answered from the cache.

    Args:
        seconds: How long its result may be used at most; ``None`` for the region's own time.

    Example:
        >>> session.scalars(select(Category).options(cached(60))).all()  # doctest: +SKIP
    """

    propagate_to_loaders = True

    def __init__(self, seconds: float | None = None) -> None:
        super().__init__()
        self.seconds = seconds


class QueryCache:
    """A cache of query results.

    A result is found again for the same statement with the same values, as long as no session with this cache has
    committed a change to a table that it was read from. So that all processes agree, use a backend that they share
    (Redis, memcached); with one in memory, each process knows of its own changes only, and of others' when the
    time is over. Raw SQL and other programs change tables unnoticed: :meth:`forget` says so.

    In a transaction that has changed a table, and on a replica, queries go to the database.

    Args:
        region: A configured region of dogpile.cache; it needs the extra ``cache``.

    Example:
        >>> from dogpile.cache import make_region
        >>> cache = QueryCache(make_region().configure("dogpile.cache.memory", expiration_time=300))
        >>> cache.serve(database.sessions)  # doctest: +SKIP
    """

    def __init__(self, region: CacheRegion) -> None:
        self.region = region
        self.hits = 0
        self.misses = 0
        self._tables: dict[object, frozenset[str]] = {}

    def serve(self, sessions: sessionmaker[Any] | type[Session]) -> None:
        """Answer ``cached()`` queries of sessions, and watch what they write.

        Args:
            sessions: A ``sessionmaker`` or a class of sessions; of an ``async_sessionmaker``, its sync session class.
        """
        event.listen(sessions, "do_orm_execute", self._execute)
        event.listen(sessions, "after_flush", _note_flush)
        event.listen(sessions, "after_commit", self._forget_written)
        event.listen(sessions, "after_rollback", lambda session: session.info.pop(_WRITTEN, None))

    def forget(self, tables: Iterable[Table | type[Any] | str]) -> None:
        """Forget every result that was read from some tables.

        Args:
            tables: Tables, models, or names with their schema: ``"app.tasks"``.
        """
        for table in tables:
            name = table if isinstance(table, str) else getattr(table, "__table__", table).fullname
            self.region.set(_generation_key(name), uuid.uuid4().hex)

    def _execute(self, state: ORMExecuteState) -> Any:
        if not state.is_select:
            _note(state.session, _tables_of(state.statement))
            return None
        option = next((each for each in state.user_defined_options if isinstance(each, cached)), None)
        if option is None or state.session.info.get("read_only"):
            return None
        read = self._tables_read(state)
        if read & state.session.info.get(_WRITTEN, frozenset()) or _unflushed(state.session) & read:
            return None
        return self._answer(state, option, read)

    def _answer(self, state: ORMExecuteState, option: cached, read: frozenset[str]) -> Any:
        missed = False

        def load() -> Any:
            nonlocal missed
            missed = True
            return state.invoke_statement().freeze()

        frozen = self.region.get_or_create(self._key(state, read), load, option.seconds)
        self.misses += missed
        self.hits += not missed
        merge: Any = loading.merge_frozen_result  # without types
        return merge(state.session, state.statement, frozen, load=False)()

    def _key(self, state: ORMExecuteState, read: frozenset[str]) -> str:
        """Statement, values and the generation of each table: a generation that has passed is never asked for."""
        cache_key: Any = state.statement._generate_cache_key()  # type: ignore[attr-defined] # noqa: SLF001 - as SQLAlchemy's own recipe for dogpile.cache does
        if cache_key is None:
            raise AssayError("cached() needs a statement that SQLAlchemy can cache.", hint="Leave the option out here.")
        text = cache_key.to_offline_string({}, state.statement, state.parameters or {})
        generations = [f"{name}={self._generation(name)}" for name in sorted(read)]
        return f"{_PREFIX}:{hashlib.sha256(' '.join([text, *generations]).encode()).hexdigest()}"

    def _generation(self, name: str) -> str:
        return str(self.region.get_or_create(_generation_key(name), lambda: uuid.uuid4().hex, -1))

    def _tables_read(self, state: ORMExecuteState) -> frozenset[str]:
        key = state.statement._generate_cache_key()  # type: ignore[attr-defined] # noqa: SLF001 - equal keys, equal tables
        if key is None or key.key not in self._tables:
            dialect: Any = postgresql.dialect
            compiled = cast("Any", state.statement).compile(dialect=dialect())
            # The ORM's compiled statement has the joins of eager loading, which the user's has not.
            found = _tables_of(getattr(compiled.compile_state, "statement", state.statement))
            found |= _tables_of(state.statement)
            if not found:
                raise AssayError("cached() expects a SELECT from tables, got one without.")
            if key is None:
                return found
            self._tables[key.key] = found
        return self._tables[key.key]

    def _forget_written(self, session: Session) -> None:
        if not session.in_nested_transaction():
            self.forget(session.info.pop(_WRITTEN, ()))


def _generation_key(name: str) -> str:
    return f"{_PREFIX}:generation:{name}"


def _tables_of(statement: Any) -> frozenset[str]:
    return frozenset(each.fullname for each in visitors.iterate(statement) if isinstance(each, Table))


def _unflushed(session: Session) -> frozenset[str]:
    changed = [*session.new, *session.dirty, *session.deleted]
    return frozenset(table.fullname for each in changed for table in _mapped(each) if isinstance(table, Table))


def _mapped(instance: Any) -> Iterable[Any]:
    mapper = instance.__mapper__
    return [*mapper.tables, *(each.secondary for each in mapper.relationships if each.secondary is not None)]


def _note_flush(session: Session, _context: UOWTransaction) -> None:
    _note(session, _unflushed(session))


def _note(session: Session, tables: frozenset[str]) -> None:
    session.info[_WRITTEN] = session.info.get(_WRITTEN, frozenset()) | tables
