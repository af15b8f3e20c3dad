"""Who sees which rows, and who may do what: row-level security of tenants, and privileges of roles."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.policies import Policy
from alembic_assay.catalog.schemas import Schema
from alembic_assay.catalog.sequences import Sequence
from alembic_assay.design import naming
from alembic_assay.design.naming import written
from alembic_assay.sql import literal

if TYPE_CHECKING:
    from alembic_assay.catalog.record import Record
    from alembic_assay.design.plan import Plan, TablePlan

PUBLIC = "public"
_ALL = {"table": "arwdDxt", "sequence": "rwU", "schema": "UC"}
_APPLICATION = {"table": "arwd", "sequence": "rU", "schema": "U"}


def tenancy(plan: Plan, made: TablePlan) -> None:
    """Make the policy of a table that holds rows of tenants."""
    tenancy_ = plan.book.requirements.tenancy
    if tenancy_ is None or not made.thing.entity.tenant_scoped:
        return
    (column,) = plan.book.columns_of(made.thing, naming.snake(tenancy_.entity))
    setting = f"NULLIF(current_setting({literal(tenancy_.setting).strip()}::text, true), ''::text)"
    kind = made.columns[column].type
    value = setting if kind == "text" else f"({setting})::{kind}"
    name = naming.shortened(f"{made.name}_tenant")
    condition = f"({written(column)} = {value})"
    made.policies.append(
        Policy(
            schema=made.schema,
            table=made.name,
            name=name,
            command="all",
            permissive=True,
            roles=("public",),
            using=condition,
            check=condition,
            comment=f"Rows of the tenant that {tenancy_.setting} names; none if it is not set",
        )
    )
    why = f"Rows of one tenant each; a session says which by {tenancy_.setting}."
    plan.decide(f"row-level security on {made.qualified}", why, f"{made.thing.path}/tenant_scoped", "/tenancy")
    for link in made.thing.links:
        target = plan.book.things[link.target]
        if target.entity.tenant_scoped:
            plan.ask(
                f"Must {made.qualified} and {plan.tables[link.target].qualified} be of one tenant?",
                "A foreign key is checked without row-level security: it may point to a row of another tenant.",
                link.path,
            )


def owned(plan: Plan, record: Record) -> Record:
    """Return a record with the owner and the privileges that the roles of the requirements have."""
    roles = plan.book.requirements.roles
    if roles.migration is None and roles.application is None:
        return record
    owner = roles.migration or "postgres"
    values: dict[str, Any] = {"owner": owner}
    if not hasattr(record, "owner"):
        return record
    letters = _APPLICATION.get(record.kind)
    if roles.application is None or letters is None or (isinstance(record, Sequence) and record.identity):
        return replace(record, **values)
    items = sorted(f"{written(role)}={what}/{written(owner)}" for role, what in _grantees(roles, owner, record.kind))
    values["acl"] = tuple(items)
    return replace(record, **values)


def _grantees(roles: object, owner: str, kind: str) -> list[tuple[str, str]]:
    application = str(getattr(roles, "application", ""))
    return [(owner, _ALL[kind]), (application, _APPLICATION[kind])]


def namespace(plan: Plan) -> None:
    """Make the schema, where it is not the one that every database has."""
    if plan.schema != PUBLIC:
        words = plan.book.requirements.description or f"Everything of {plan.book.requirements.name}"
        plan.add(Schema(name=plan.schema, comment=words))
    roles = plan.book.requirements.roles
    if roles.application is not None:
        why = "It reads and writes rows, and changes no table."
        plan.decide(f"privileges of role {roles.application}", why, "/roles/application")
    if roles.migration is not None:
        plan.decide(f"owner {roles.migration} of everything", "Only migrations change the schema.", "/roles/migration")
