"""The parts of ``schema/1`` that are not fields of a record: what shapes write otherwise, and what people add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.document_layout import DEPENDENCIES
from alembic_assay.catalog.domains import Domain
from alembic_assay.catalog.enums import Enum
from alembic_assay.catalog.indexes import Index
from alembic_assay.catalog.sequences import Sequence
from alembic_assay.catalog.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alembic_assay.catalog.record import Record


class SchemaPart(BaseModel):
    """What all objects of a document have in common: no field that is not known, no value of another type."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Identity(SchemaPart):
    """An identity column; its sequence is among the sequences."""

    always: bool = Field(description="GENERATED ALWAYS, not BY DEFAULT.")


class Generated(SchemaPart):
    """A generated column."""

    expression: str | None = Field(None, description="As pg_get_expr writes it.")
    stored: bool = Field(description="STORED, not VIRTUAL.")


class Partition(SchemaPart):
    """What makes a table partitioned or a partition."""

    by: str | None = Field(None, description="The partition key: RANGE (created_at).")
    of: str | None = Field(None, description="The partitioned table.")
    bounds: str | None = Field(None, description="FOR VALUES … or DEFAULT.")


class References(SchemaPart):
    """What a foreign key points to."""

    table: str = Field(description="With its schema, quoted as in SQL.")
    columns: list[str] = Field([], description="In the order of the foreign key's own columns.")


class Relationship(SchemaPart):
    """The names of a foreign key in models."""

    name: str
    inverse: str | None = None


class Key(SchemaPart):
    """One key of an index: a column or an expression."""

    column: str | None = None
    expression: str | None = None
    order: Literal["asc", "desc"] = "asc"
    nulls: Literal["first", "last"] | None = None
    opclass: str | None = None
    opclass_params: str | None = None
    collation: str | None = None


class Element(Key):
    """One element of an exclusion constraint."""

    operator: str


class DomainCheck(SchemaPart):
    """A constraint of a domain."""

    definition: str = Field(description="CONSTRAINT name CHECK (…)")


class Edge(SchemaPart):
    """One object that cannot be without another."""

    object: list[str] = Field(min_length=2, description="What depends: its kind and its key.")
    needs: list[str] = Field(min_length=2, description="What it depends on: its kind and its key.")


Action = Literal["NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"]

BY_HAND: Mapping[str, Any] = {
    "name": (str, Field("", description="What the schema is called.")),
    "version": (str, Field("", description="MAJOR.MINOR.PATCH.")),
    "fingerprint": (str, Field("", pattern="^(sha256:[0-9a-f]{64})?$", description="Of all below.")),
    "decisions": (list[dict[str, Any]], Field([], description="What was decided, and because of what.")),
    "open_questions": (list[Any], Field([], description="What a person has to decide.")),
    "lints": (list[Any], Field([], description="What was found unwise.")),
}

DEPENDENCY_PART: Mapping[str, Any] = {
    DEPENDENCIES: (
        list[Edge],
        Field([], description="What the objects themselves do not say; not in the fingerprint."),
    ),
}

_DEFINITION = (str | None, Field(None, description="As the server writes it; it says more than the other fields."))

_RENAMED_FROM = (str | None, Field(None, description="Its name in the version before."))

PARTS: Mapping[type[Record], Mapping[str, Any]] = {
    Enum: {
        "values": (list[str], Field(description="The labels in the order in which the server sorts them.")),
        "renamed_from": _RENAMED_FROM,
        "renamed_values": (dict[str, str], Field({}, description="Label before to label now.")),
        "removed_values": (
            dict[str, str | None],
            Field({}, description="Label that is gone to the one that its rows get; null where no row holds it."),
        ),
    },
    Domain: {"base": (str, Field(description="The type it constrains.")), "checks": (list[DomainCheck], [])},
    Sequence: {
        "min": (int | None, Field(None, description="Lowest value.")),
        "max": (int | None, Field(None, description="Highest value.")),
    },
    Table: {
        "partition": (Partition | None, None),
        "inherits": (list[str], Field([], description="Its parents, in order.")),
        "unlogged": (bool, False),
        "renamed_from": _RENAMED_FROM,
        "classification": (dict[str, str], Field({}, description="Column to kind of data: pii, secret …")),
        "retention": (dict[str, Any] | None, Field(None, description="How long rows are kept.")),
    },
    Column: {
        "nullable": (bool, True),
        "identity": (Identity | None, None),
        "generated": (Generated | None, None),
        "renamed_from": _RENAMED_FROM,
        "backfill": (str | None, Field(None, description="SQL for rows without a value when it becomes NOT NULL.")),
    },
    Constraint: {
        "definition": _DEFINITION,
        "references": (References | None, Field(None, description="What a foreign key points to.")),
        "not_valid": (bool, False),
        "initially": (Literal["immediate", "deferred"] | None, None),
    },
    Index: {
        "definition": _DEFINITION,
        "keys": (list[Key], []),
        "include": (list[str], []),
        "nulls_not_distinct": (bool, False),
        "with": (dict[str, str], Field({}, description="Storage parameters.")),
        "where": (str | None, Field(None, description="The predicate of a partial index.")),
        "only": (bool, Field(False, description="Not on the partitions: the index of a partitioned table.")),
        "partial": (bool | None, Field(None, description="Given where 'where' is not.")),
    },
}
"""What a kind has instead of the fields in :data:`HIDDEN`."""

CONSTRAINT_PARTS: Mapping[str, Mapping[str, Any]] = {
    "primary key": {"include": (list[str], []), "without_overlaps": (bool, False)},
    "unique": {"nulls_not_distinct": (bool, False), "include": (list[str], []), "without_overlaps": (bool, False)},
    "foreign key": {
        "match": (Literal["SIMPLE", "FULL", "PARTIAL"], "SIMPLE"),
        "on_update": (Action, "NO ACTION"),
        "on_delete": (Action, "NO ACTION"),
        "set_null_columns": (list[str], Field([], description="The columns that ON DELETE sets.")),
        "relationship": (Relationship | None, None),
    },
    "check": {"expression": (str | None, None), "no_inherit": (bool, False)},
    "exclude": {
        "method": (str, "gist"),
        "elements": (list[Element], []),
        "include": (list[str], []),
        "where": (str | None, None),
    },
    "not null": {"no_inherit": (bool, False)},
}

HIDDEN: Mapping[type[Record], frozenset[str]] = {
    Enum: frozenset({"labels"}),
    Domain: frozenset({"type", "constraints"}),
    Sequence: frozenset({"minimum", "maximum"}),
    Table: frozenset({"partition_key", "partition_bound", "parents"}),
    Column: frozenset({"not_null", "identity", "generated"}),
    Constraint: frozenset({"definition", "validated", "deferred", "references"}),
    Index: frozenset({"definition", "partial"}),
}
"""Fields of records that a document writes otherwise."""

NOT_REQUIRED = frozenset(
    {(Column, "position")}
    | {(Sequence, name) for name in ("type", "start", "increment", "cache", "cycle")}
    | {(Constraint, name) for name in ("columns",)}
)
"""Fields that a record must have and a document may leave out."""
