"""The requirements format ``schema-requirements/1``: what is wanted, by entity, without names of SQL.

Entities and attributes are mappings, not lists: names are unique by construction, and JSON Pointers are readable.
Importing this module imports pydantic.
"""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

FORMAT = "schema-requirements/1"

EntityName = Annotated[str, StringConstraints(pattern="^[A-Z][A-Za-z0-9]*$")]
Name = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]*$")]
SqlName = Annotated[str, StringConstraints(min_length=1)]
Key = Literal["identity", "uuid", "uuidv7", "text", "natural"]
OnDelete = Literal["restrict", "cascade", "set_null", "no_action"]
Operation = Literal["eq", "in", "is_null", "range", "prefix", "contains", "search", "path"]
NormalForm = Literal["3nf", "bcnf"]
Number = int | Decimal

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class Part(BaseModel):
    """What all objects of a requirements document have in common: no field that is not known."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Defaults(Part):
    """What holds for every entity that does not say otherwise."""

    key: Key = "identity"
    timestamps: bool = Field(default=True, description="created_at and updated_at.")
    soft_delete: bool = Field(default=False, description="deleted_at instead of DELETE.")
    normal_form: NormalForm = Field(default="3nf", description="To which declared dependencies are decomposed.")
    search_language: Name = Field(default="english", description="The text search configuration of full-text indexes.")


class TypeDefinition(Part):
    """An enumerated type."""

    enum: list[str] = Field(min_length=1, description="The values, in the order in which they sort.")
    description: str = ""


class Attribute(Part):
    """One attribute of an entity."""

    type: str = Field(description="A domain type (text, email, money …) or one of 'types'.")
    required: bool = False
    unique: bool = False
    default: bool | int | Decimal | str | list[Any] | dict[str, Any] | None = None
    default_sql: str | None = Field(default=None, description="An expression; not beside 'default'.")
    max_length: int | None = Field(default=None, ge=1)
    min: Number | None = None
    max: Number | None = None
    pattern: str | None = Field(
        default=None, description="A regular expression of PostgreSQL, found anywhere in the text."
    )
    precision: int | None = Field(default=None, ge=1, le=1000)
    scale: int | None = Field(default=None, ge=0)
    dimensions: int | None = Field(default=None, ge=1, le=16000, description="Of an embedding.")
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")] | None = Field(
        default=None, description="Of money, where it is always the same; else a second column holds it."
    )
    sensitive: Literal["pii", "secret", "credential", "health", "financial"] | None = None
    search: Literal["full_text", "trigram"] | None = None
    computed: str | None = Field(default=None, description="An expression over own columns; stored.")
    denormalized: str | None = Field(default=None, description="Why it repeats on purpose what could be derived.")
    description: str = ""

    @model_validator(mode="after")
    def _number(self) -> Self:
        """Read the default of a number that YAML gives as text, as it does with ``0.5``."""
        if self.type in {"decimal", "money"} and isinstance(self.default, str) and _NUMBER.fullmatch(self.default):
            self.default = Decimal(self.default)
        if self.type == "json" and isinstance(self.default, Decimal):
            self.default = str(self.default)
        return self


class NoOverlap(Part):
    """No two rows that agree in some columns overlap in another one."""

    by: list[Name] = []
    during: Name


class Rule(Part):
    """Exactly one of 'unique', 'check' and 'no_overlap'."""

    name: SqlName | None = None
    unique: list[Name] | None = Field(default=None, min_length=1)
    where: str | None = Field(default=None, description="Of 'unique': only for these rows.")
    check: str | None = Field(default=None, description="An expression over own columns.")
    no_overlap: NoOverlap | None = None
    description: str = ""


class Retention(Part):
    """How long rows are kept."""

    after: str = Field(description="ISO 8601: P2Y, P90D.")
    by: Name = Field(description="The column that holds the moment from which it counts.")
    action: Literal["delete", "anonymize", "archive"]


class Entity(Part):
    """A kind of thing of which rows are kept."""

    description: str = ""
    table: SqlName | None = Field(default=None, description="Its table's name; else made from the entity's.")
    key: Key | None = None
    key_attributes: list[Name] = Field(
        default=[], description="Of a natural key: attributes or required relationships."
    )
    attributes: dict[Name, Attribute] = {}
    rules: list[Rule] = []
    dependencies: list[str] = Field(default=[], description="Functional dependencies: 'zip -> city, country'.")
    normal_form: NormalForm | None = None
    timestamps: bool | None = None
    soft_delete: bool | None = None
    tenant_scoped: bool = False
    retention: Retention | None = None


class Relationship(Part):
    """How rows of one entity belong to rows of another."""

    name: Name
    kind: Literal["one_to_one", "one_to_many", "many_to_one", "many_to_many"]
    source: EntityName = Field(alias="from")
    target: EntityName = Field(alias="to")
    required: bool = False
    inverse: Name | None = Field(default=None, description="The name of the way back.")
    through: EntityName | None = Field(default=None, description="Of many_to_many: the entity of the links.")
    on_delete: OnDelete | None = None
    description: str = ""


class Query(Part):
    """A query that must be fast."""

    name: str
    entity: EntityName
    filter: dict[Name, Operation] = {}
    sort: list[Annotated[str, StringConstraints(pattern="^-?[a-z][a-z0-9_]*$")]] = []
    where: str | None = Field(default=None, description="A condition that the query always has: the index is partial.")
    limit: int | None = Field(default=None, ge=1)
    frequency: Literal["high", "medium", "low"] = "medium"


class Tenancy(Part):
    """Rows of several customers in the same tables, kept apart by row-level security."""

    entity: EntityName = Field(description="The tenants.")
    setting: str = Field(default="app.tenant_id", pattern=r"^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)+$")


class Roles(Part):
    """Who may do what."""

    application: SqlName | None = Field(default=None, description="Reads and writes rows.")
    migration: SqlName | None = Field(default=None, description="Owns everything.")


class Requirements(Part):
    """What a schema must hold."""

    format: Literal["schema-requirements/1"]
    name: str = Field(min_length=1)
    description: str = ""
    namespace: SqlName = Field(default="public", alias="schema", description="The schema of every table and type.")
    defaults: Defaults = Defaults()
    types: dict[Name, TypeDefinition] = {}
    entities: dict[EntityName, Entity] = Field(min_length=1)
    relationships: list[Relationship] = []
    queries: list[Query] = []
    tenancy: Tenancy | None = None
    roles: Roles = Roles()
