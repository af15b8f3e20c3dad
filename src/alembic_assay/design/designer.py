"""From requirements to a schema document: every step in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic_assay.catalog import document
from alembic_assay.catalog.document_checks import semantic_problems
from alembic_assay.catalog.fingerprint import of_document
from alembic_assay.catalog.snapshot import KIND_ORDER, Snapshot
from alembic_assay.catalog.tables import Table
from alembic_assay.design import checks, indexes, links, lints, rules, security, smells, tables
from alembic_assay.design.book import Book, Link
from alembic_assay.design.decomposition import Decomposition
from alembic_assay.design.loading import parsed
from alembic_assay.design.naming import plural, snake
from alembic_assay.design.plan import Plan, TablePlan
from alembic_assay.design.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alembic_assay.catalog.record import Record

VERSION = "1.0.0"
"""Of a schema that has no other one before it."""


def design_schema(requirements: Mapping[str, Any], *, where: str = "the requirements") -> dict[str, Any]:
    """Design a schema.

    Nothing is asked of a database. Types, keys and names follow fixed rules, and every choice stands in ``decisions``
    with its reason; what a person must decide stands in ``open_questions``.

    Args:
        requirements: A document ``schema-requirements/1``, as a JSON or YAML reader returns it.
        where: What to call it in errors.

    Returns:
        A document ``schema/1``. The same requirements give the same document.

    Raises:
        InvalidRequirementsError: All that is wrong, each with code, JSON Pointer, message and hint.
        ConflictingConstraintsError: The same, where all of it is contradictions between requirements.

    Example:
        >>> requirements = {
        ...     "format": "schema-requirements/1",
        ...     "name": "todo",
        ...     "entities": {"Task": {"attributes": {"title": {"type": "short_text", "required": True}}}},
        ... }
        >>> [column["name"] for column in design_schema(requirements)["tables"][0]["columns"]]
        ['id', 'title', 'created_at', 'updated_at']
    """
    problems = Problems(where)
    found = _document(_planned(requirements, problems))
    for each in semantic_problems(found):
        problems.add(each["code"], "", each["message"], each["hint"])
    problems.stop()
    return found


def _planned(requirements: Mapping[str, Any], problems: Problems) -> Plan:
    """Check requirements, and decide everything."""
    decomposition = Decomposition(parsed(requirements, problems), problems)
    book = Book(decomposition.result)
    for name, taken, columns, path in decomposition.references:
        book.things[name].links.append(_reference(name, taken, columns, path))
    checks.check(book, problems)
    problems.stop()
    plan = Plan(book)
    for decision in decomposition.decisions:
        plan.decide(*decision)
    for question in [*decomposition.questions, *smells.smells(book)]:
        plan.ask(*question)
    _design(plan)
    return plan


def _reference(name: str, taken: str, columns: tuple[str, ...], path: str) -> Link:
    return Link(
        name=f"{snake(taken)}_details" if snake(taken) in columns else snake(taken),
        inverse=plural(snake(name)),
        target=taken,
        role=snake(taken),
        required=False,
        unique=False,
        on_delete="restrict",
        path=path,
        columns=columns,
    )


def _design(plan: Plan) -> None:
    security.namespace(plan)
    tables.enums(plan)
    for thing in plan.book.things.values():
        tables.table(plan, thing)
    for made in plan.tables.values():
        links.links(plan, made)
        rules.rules(plan, made)
    for made in plan.tables.values():
        indexes.indexes(plan, made)
        security.tenancy(plan, made)


def _document(plan: Plan) -> dict[str, Any]:
    records: list[Record] = list(plan.others.values())
    for made in plan.tables.values():
        records += [_table(made), *made.columns.values(), *made.constraints, *made.indexes, *made.policies]
    owned = [security.owned(plan, record) for record in records]
    ordered = sorted(owned, key=lambda record: (KIND_ORDER[record.kind], record.key))
    snapshot = Snapshot(tuple(ordered))
    found = document.to_document(snapshot, name=plan.book.requirements.name, version=VERSION)
    _annotate(plan, found)
    said = {"decisions": plan.decisions, "open_questions": plan.questions, "lints": lints.lints(snapshot)}
    head = {key: value for key, value in found.items() if key in {"format", "name", "version"}}
    body = {key: value for key, value in found.items() if key not in head}
    body["fingerprint"] = of_document({**head, **body})
    return {**head, **body, **{key: value for key, value in said.items() if value}}


def _table(made: TablePlan) -> Table:
    words = made.thing.entity.description or f"{made.thing.table.replace('_', ' ').capitalize()}"
    return Table(
        schema=made.schema,
        name=made.name,
        access_method="heap",
        row_security=bool(made.policies),
        force_row_security=bool(made.policies),
        comment=words,
    )


def _annotate(plan: Plan, found: dict[str, Any]) -> None:
    """Add what a document says of a table beyond its records."""
    by_name = {made.name: made for made in plan.tables.values()}
    for table in found["tables"]:
        made = by_name[table["name"]]
        if made.classification:
            table["classification"] = {name: made.classification[name] for name in sorted(made.classification)}
        retention = made.thing.entity.retention
        if retention is not None:
            table["retention"] = retention.model_dump()
        for key in table.get("foreign_keys", ()):
            key["relationship"] = made.relationships[key["name"]]
