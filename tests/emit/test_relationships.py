"""Relationships of generated models in use: insert, select, give away, delete, as the foreign keys say."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import NullPool, create_engine, orm, select
from sqlalchemy.exc import IntegrityError
from tests.emit.generated import imported, migrate

from alembic_assay.design import design_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

    from sqlalchemy import URL

    from alembic_assay.emit.classes import Style

KINDS = ("many_to_one", "one_to_many", "one_to_one")


def shop(kind: str, on_delete: str) -> dict[str, Any]:
    """Return owners of items, said from either side, or owners who share them."""
    ends = {"from": "Owner", "to": "Item"} if kind == "one_to_many" else {"from": "Item", "to": "Owner"}
    names = ("items", "owner") if kind == "one_to_many" else ("owner", "item" if kind == "one_to_one" else "items")
    if kind == "many_to_many":
        names = ("owners", "items")  # the class between them has names of its own
    relationship = {"name": names[0], "inverse": names[1], "kind": kind, "on_delete": on_delete, **ends}
    title = {"attributes": {"title": {"type": "text"}}}
    entities = {"Owner": title, "Item": title}
    return design_schema(
        {"format": "schema-requirements/1", "name": "shop", "entities": entities, "relationships": [relationship]}
    )


@contextmanager
def session(
    schema: dict[str, Any], style: Style, url: URL, directory: Path
) -> Iterator[tuple[ModuleType, orm.Session]]:
    with imported(schema, style, directory) as module:
        migrate(schema, url)
        engine = create_engine(url, poolclass=NullPool)
        with orm.Session(engine) as found:
            yield module, found
        engine.dispose()


def items(owner: Any) -> list[Any]:
    found = owner.item if hasattr(type(owner), "item") else owner.items
    return [] if found is None else [found] if not isinstance(found, list) else list(found)


@pytest.mark.parametrize("style", ["sqlmodel", "declarative"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("on_delete", ["cascade", "restrict", "set_null"])
def test_a_reference(style: Style, kind: str, on_delete: str, database_url: URL, tmp_path: Path) -> None:
    with session(shop(kind, on_delete), style, database_url, tmp_path) as (module, found):
        first, second = module.Owner(title="first"), module.Owner(title="second")
        item = module.Item(title="x", owner=first)
        found.add_all([first, second, item])
        found.commit()
        assert found.scalars(
            select(module.Item).join(module.Item.owner).where(module.Owner.title == "first")
        ).all() == [item]
        assert items(first) == [item]
        item.owner = second
        found.commit()
        assert (items(first), items(second)) == ([], [item])
        found.delete(first)
        found.commit()
        found.delete(second)
        if on_delete == "restrict":
            with pytest.raises(IntegrityError):
                found.flush()
            return
        found.commit()
        left = [each.owner for each in found.scalars(select(module.Item))]
        assert left == ([] if on_delete == "cascade" else [None])


@pytest.mark.parametrize("style", ["sqlmodel", "declarative"])
@pytest.mark.parametrize("on_delete", ["cascade", "restrict"])
def test_what_is_shared(style: Style, on_delete: str, database_url: URL, tmp_path: Path) -> None:
    with session(shop("many_to_many", on_delete), style, database_url, tmp_path) as (module, found):
        first, second = module.Owner(title="first"), module.Owner(title="second")
        item, link = module.Item(title="x"), module.ItemOwner
        found.add_all([item, link(item=item, owner=first), link(item=item, owner=second)])
        found.commit()
        assert {each.owner.title for each in item.item_owners} == {"first", "second"}
        assert [each.item for each in first.item_owners] == [item]
        found.delete(first.item_owners[0])
        found.commit()
        assert (first.item_owners, [each.owner for each in item.item_owners]) == ([], [second])
        found.delete(first)
        found.commit()
        found.delete(second)
        if on_delete == "restrict":
            with pytest.raises(IntegrityError):
                found.flush()
            return
        found.commit()
        assert found.scalars(select(module.Item)).one().item_owners == []
