"""Constraints: Alembic's operations where they say all that the record says, plain SQL where they do not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import renderers
from alembic.operations import ops
from sqlalchemy import Column, ForeignKeyConstraint, Integer, MetaData, PrimaryKeyConstraint, Table
from sqlalchemy.sql.compiler import BIND_PARAMS

from alembic_assay.catalog import build_constraints, create_properties
from alembic_assay.catalog.build_text import enclosed, plain, split, unquoted, verbatim
from alembic_assay.catalog.names import parts
from alembic_assay.ops.enums import render_call
from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.ops.layout import lay_out
from alembic_assay.ops.planning import Planned, Stage
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.operations import MigrateOperation
    from sqlalchemy.sql.schema import Constraint as SchemaConstraint

    from alembic_assay.catalog.constraints import Constraint
    from alembic_assay.ops.planning import Side

_TYPES = {"primary key": "primary", "unique": "unique", "foreign key": "foreignkey", "check": "check"}


class CreatePrimaryKey(ops.CreatePrimaryKeyOp):
    """A primary key, which Alembic itself cannot write into a script."""

    def reverse(self) -> ops.DropConstraintOp:
        """Drop it."""
        return _drop(self, "primary")


class CreateUniqueConstraint(ops.CreateUniqueConstraintOp):
    """A unique constraint, dropped by the name that it really has."""

    def reverse(self) -> ops.DropConstraintOp:
        """Drop it."""
        return _drop(self, "unique")


class CreateForeignKey(ops.CreateForeignKeyOp):
    """A foreign key, dropped by the name that it really has."""

    def reverse(self) -> ops.DropConstraintOp:
        """Drop it."""
        return _drop(self, "foreignkey")


class CreateCheckConstraint(ops.CreateCheckConstraintOp):
    """A check, dropped by the name that it really has."""

    def reverse(self) -> ops.DropConstraintOp:
        """Drop it."""
        return _drop(self, "check")


class DropConstraint(ops.DropConstraintOp):
    """A constraint that can be made again as it was.

    Args:
        record: What it is.
        creation: What makes it again.
        schema: Its schema, as scripts give it.
        name: Its name, as scripts give it.
    """

    def __init__(self, record: Constraint, creation: MigrateOperation, *, schema: str | None, name: str) -> None:
        super().__init__(name, record.table, _TYPES.get(record.type), schema=schema)
        self.creation = creation

    def reverse(self) -> Any:
        """Make it again."""
        return self.creation

    def to_diff_tuple(self) -> tuple[str, Any]:
        """As Alembic's own, or with the SQL that would make it again."""
        kind = "remove_fk" if self.constraint_type == "foreignkey" else "remove_constraint"
        found = self.creation.to_diff_tuple()
        return (kind, found[-1])


class AddConstraintSql(SqlOp):
    """A constraint that only SQL can say."""

    def __init__(self, record: Constraint, side: Side) -> None:
        super().__init__([_sql(record)], title=record.title)
        self.record = record
        self.side = side

    def reverse(self) -> Any:
        """Drop it."""
        side = self.side
        return DropConstraint(
            self.record, self, schema=side.schema(self.record.schema), name=side.name(self.record.name)
        )


lay_out(CreateUniqueConstraint, CreateForeignKey, CreateCheckConstraint, DropConstraint)


def _drop(creation: Any, kind: str) -> ops.DropConstraintOp:
    found = ops.DropConstraintOp.from_constraint(creation.to_constraint())
    record: Constraint = creation.record
    dropped = DropConstraint(record, creation, schema=found.schema, name=creation.constraint_name)
    dropped.constraint_type = kind
    return dropped


def creation(record: Constraint, side: Side) -> list[Planned]:
    """Add a constraint to a table that is there."""
    place = _place(record, side)
    planned = [Planned(operation(record, side), Stage.PART, (place, 0))]
    if record.comment is not None:
        comment = SqlOp(create_properties.comment(record), title=record.title)
        planned.append(Planned(comment, Stage.PART, (place, 1)))
    return planned


def operation(record: Constraint, side: Side) -> Any:
    """Return the operation that adds a constraint."""
    found = schema_constraint(record, side)
    if found is None or found.dialect_options["postgresql"].get("include"):  # Alembic takes those columns for unknown
        return AddConstraintSql(record, side)
    if record.type == "foreign key":
        return _recorded(_foreign_key(record, found, side), record)
    columns = [Column(name, Integer) for name in record.columns]
    Table(record.table, MetaData(), *columns, found, schema=side.schema(record.schema))
    made: dict[str, Any] = {
        "primary key": CreatePrimaryKey,
        "unique": CreateUniqueConstraint,
        "check": CreateCheckConstraint,
    }
    return _recorded(made[record.type].from_constraint(found), record)


def _recorded(op: Any, record: Constraint) -> Any:
    op.record = record
    return op


def _place(record: Constraint, side: Side) -> int:
    kind = "foreign key" if record.type == "foreign key" else "constraint"
    return side.place[kind, record.key]


def _foreign_key(record: Constraint, found: Any, side: Side) -> CreateForeignKey:
    schema, table = parts(record.references or "")
    options = {
        "onupdate": found.onupdate,
        "ondelete": found.ondelete,
        "deferrable": found.deferrable,
        "initially": found.initially,
        "match": found.match,
        "postgresql_not_valid": True if not record.validated else None,
    }
    return CreateForeignKey(
        found.name,
        record.table,
        table,
        [element.parent.name if element.parent is not None else "" for element in found.elements],
        [element.target_fullname.rpartition(".")[2] for element in found.elements],
        source_schema=side.schema(record.schema),
        referent_schema=side.schema(schema),
        **{name: value for name, value in options.items() if value is not None},
    )


