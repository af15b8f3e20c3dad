"""Constraints of rules: unique, check, no overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.design import expressions, naming
from alembic_assay.design.book import DELETED_AT
from alembic_assay.design.naming import written
from alembic_assay.design.problems import Problems, pointer
from alembic_assay.design.tables import extension

if TYPE_CHECKING:
    from alembic_assay.design.plan import Plan, TablePlan
    from alembic_assay.design.requirements import Rule

_LIVE = f"{DELETED_AT} IS NULL"


def rules(plan: Plan, made: TablePlan) -> None:
    """Make the constraints that attributes and rules of an entity ask for."""
    for name, attribute in made.thing.entity.attributes.items():
        path = f"{made.thing.path}{pointer('attributes', name)}"
        if attribute.unique and plan.book.key_columns(made.thing) != [name]:
            _unique_attribute(plan, made, name, path)
    for number, rule in enumerate(made.thing.entity.rules):
        path = f"{made.thing.path}/rules/{number}"
        if rule.unique is not None:
            _unique(plan, made, rule, path)
        elif rule.check is not None:
            _check(plan, made, rule, number, path)
        else:
            _no_overlap(plan, made, rule, path)


def _unique_attribute(plan: Plan, made: TablePlan, name: str, path: str) -> None:
    tenant = _tenant(plan, made)
    columns = [*tenant, name]
    if tenant:
        plan.decide(f"{made.qualified}.{name} is unique within a tenant", "Tenants do not know of each other.", path)
    if not plan.book.soft_delete(made.thing):
        made.add_key("unique", naming.constraint("uq", made.name, columns), columns)
        return
    _partial(made, naming.constraint("uq", made.name, columns, "partial"), columns, _LIVE, None)
    why = "Rows are marked as deleted, and a value may be used again after that."
    plan.decide(f"{made.qualified}.{name} is unique among rows that are not deleted", why, path)


def _tenant(plan: Plan, made: TablePlan) -> list[str]:
    tenancy = plan.book.requirements.tenancy
    if tenancy is None or not made.thing.entity.tenant_scoped:
        return []
    return plan.book.columns_of(made.thing, naming.snake(tenancy.entity))


def _unique(plan: Plan, made: TablePlan, rule: Rule, path: str) -> None:
    columns = list(dict.fromkeys(n for name in rule.unique or () for n in plan.book.columns_of(made.thing, name)))
    comment = rule.description or None
    if rule.where is None:
        made.add_key("unique", rule.name or naming.constraint("uq", made.name, columns), columns, comment)
        return
    read = expressions.read(rule.where, made.columns, path, Problems(""))
    if read is not None:
        name = rule.name or naming.constraint("uq", made.name, columns, "partial")
        _partial(made, name, columns, read.sql, comment)
        plan.decide(f"unique index {name}", f"Unique only for rows with {read.sql}.", path)


def _partial(made: TablePlan, name: str, columns: list[str], where: str, comment: str | None) -> None:
    made.add_index(name, [written(each) for each in columns], columns, unique=True, where=where, comment=comment)


def _check(plan: Plan, made: TablePlan, rule: Rule, number: int, path: str) -> None:
    read = expressions.read(rule.check or "", made.columns, path, Problems(""))
    if read is not None:
        name = rule.name or naming.constraint("ck", made.name, read.columns or [str(number + 1)], "rule")
        made.add_check(name, read.sql, read.columns, rule.description or None)
        plan.decide(f"check {name}", rule.description or "A rule of the business, kept by the database.", path)


def _no_overlap(plan: Plan, made: TablePlan, rule: Rule, path: str) -> None:
    wanted = rule.no_overlap
    if wanted is None:
        return
    by = [column for name in wanted.by for column in plan.book.columns_of(made.thing, name)]
    if by:
        extension(plan, "btree_gist", "An exclusion constraint compares columns of ordinary types.", path)
    name = rule.name or naming.constraint("ex", made.name, [*by, wanted.during])
    made.add_exclusion(name, by, wanted.during, rule.description or None)
    plan.decide(f"exclusion {name}", f"No two rows overlap in {wanted.during}.", path)
