"""Indexes: what queries, searches, foreign keys and retention ask for, without one that another serves.

The guide: equality and ranges by B-tree, several columns by a composite one (equality first, then the sort, then the
range: https://use-the-index-luke.com/sql/where-clause/the-equals-operator/concatenated-keys), arrays, JSON and texts by
GIN, a condition that is always there by a partial one. Names are ``idx_{table}_{columns}[_{type}]``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from alembic_assay.design import expressions, naming
from alembic_assay.design.naming import written
from alembic_assay.design.problems import Problems, pointer
from alembic_assay.design.tables import extension
from alembic_assay.sql import literal

if TYPE_CHECKING:
    from alembic_assay.design.plan import Plan, TablePlan
    from alembic_assay.design.requirements import Query

_GIN = {"contains", "path", "search"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """An index that something asks for.

    Args:
        keys: As the server writes them: ``"user_id"``, ``"created_at DESC"``.
        columns: Of each key; empty for an expression.
        why: The reason, also the comment of the index.
        paths: What asks for it.
        method: ``btree``, ``gin`` or ``gist``.
        where: The condition of a partial index.
        suffix: The type in its name.
    """

    keys: tuple[str, ...]
    columns: tuple[str, ...]
    why: str
    paths: tuple[str, ...]
    method: str = "btree"
    where: str | None = None
    suffix: str = ""


def indexes(plan: Plan, made: TablePlan) -> None:
    """Make the indexes of a table.

    Args:
        plan: With all constraints.
        made: One of its tables.
    """
    wanted = [*_of_queries(plan, made), *_of_searches(plan, made), *_of_links(plan, made), *_of_retention(plan, made)]
    kept: list[Wanted] = []
    for each in sorted(wanted, key=lambda index: -len(index.keys)):
        server = _served_by_constraint(made, each) or next((_name(made, k) for k in kept if _serves(k, each)), None)
        if server is None:
            kept.append(each)
        else:
            plan.decide(f"no index of its own for: {each.why}", f"{server} serves it.", *each.paths)
    for each in (each for each in wanted if each in kept):
        name = _name(made, each)
        kept.remove(each)
        where = {"where": each.where} if each.where else {}
        made.add_index(name, list(each.keys), list(each.columns), method=each.method, comment=each.why, **where)
        plan.decide(f"index {name}", each.why, *each.paths)


def _name(made: TablePlan, wanted: Wanted) -> str:
    parts = [wanted.suffix, "partial" if wanted.where else ""]
    words = [column or _word(key) for key, column in zip(wanted.keys, wanted.columns, strict=True)]
    return naming.index(made.name, words, "_".join(part for part in parts if part))


def _word(key: str) -> str:
    """Name the column in an expression: the last identifier in it."""
    return key.rpartition(", ")[2].strip("()").partition("::")[0].strip('()"')


def _serves(one: Wanted, other: Wanted) -> bool:
    """Whether an index serves what another one is for: the other's keys are its first ones."""
    alike = one.method == other.method == "btree" and one.where == other.where
    return (alike and one.keys[: len(other.keys)] == other.keys) or (
        one.method == other.method and one.keys == other.keys and one.where == other.where
    )


def _served_by_constraint(made: TablePlan, wanted: Wanted) -> str | None:
    """Return the key that serves a wanted index: by its first columns, or because one row at most matches."""
    if wanted.method != "btree":
        return None
    plain = [key.removesuffix(" DESC") for key in wanted.keys]
    for index in made.indexes:
        if index.partial or index.method != "btree":
            continue
        own = [written(column) for column in index.columns]
        if own[: len(plain)] == list(wanted.keys) or (index.unique and plain[: len(own)] == own):
            return index.name
    return None


def _of_queries(plan: Plan, made: TablePlan) -> list[Wanted]:
    found: list[Wanted] = []
    for number, query in enumerate(plan.book.requirements.queries):
        if query.entity == made.thing.name:
            found += _of_query(plan, made, query, pointer("queries", number))
    return found


