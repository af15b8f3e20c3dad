"""Which entities a run is about: what was registered with them, and the hooks of ``env.py``."""

from __future__ import annotations

import sys
from contextlib import suppress
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import text

from alembic_assay.catalog.functions import Function
from alembic_assay.catalog.policies import Policy
from alembic_assay.catalog.triggers import Trigger
from alembic_assay.catalog.views import View
from alembic_assay.compare.entity_provisional import REGISTRY
from alembic_assay.ops.execute import literal
from alembic_assay.options import Options
from alembic_assay.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Connection

    from alembic_assay.catalog.dependencies import Key
    from alembic_assay.catalog.record import Record
    from alembic_assay.compare.entity_grants import Grant, Held

_CLASSES = {
    "function": ("pg_function", "PGFunction"),
    "view": ("pg_view", "PGView"),
    "materialized_view": ("pg_materialized_view", "PGMaterializedView"),
    "trigger": ("pg_trigger", "PGTrigger"),
    "policy": ("pg_policy", "PGPolicy"),
    "extension": ("pg_extension", "PGExtension"),
    "grant_table": ("pg_grant_table", "PGGrantTable"),
}
_TABLES = """
SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""


def tables(connection: Connection) -> set[tuple[str, str]]:
    """Return schema and name of all that can have triggers or policies."""
    return {(schema, name) for schema, name in connection.execute(text(_TABLES))}


def compared(autogen_context: AutogenContext) -> Callable[[Record], bool]:
    """Return what tells whether an object of the database is compared as an entity in this run."""
    registry = getattr(autogen_context, REGISTRY, None)
    if registry is None:
        return lambda _: False
    options: Options = autogen_context.opts.get("assay") or Options()
    scope = Scope(autogen_context, registry, options.ignore_tables)
    return lambda record: type_of(record) in _CLASSES and bool(scope.removed({(record.kind, record.key): record}, ()))


class Scope:
    """What alembic-utils would look at, and what ``include_name`` and ``include_object`` leave of it.

    Args:
        autogen_context: Of the run.
        registry: Of alembic-utils.
        ignore: Patterns of what belongs to other tools, with or without the schema.
    """

    def __init__(self, autogen_context: AutogenContext, registry: Any, ignore: Sequence[str] = ()) -> None:
        self._context = autogen_context
        self._ignore = ignore
        self._classes = tuple(registry.entity_types)
        connection = cast("Connection", autogen_context.connection)
        self.default_schema = str(connection.dialect.default_schema_name)
        schemas = {entity.schema for entity in registry.entities()} | set(registry.schemas)
        if autogen_context.opts.get("include_schemas"):
            schemas |= {name for name in autogen_context.inspector.get_schema_names() if self._schema(name)}
        self._schemas = schemas - set(registry.exclude_schemas) - {"information_schema", "pg_catalog"}

    def _schema(self, name: str) -> bool:
        asked = None if name == self.default_schema else name
        return self._context.run_name_filters(asked, "schema", {})

    def declares(self, entity: Any) -> bool:
        """Whether a registered entity counts in this run."""
        return (not self._classes or type(entity) in self._classes) and self._included(entity, reflected=False)

    def removed(self, present: Mapping[Key, Record], declared: Collection[Key | None]) -> list[Record]:
        """Return what is there, in the schemas and of the types that are looked at, and is not registered."""
        allowed = {each.type_ for each in self._classes} if self._classes else set(_CLASSES)
        return [
            record
            for key, record in present.items()
            if key not in declared
            and type_of(record) in allowed
            and getattr(record, "schema", None) in self._schemas
            and not self._ignored(str(getattr(record, "schema", "")), *_names(record))
            and self._included(entity_of(record), reflected=True)
        ]

    def removed_grants(self, present: Mapping[Grant, Held], declared: Collection[Grant]) -> list[Grant]:
        """Return the privileges that are granted and not registered."""
        if self._classes and not any(each.type_ == "grant_table" for each in self._classes):
            return []
        return [
            grant
            for grant, held in present.items()
            if grant not in declared
            and grant.schema in self._schemas
            and not self._ignored(grant.schema, grant.table)
            and self._included(entity_of_grant(grant, held), reflected=True)
        ]

    def _ignored(self, schema: str, *names: str) -> bool:
        """Whether a pattern matches an object, or the table that it is on."""
        spelled = [spelling for name in names for spelling in (name, f"{schema}.{name}")]
        return any(fnmatchcase(spelling, each) for spelling in spelled for each in self._ignore)

    def enabled(self, statement: str, opposite: str) -> bool:
        """Whether the last script of the project that has either of two statements begins with the first one."""
        context: Any = self._context.opts.get("revision_context")
        for script in context.script_directory.walk_revisions() if context is not None else ():
            source = Path(script.path).read_text("utf-8")
            places = [source.find(literal(each)) for each in (statement, opposite)]
            if max(places) >= 0:
                return places[0] >= 0 and (places[1] < 0 or places[0] < places[1])
        return False

    def _included(self, entity: Any, *, reflected: bool) -> bool:
        """Ask the hooks as alembic-utils does."""
        name = f"{entity.schema}.{entity.signature}"
        names: Any = {"schema_name": entity.schema, "table_name": f"Not applicable for type {entity.type_}"}
        named = not reflected or self._context.run_name_filters(name, entity.type_, names)
        return named and self._context.run_object_filters(entity, name, entity.type_, reflected, None)


def type_of(record: Record) -> str | None:
    """Return the ``type_`` of the entity that a record would be; ``None`` where alembic-utils has none."""
    if isinstance(record, View):
        return "materialized_view" if record.materialized else "view"
    if isinstance(record, Function):
        return "function" if record.form == "function" else None
    if isinstance(record, Trigger):
        return "trigger" if record.definition and record.parent is None else None
    return record.kind


def _names(record: Record) -> tuple[str, ...]:
    return (
        record.key[1:]
        if record.kind in {"trigger", "policy"}
        else (record.key[0 if record.kind == "extension" else 1],)
    )


def entity_of(record: Record) -> Any:
    """Return what alembic-utils would have made of an object."""
    class_ = _class(str(type_of(record)))
    if isinstance(record, View):
        more = {"with_data": bool(record.populated)} if record.materialized else {}
        return class_(record.schema, record.name, record.definition, **more)
    if isinstance(record, Function | Trigger):
        with suppress(ValueError, _parse_failure()):
            return class_.from_sql(record.definition)
        last = record.arguments if isinstance(record, Function) else f"{record.schema}.{record.table}"
        name = f"{record.name}({last})" if isinstance(record, Function) else record.name
        return class_(record.schema, name, record.definition, *([] if isinstance(record, Function) else [last]))
    if isinstance(record, Policy):
        return class_(record.schema, record.name, _definition(record), f"{record.schema}.{record.table}")
    return class_(getattr(record, "schema", ""), record.key[0])


def _definition(record: Policy) -> str:
    roles = ", ".join("public" if role == "public" else identifier(role) for role in record.roles)
    kind = "permissive" if record.permissive else "restrictive"
    using = f" using ({record.using})" if record.using is not None else ""
    check = f" with check ({record.check})" if record.check is not None else ""
    return f"as {kind} for {record.command} to {roles}{using}{check}"


def entity_of_grant(grant: Grant, held: Held) -> Any:
    """Return what alembic-utils would have made of a privilege."""
    columns = sorted({column for column, _ in held.effect if column is not None})
    grantable = any(option for _, option in held.effect)
    return _class("grant_table")(grant.schema, grant.table, grant.role, grant.privilege, columns, grantable)


def _parse_failure() -> type[Exception]:
    found: type[Exception] = import_module("alembic_utils.exceptions").SQLParseFailure
    return found


def _class(type_: str) -> Any:
    module, name = _CLASSES[type_]
    path = f"alembic_utils.{module}"
    return getattr(sys.modules.get(path) or import_module(path), name)
