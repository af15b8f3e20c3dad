"""Tables of entities: keys, columns of attributes, and what attributes ask of their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.catalog.build_text import made_name
from alembic_assay.catalog.enums import Enum
from alembic_assay.catalog.extensions import Extension
from alembic_assay.catalog.sequences import Sequence
from alembic_assay.design import defaults, expressions, naming
from alembic_assay.design.book import DELETED_AT, ID
from alembic_assay.design.naming import written
from alembic_assay.design.plan import TablePlan
from alembic_assay.design.problems import Problems, pointer
from alembic_assay.design.types import DOMAIN_TYPES, RANGES, sql_type

if TYPE_CHECKING:
    from decimal import Decimal

    from alembic_assay.design.book import Link, Thing
    from alembic_assay.design.plan import Plan
    from alembic_assay.design.requirements import Attribute

VERSIONS = {"citext": "1.6", "pg_trgm": "1.6", "btree_gist": "1.7", "vector": "0.8.0"}
"""What a new extension has, in PostgreSQL 15 and 16; it is not compared when a schema is made."""

_KEYS = {
    "identity": ("bigint", "small, ordered and made by the database"),
    "uuid": ("uuid", "made anywhere, guessed by nobody"),
    "uuidv7": ("uuid", "made by the application in the order of time; the database can from PostgreSQL 18 on"),
    "text": ("text", "given by another system"),
}
_LARGEST = 2**63 - 1
_SLUG = "^[a-z0-9]+(-[a-z0-9]+)*$"
_CURRENCY = "^[A-Z]{3}$"


def enums(plan: Plan) -> None:
    """Make the enumerated types."""
    for name, definition in plan.book.requirements.types.items():
        words = definition.description or f"Values of {name.replace('_', ' ')}"
        plan.add(Enum(schema=plan.schema, name=name, labels=tuple(definition.enum), comment=words))
        plan.decide(
            f"enum {written(name, plan.schema)}",
            "A fixed set of values that the database keeps; a new value needs a migration.",
            pointer("types", name),
        )


def table(plan: Plan, thing: Thing) -> TablePlan:
    """Make the table of an entity: all its columns, its primary key, the checks of its attributes."""
    made = TablePlan(thing, plan.schema)
    plan.tables[thing.name] = made
    if thing.key != "natural":
        _surrogate(plan, made)
    for link in thing.links:
        if not link.columns:
            _link_columns(plan, made, link)
    for name, attribute in thing.entity.attributes.items():
        _attribute(plan, made, name, attribute)
    _implied(plan, made)
    key = plan.book.key_columns(thing)
    made.must(key)
    made.add_key("primary key", naming.constraint("pk", made.name, []), key)
    if thing.key == "natural":
        plan.decide(
            f"primary key of {made.qualified}: {', '.join(key)}", "A natural key identifies its rows.", thing.path
        )
    for name, attribute in thing.entity.attributes.items():
        _checks(made, name, attribute)
    return made


def extension(plan: Plan, name: str, why: str, path: str) -> None:
    """Ask for an extension, once."""
    if ("extension", name) not in plan.others:
        plan.decide(f"extension {name}", why, path)
    plan.add(Extension(name=name, schema=plan.schema, version=VERSIONS[name]))


def _surrogate(plan: Plan, made: TablePlan) -> None:
    thing = made.thing
    type_name, why = _KEYS[thing.key]
    generated = {"default": "gen_random_uuid()"} if thing.key == "uuid" else {}
    identity = {"identity": "by default"} if thing.key == "identity" else {}
    made.add_column(ID, type_name, f"Identifies the {_words(thing)}", not_null=True, **generated, **identity)
    plan.decide(
        f"key of {made.qualified}: {thing.key}",
        f"It is {why}.",
        f"{thing.path}/key" if thing.entity.key else "/defaults/key",
    )
    if identity:
        plan.add(
            Sequence(
                schema=plan.schema,
                name=made_name(made.name, ID, "seq"),
                type="bigint",
                start=1,
                increment=1,
                minimum=1,
                maximum=_LARGEST,
                cache=1,
                cycle=False,
                owned_by=f"{made.qualified}.{ID}",
                identity=True,
            )
        )


def _link_columns(plan: Plan, made: TablePlan, link: Link) -> None:
    target = plan.book.things[link.target]
    columns = plan.book.link_columns(link)
    types = key_types(plan, target)
    words = link.description or f"The {link.name.replace('_', ' ')} of the {_words(made.thing)}"
    for column, pointed in zip(columns, plan.book.key_columns(target), strict=True):
        made.add_column(column, types[pointed], words, not_null=link.required)


def key_types(plan: Plan, thing: Thing) -> dict[str, str]:
    """Return the types of the columns of a primary key, before there is a table."""
    if thing.key != "natural":
        return {ID: _KEYS[thing.key][0]}
    found: dict[str, str] = {}
    for name in list(thing.legs) or thing.entity.key_attributes:
        link = thing.link(name)
        if link is None:
            found[name] = _type(plan, thing.entity.attributes[name])
        else:
            types = key_types(plan, plan.book.things[link.target]).values()
            found |= dict(zip(plan.book.link_columns(link), types, strict=True))
    return found


def _type(plan: Plan, attribute: Attribute) -> str:
    if attribute.type in DOMAIN_TYPES:
        return sql_type(attribute, written(plan.schema))
    return written(attribute.type, plan.schema)


def _attribute(plan: Plan, made: TablePlan, name: str, attribute: Attribute) -> None:
    path = f"{made.thing.path}{pointer('attributes', name)}"
    domain, type_name = DOMAIN_TYPES.get(attribute.type), _type(plan, attribute)
    if domain is not None and domain.extension is not None:
        extension(plan, domain.extension, f"{attribute.type} needs it.", path)
    said = f"{name.replace('_', ' ').capitalize()} of the {_words(made.thing)}"
    words = attribute.description or (f"{said}, in {attribute.currency}" if attribute.currency else said)
    if attribute.computed is not None:
        read = expressions.read(attribute.computed, plan.book.columns(made.thing), path, Problems(""))
        generated = {"generated": "stored", "default": read.sql if read else None}
    else:
        generated = {"default": defaults.sql_default(attribute, type_name)}
    made.add_column(name, type_name, words, not_null=attribute.required, **generated)
    if attribute.type == "money" and attribute.currency is None:
        made.add_column(
            f"{name}_currency", "character(3)", f"Currency of {name}, by ISO 4217", not_null=attribute.required
        )
        plan.decide(f"column {made.qualified}.{name}_currency", "An amount means nothing without its currency.", path)
    kind = attribute.sensitive or {"password_hash": "credential", "secret": "secret"}.get(attribute.type)
    if kind:
        made.classification[name] = kind
    if attribute.type == "secret":
        plan.decide(
            f"column {made.qualified}.{name} holds bytes",
            "The application encrypts it; the database never sees it.",
            path,
        )


def _implied(plan: Plan, made: TablePlan) -> None:
    words = _words(made.thing)
    options = {"not_null": True, "default": "now()"}
    if plan.book.timestamps(made.thing):
        made.add_column("created_at", "timestamp with time zone", f"When the {words} was made", **options)
        made.add_column("updated_at", "timestamp with time zone", f"When the {words} was last changed", **options)
    if plan.book.soft_delete(made.thing):
        made.add_column(DELETED_AT, "timestamp with time zone", f"When the {words} was deleted; NULL while it lives")


def _checks(made: TablePlan, name: str, attribute: Attribute) -> None:
    column = made.columns[name]
    limits = _limits(attribute, written(name), column.type)
    if limits:
        made.add_check(naming.constraint("ck", made.name, [name], "range"), limits, [name])
    pattern = _SLUG if attribute.type == "slug" else attribute.pattern
    if pattern is not None and attribute.type not in RANGES:
        made.add_check(
            naming.constraint("ck", made.name, [name], "format"), _matches(column.type, name, pattern), [name]
        )
    if attribute.type == "money" and attribute.currency is None:
        currency = f"{name}_currency"
        kind = made.columns[currency].type
        made.add_check(
            naming.constraint("ck", made.name, [currency], "format"), _matches(kind, currency, _CURRENCY), [currency]
        )
        if not attribute.required:
            expression = f"({written(name)} IS NULL) = ({written(currency)} IS NULL)"
            made.add_check(naming.constraint("ck", made.name, [currency], "given"), expression, [name, currency])


def _limits(attribute: Attribute, name: str, type_name: str) -> str:
    parts = [
        f"{name} {sign} {_bound(value, type_name)}"
        for sign, value in ((">=", attribute.min), ("<=", attribute.max))
        if value is not None
    ]
    return parts[0] if len(parts) == 1 else " AND ".join(f"({part})" for part in parts)


def _bound(value: int | Decimal, type_name: str) -> str:
    """Write a bound as the server does."""
    written = defaults.number(value)
    return f"({written})::numeric" if type_name.startswith("numeric") and isinstance(value, int) else written


def _matches(type_name: str, name: str, pattern: str) -> str:
    column = written(name) if type_name == "text" else f"({written(name)})::text"
    return f"{column} ~ {defaults.quoted(pattern)}::text"


def _words(thing: Thing) -> str:
    return naming.snake(thing.name).replace("_", " ")