def _of_query(plan: Plan, made: TablePlan, query: Query, path: str) -> list[Wanted]:
    why = f"Query {query.name}"
    if query.frequency == "low":
        plan.decide(f"no index for query {query.name}", "It is seldom run, and every index slows every write.", path)
        return []
    read = expressions.read(query.where, made.columns, path, Problems("")) if query.where else None
    where = read.sql if read else None
    found = [
        each
        for name, operation in query.filter.items()
        if operation in _GIN
        for each in [replace(_gin(plan, made, name, operation, path), why=why, where=where)]
    ]
    names = {operation: [n for n, o in query.filter.items() if o == operation] for operation in query.filter.values()}
    equal = [
        column
        for o in ("eq", "in", "is_null")
        for n in names.get(o, ())
        for column in plan.book.columns_of(made.thing, n)
    ]
    keys = [(written(column), column) for column in dict.fromkeys(equal)]
    keys += [_sorted(text) for text in query.sort if text.removeprefix("-") not in equal]
    for name in names.get("range", ()):
        keys += [(written(column), column) for column in plan.book.columns_of(made.thing, name)]
    keys += [(f"{written(name)} text_pattern_ops", name) for name in names.get("prefix", ())]
    unique = {column: key for key, column in reversed(keys)}
    ordered = [(unique[column], column) for column in dict.fromkeys(column for _, column in keys)]
    if ordered and (not found or query.sort or equal):
        columns = tuple(column for _, column in ordered)
        found.append(Wanted(tuple(key for key, _ in ordered), columns, why, (path,), where=where))
    return found


def _sorted(text: str) -> tuple[str, str]:
    name = text.removeprefix("-")
    return written(name) + (" DESC" if text.startswith("-") else ""), name


def _gin(plan: Plan, made: TablePlan, name: str, operation: str, path: str) -> Wanted:
    if operation == "search":
        return _search(plan, made, name, path)
    kind = made.columns[name].type
    method = "gist" if kind.endswith("range") else "gin"
    key = written(name) + (" jsonb_path_ops" if operation == "path" else "")
    return Wanted((key,), (name,), "", (path,), method, suffix=method)


def _search(plan: Plan, made: TablePlan, name: str, path: str) -> Wanted:
    """Full text, or parts of words where the attribute says so."""
    attribute = made.thing.entity.attributes[name]
    if attribute.search == "trigram":
        extension(plan, "pg_trgm", "Search for parts of words needs it.", path)
        key = f"{written(name)} {written(plan.schema)}.gin_trgm_ops"
        return Wanted((key,), (name,), f"Search in {name}", (path,), "gin", suffix="gin")
    language = literal(plan.book.requirements.defaults.search_language).strip()
    column = made.columns[name]
    value = written(name) if column.type == "text" else f"({written(name)})::text"
    key = f"to_tsvector({language}::regconfig, {value})"
    return Wanted((key,), ("",), f"Search in {name}", (path,), "gin", suffix="gin")


def _of_searches(plan: Plan, made: TablePlan) -> list[Wanted]:
    return [
        _search(plan, made, name, f"{made.thing.path}{pointer('attributes', name)}/search")
        for name, attribute in made.thing.entity.attributes.items()
        if attribute.search is not None
    ]


def _of_links(plan: Plan, made: TablePlan) -> list[Wanted]:
    found = []
    for link in made.thing.links:
        columns = tuple(plan.book.link_columns(link))
        why = f"Foreign key to {plan.tables[link.target].name}"
        found.append(Wanted(tuple(map(written, columns)), columns, why, (link.path,)))
    return found


def _of_retention(plan: Plan, made: TablePlan) -> list[Wanted]:
    retention = made.thing.entity.retention
    if retention is None:
        return []
    path = f"{made.thing.path}/retention"
    key = written(retention.by)
    where = None if made.columns[retention.by].not_null else f"{key} IS NOT NULL"
    if retention.action == "archive":
        plan.ask(f"Where do archived rows of {made.qualified} go?", "Requirements name no place.", path)
    why = f"Rows to {retention.action} after {retention.after}"
    return [Wanted((key,), (retention.by,), why, (path,), where=where)]