def schema_constraint(record: Constraint, side: Side) -> SchemaConstraint | None:
    """Return a constraint as SQLAlchemy has it and Alembic writes it, ``None`` where one of them loses something."""
    risky = "%" in record.definition or "\\" in record.definition or BIND_PARAMS.search(record.definition)
    if risky or record.type not in _TYPES or record.definition.endswith(" NOT ENFORCED"):
        return None
    if record.type == "foreign key":
        return _schema_foreign_key(record, side)
    index = side.context.indexes.get((record.schema, record.table, record.name))
    if index is not None and (index.options or index.tablespace or index.clustered or index.replica_identity):
        index = index if not index.options else None
    found = build_constraints.constraint(record, index)
    if found is None or (isinstance(found, PrimaryKeyConstraint) and record.definition != _plain_key(record)):
        return None
    if record.type == "check":
        found.sqltext = verbatim(_bare(enclosed(record.definition)[0]))  # type: ignore[attr-defined] # a check
    found.name = side.name(record.name)
    return found


def _bare(condition: str) -> str:
    """Take away the parentheses that the server puts around every condition.

    >>> _bare("(a > 0)"), _bare("(a > 0) AND (b > 0)")
    ('a > 0', '(a > 0) AND (b > 0)')
    """
    if not condition.startswith("("):
        return condition
    inside, rest = enclosed(condition)
    return condition if rest else inside


def _plain_key(record: Constraint) -> str:
    inside, _ = enclosed(record.definition)
    return f"PRIMARY KEY ({inside})"


def _schema_foreign_key(record: Constraint, side: Side) -> ForeignKeyConstraint | None:
    inside, rest = enclosed(record.definition)
    target, _, _ = rest.removeprefix(" REFERENCES ").partition("(")
    schema, table = parts(target)
    names = [unquoted(name) for name in split(enclosed(rest)[0])]
    local = [unquoted(name) for name in split(inside)]
    if not all(plain(name) for name in split(inside)) or any("." in each for each in (schema, table, *names)):
        return None
    metadata = MetaData()
    own = Table(record.table, metadata, *[Column(name, Integer) for name in local], schema=side.schema(record.schema))
    target_key = (side.schema(schema), table)
    other = Table("target", MetaData(), *[Column(name, Integer) for name in dict.fromkeys(names)])
    found = build_constraints.foreign_key(record, own, other)
    if found is None or "(" in (found.ondelete or ""):
        return None
    prefix = ".".join(part for part in target_key if part)
    options: dict[str, Any] = {"postgresql_not_valid": True} if not record.validated else {}
    return ForeignKeyConstraint(
        [own.c[name] for name in local],
        [f"{prefix}.{name}" for name in names],
        name=side.name(record.name),
        match=found.match,
        onupdate=found.onupdate,
        ondelete=found.ondelete,
        deferrable=found.deferrable,
        initially=found.initially,
        **options,
    )


def dropped(record: Constraint, side: Side) -> list[Planned]:
    """Drop a constraint."""
    return [planned.reverse() for planned in creation(record, side)]


def altered(before: Constraint, after: Constraint, old: Side, new: Side) -> list[Planned]:
    """Change a constraint: in place where PostgreSQL can."""
    differing = set(after.differing_fields(before))
    place = (_place(after, new), 0)
    table = qualified(after.table, after.schema)
    if differing <= {"name", "comment"}:
        planned = []
        if "name" in differing:
            rename = [
                f"ALTER TABLE {table} RENAME CONSTRAINT {identifier(a)} TO {identifier(b)}"
                for a, b in _both(before, after)
            ]
            planned.append(Planned(SqlOp(rename[:1], rename[1:], title=after.title), Stage.PART, place))
        if "comment" in differing:
            comment = SqlOp(
                [create_properties.comment_on(after)], _comment_as(after, before.comment), title=after.title
            )
            planned.append(Planned(comment, Stage.PART, (place[0], 1)))
        return planned
    if after.validated and _validated(before) == after.definition:
        validate = f"ALTER TABLE {table} VALIDATE CONSTRAINT {identifier(after.name)}"
        undo = [f"ALTER TABLE {table} DROP CONSTRAINT {identifier(before.name)}", _sql(before)]
        return [Planned(SqlOp([validate], undo, title=after.title), Stage.PART, place)]
    return [*dropped(before, old), *creation(after, new)]


def _both(before: Constraint, after: Constraint) -> list[tuple[str, str]]:
    return [(before.name, after.name), (after.name, before.name)]


def _comment_as(record: Constraint, comment: str | None) -> list[str]:
    return [create_properties.comment_on(replace(record, comment=comment))]


def _validated(record: Constraint) -> str:
    return record.definition.removesuffix(" NOT VALID")


def _sql(record: Constraint) -> str:
    only = "ONLY " if " NO INHERIT" in record.definition else ""
    name = qualified(record.table, record.schema)
    return f"ALTER TABLE {only}{name} ADD CONSTRAINT {identifier(record.name)} {record.definition}"


@renderers.dispatch_for(CreatePrimaryKey)
def _render_primary_key(autogen_context: AutogenContext, operation: CreatePrimaryKey) -> str:
    names = [str(name) for name in operation.columns]
    return render_call(
        autogen_context,
        "create_primary_key",
        [str(operation.constraint_name), str(operation.table_name), names],
        schema=operation.schema,
    )
