"""Constraints: Alembic's operations where they say all that the record says, plain SQL where they do not."""

from __future__ import annotations

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
from alembic_assay.ops.indexes import attached
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
        super().__init__([statement(record, only=of_partitioned(record, side))], title=record.title)
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
    place = place_of(record, side)
    planned = [Planned(operation(record, side), Stage.PART, (place, 0))]
    if record.comment is not None:
        comment = SqlOp(create_properties.comment(record), title=record.title)
        planned.append(Planned(comment, Stage.PART, (place, 1)))
    planned += attached(record, side)
    index = side.steps.get(("index", record.key))
    details = [*index.statements, *_comment(side.records.get(("index", record.key)))] if index is not None else []
    if details:
        planned.append(Planned(SqlOp(details, title=record.title), Stage.PART, (place, 2)))
    return planned


def _comment(index: Any) -> list[str]:
    return list(create_properties.comment(index)) if index is not None and index.comment is not None else []


def of_partitioned(record: Constraint, side: Side) -> bool:
    """Whether a key of a partitioned table is added to it alone: changes tell of those of its partitions, too."""
    is_key = record.type in {"primary key", "unique", "exclude"}
    return is_key and any(each in side.keyed for each in side.context.partitions.get((record.schema, record.table), ()))


def operation(record: Constraint, side: Side) -> Any:
    """Return the operation that adds a constraint."""
    found: Any = None if of_partitioned(record, side) else schema_constraint(record, side)
    if found is not None and found.dialect_options["postgresql"].get("include"):
        found = None  # Alembic does not know the columns of INCLUDE where there is no table
    if found is None:
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


def place_of(record: Constraint, side: Side) -> int:
    """Return where a constraint stands in the order of a side."""
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


def statement(record: Constraint, *, only: bool = False) -> str:
    """Return the statement that adds a constraint."""
    only_it = "ONLY " if only or " NO INHERIT" in record.definition else ""
    name = qualified(record.table, record.schema)
    return f"ALTER TABLE {only_it}{name} ADD CONSTRAINT {identifier(record.name)} {record.definition}"


@renderers.dispatch_for(CreatePrimaryKey)
def _render_primary_key(autogen_context: AutogenContext, operation: CreatePrimaryKey) -> str:
    names = [str(name) for name in operation.columns]
    return render_call(
        autogen_context,
        "create_primary_key",
        [str(operation.constraint_name), str(operation.table_name), names],
        schema=operation.schema,
    )
