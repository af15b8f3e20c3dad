"""Entities of alembic-utils as the statements that make them, with names as PostgreSQL takes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alembic_assay.compare.entity_grants import grant_of
from alembic_assay.sql import display, identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Collection

    from alembic_assay.catalog.dependencies import Key

KINDS = {
    "function": "function",
    "view": "view",
    "materialized_view": "view",
    "trigger": "trigger",
    "policy": "policy",
    "extension": "extension",
    "grant_table": "grant",
}
"""The ``type_`` of an entity, and the kind of its record; privileges on tables are parts of other records."""

_NAME = r'(?:"(?:[^"]|"")*"|[^\s".]+)'
_ON = re.compile(
    rf"(?P<event>.*?)\sON\s+(?:{_NAME}\s*\.\s*)?(?P<table>{_NAME})\s+(?P<action>.*)", re.DOTALL | re.IGNORECASE
)
_ESCAPED = re.compile(r"\\(:[\w$]*)(?![:\w$])")


@dataclass(eq=False, slots=True)
class Declared:
    """An entity that the project registered.

    Args:
        entity: Itself.
        type_: Its ``type_``, one of :data:`KINDS`.
        schema: Its schema.
        name: Its name, of a function without arguments.
        create: The statement that makes it; materialised views are not filled.
        body: What follows the name in a view, and in a function; by it a copy of another name can be made.
        table: The table of a trigger or policy.
        key: The key of its record; of a function, once the server has read it.
    """

    entity: Any
    type_: str
    schema: str
    name: str
    create: str
    body: str | None = None
    table: str | None = None
    key: Key | None = None

    @property
    def title(self) -> str:
        """What a person would call it: ``view public.open_tasks``."""
        if self.type_ == "grant_table":
            return self.name
        name = self.name if self.table is None else f"{self.name} on {display(self.table, self.schema)}"
        if self.type_ == "function":
            name = f"{display(self.name, self.schema)}({str(self.entity.signature).partition('(')[2]}"
        elif "view" in self.type_:
            name = display(self.name, self.schema)
        return f"{self.type_.replace('materialized_', 'materialised ')} {name}"

    @property
    def replace(self) -> str:
        """The statement that makes it or takes the place of one with the same name, where PostgreSQL has one."""
        return self.create.replace("CREATE ", "CREATE OR REPLACE ", 1)

    @property
    def drop(self) -> str:
        """The statement that drops a trigger or policy of this name, if there is one."""
        table = qualified(str(self.table), self.schema)
        return f"DROP {self.type_.upper()} IF EXISTS {identifier(self.name)} ON {table}"

    def copy(self, number: int) -> str:
        """Return the statement that makes a copy of a view or function, which nobody else sees."""
        return f"CREATE {'FUNCTION' if self.type_ == 'function' else 'VIEW'} pg_temp.assay_{number}{self.body}"


def declared(entity: Any, present: Collection[Key], tables: Collection[tuple[str, str]]) -> Declared:
    """Translate an entity.

    Args:
        entity: Of alembic-utils.
        present: Kind and key of what the database has.
        tables: Schema and name of the tables in the database and in the models.
    """
    translate = {
        "function": _function,
        "view": _view,
        "materialized_view": _view,
        "trigger": _trigger,
        "policy": lambda each: _policy(each, present, tables),
        "extension": _extension,
        "grant_table": _grant,
    }
    return translate[entity.type_](entity)


def sql_of(clause: Any) -> str:
    r"""Return the text that the server would get of a ``text()``, which has ``\:`` for a colon."""
    return _ESCAPED.sub(r"\1", str(clause.text)).strip().rstrip(";").strip()


def _function(entity: Any) -> Declared:
    create = sql_of(entity.to_sql_statement_create())
    name = str(entity.signature).partition("(")[0].strip()
    head = f'CREATE FUNCTION {entity.literal_schema}."{name}"'
    body = create.removeprefix(head) if create.startswith(head) else None
    return Declared(entity, entity.type_, entity.schema, name, create, body)


def _view(entity: Any) -> Declared:
    materialized = entity.type_ == "materialized_view"
    create = sql_of(entity.to_sql_statement_create())
    head = f'CREATE {"MATERIALIZED " if materialized else ""}VIEW {entity.literal_schema}."{entity.signature}"'
    body = create.removeprefix(head) if create.startswith(head) else None
    if materialized and body is not None:
        body = f" AS {str(entity.definition).strip().rstrip(';')}"
        create = f"{head}{body}\nWITH NO DATA"
    key = ("view", (entity.schema, entity.signature))
    return Declared(entity, entity.type_, entity.schema, entity.signature, create, body, key=key)


def _trigger(entity: Any) -> Declared:
    definition = _ESCAPED.sub(r"\1", entity.definition)
    found = _ON.fullmatch(definition.strip())
    table = _folded(found["table"]) if found else entity.on_entity.partition(".")[2]
    create = sql_of(entity.to_sql_statement_create())
    if found:
        constraint = "CONSTRAINT " if entity.is_constraint else ""
        create = (
            f"CREATE {constraint}TRIGGER {identifier(entity.signature)} {found['event']}"
            f" ON {qualified(table, entity.schema)} {found['action']}"
        )
    key = ("trigger", (entity.schema, table, entity.signature))
    return Declared(entity, entity.type_, entity.schema, entity.signature, create, table=table, key=key)


def _policy(entity: Any, present: Collection[Key], tables: Collection[tuple[str, str]]) -> Declared:
    """Translate a policy, whose names have lost their quotes: what exists says how they were meant."""
    schema, _, table = entity.on_entity.partition(".")
    if (schema, table) not in tables:
        schema, table = schema.lower(), table.lower()
    name = entity.signature
    folded = ("policy", (schema, table, name.lower()))
    if folded in present and ("policy", (schema, table, name)) not in present:
        name = name.lower()
    definition = _ESCAPED.sub(r"\1", entity.definition)
    create = f"CREATE POLICY {identifier(name)} ON {qualified(table, schema)} {definition}"
    return Declared(entity, entity.type_, schema, name, create, table=table, key=("policy", (schema, table, name)))


def _extension(entity: Any) -> Declared:
    create = sql_of(entity.to_sql_statement_create())
    return Declared(
        entity, entity.type_, entity.schema, entity.signature, create, key=("extension", (entity.signature,))
    )


def _grant(entity: Any) -> Declared:
    """Translate a grant; its columns have no quotes, and may need them."""
    grant = grant_of(entity)
    columns = list(entity.columns) or [None]
    (create,) = grant.give((column, bool(entity.with_grant_option)) for column in columns)
    return Declared(entity, entity.type_, grant.schema, grant.title, create, table=grant.table)


def _folded(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
