"""Foreign keys of relationships, and what makes the rows of a relationship one to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.design import naming
from alembic_assay.design.naming import plural, singular, snake

if TYPE_CHECKING:
    from alembic_assay.design.book import Link
    from alembic_assay.design.plan import Plan, TablePlan

ACTIONS = {"restrict": "RESTRICT", "cascade": "CASCADE", "set_null": "SET NULL", "no_action": "NO ACTION"}


def links(plan: Plan, made: TablePlan) -> None:
    """Make the foreign keys of a table.

    Args:
        plan: With all tables.
        made: One of them.
    """
    for link in made.thing.links:
        _foreign_key(plan, made, link)
    if made.thing.legs and made.thing.key != "natural":
        columns = [name for leg in made.thing.legs for name in plan.book.columns_of(made.thing, leg)]
        made.add_key("unique", naming.constraint("uq", made.name, columns), columns)
        why = "Its rows have a key of their own, and each pair of rows is linked once."
        plan.decide(f"unique ({', '.join(columns)}) on {made.qualified}", why, made.thing.path)


def _foreign_key(plan: Plan, made: TablePlan, link: Link) -> None:
    target = plan.tables[link.target]
    columns = plan.book.link_columns(link)
    pointed = plan.book.key_columns(target.thing)
    name = naming.constraint("fk", made.name, columns, target.name)
    action = ACTIONS[link.on_delete or "restrict"]
    made.add_foreign_key(name, columns, target, pointed, action)
    inverse = link.inverse or _inverse(made, link)
    made.relationships[name] = {"name": link.name, "inverse": inverse}
    if link.on_delete is None:
        plan.decide(
            f"foreign key {name}: ON DELETE RESTRICT",
            "Nothing is said of on_delete; so nothing is deleted that another row points to.",
            link.path,
        )
    if link.unique:
        key = plan.book.key_columns(made.thing)
        if set(columns) != set(key):
            made.add_key("unique", naming.constraint("uq", made.name, columns), columns)
            plan.decide(
                f"unique ({', '.join(columns)}) on {made.qualified}", "The relationship is one to one.", link.path
            )


def _inverse(made: TablePlan, link: Link) -> str:
    """Name the way back where nobody did: ``tasks``, or ``reviewed_tasks`` where a relationship is one of several."""
    word = snake(made.thing.name)
    rows = word if link.unique else plural(singular(word))  # a junction's name is plural already
    several = sum(other.target == link.target for other in made.thing.links) > 1
    return f"{link.name}_{rows}" if several else rows
