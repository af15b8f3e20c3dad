"""Requirements as they are meant: every entity with its table, key and links, those of junction tables too."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alembic_assay.design.naming import plural, singular, snake
from alembic_assay.design.problems import pointer
from alembic_assay.design.requirements import Attribute, Entity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.design.requirements import Relationship, Requirements

ID = "id"
TIMESTAMPS = ("created_at", "updated_at")
DELETED_AT = "deleted_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A foreign key as requirements mean it.

    Args:
        name: Of the relationship, seen from here.
        inverse: Of the way back.
        target: The entity it points to.
        role: What its columns begin with.
        required: Whether it is never NULL.
        unique: Whether a row of the target has one such row at most.
        on_delete: As in the requirements; ``None`` where nothing is said.
        path: JSON Pointer of what asks for it.
        columns: Attributes that hold it; empty where it has columns of its own.
        description: What it means.
    """

    name: str
    inverse: str | None
    target: str
    role: str
    required: bool
    unique: bool
    on_delete: str | None
    path: str
    columns: tuple[str, ...] = ()
    description: str = ""


@dataclass(slots=True, kw_only=True)
class Thing:
    """An entity with all that other parts of the requirements say of it.

    Args:
        name: Of the entity.
        entity: As required.
        path: JSON Pointer of the entity, or of the relationship that asks for it.
        table: The name of its table.
        key: The kind of its key.
        links: Its foreign keys.
        legs: The names of the two links that are the key of a junction table.
        association: Whether it stands between two others.
    """

    name: str
    entity: Entity
    path: str
    table: str
    key: str
    links: list[Link] = field(default_factory=list)
    legs: tuple[str, ...] = ()
    association: bool = False

    def link(self, name: str) -> Link | None:
        """Return the link of a name."""
        return next((link for link in self.links if link.name == name), None)


class Book:
    """Requirements, looked up.

    Args:
        requirements: Of valid form. Names in them need not exist.
    """

    def __init__(self, requirements: Requirements) -> None:
        self.requirements = requirements
        self.things: dict[str, Thing] = {}
        for name, entity in requirements.entities.items():
            self._add(name, entity, pointer("entities", name))
        for number, relationship in enumerate(requirements.relationships):
            self._relate(relationship, pointer("relationships", number))
        self._tenants()

    def timestamps(self, thing: Thing) -> bool:
        """Whether rows say when they were made and changed."""
        given = thing.entity.timestamps
        usual = self.requirements.defaults.timestamps and not (thing.association and not thing.entity.attributes)
        return usual if given is None else given

    def soft_delete(self, thing: Thing) -> bool:
        """Whether rows are marked as deleted."""
        given = thing.entity.soft_delete
        usual = self.requirements.defaults.soft_delete and not thing.association
        return usual if given is None else given

    def key_columns(self, thing: Thing, seen: frozenset[str] = frozenset()) -> list[str]:
        """Return the columns of a primary key; empty where a key leads to itself or to nothing."""
        if thing.name in seen:
            return []
        if thing.key != "natural":
            return [ID]
        names = list(thing.legs) or thing.entity.key_attributes
        found: list[str] = []
        for name in names:
            link = thing.link(name)
            found += [name] if link is None else self.link_columns(link, seen | {thing.name})
        return found

    def link_columns(self, link: Link, seen: frozenset[str] = frozenset()) -> list[str]:
        """Return the columns of a foreign key."""
        if link.columns:
            return list(link.columns)
        target = self.things.get(link.target)
        keys = self.key_columns(target, seen) if target else []
        return [f"{link.role}_{key}" for key in keys]

    def columns(self, thing: Thing) -> dict[str, str]:
        """Return the columns of a table, each with the JSON Pointer of what asks for it, in order."""
        found = {ID: thing.path} if thing.key != "natural" else {}
        for link in thing.links:
            found |= dict.fromkeys(self.link_columns(link), link.path)
        for name, attribute in thing.entity.attributes.items():
            path = f"{thing.path}{pointer('attributes', name)}"
            found[name] = path
            if attribute.type == "money" and attribute.currency is None:
                found[f"{name}_currency"] = path
        implied = TIMESTAMPS if self.timestamps(thing) else ()
        found |= dict.fromkeys(implied, thing.path)
        return found | ({DELETED_AT: thing.path} if self.soft_delete(thing) else {})

    def columns_of(self, thing: Thing, name: str) -> list[str]:
        """Return what a name in a rule, query or key means: a column, an attribute or the columns of a relationship."""
        link = thing.link(name)
        if link is not None:
            return self.link_columns(link)
        return [name] if name in self.columns(thing) else []

    def names(self, thing: Thing) -> Iterator[str]:
        """Yield every name that :meth:`columns_of` knows."""
        yield from self.columns(thing)
        yield from (link.name for link in thing.links)

    def _add(self, name: str, entity: Entity, path: str, *, association: bool = False) -> Thing:
        key = entity.key or ("natural" if entity.key_attributes else self.requirements.defaults.key)
        table = entity.table or plural(snake(name))
        self.things[name] = Thing(name=name, entity=entity, path=path, table=table, key=key, association=association)
        return self.things[name]

    def _relate(self, each: Relationship, path: str) -> None:
        if each.kind == "many_to_many":
            self._join(each, path)
            return
        backwards = each.kind == "one_to_many"
        holder, target = (each.target, each.source) if backwards else (each.source, each.target)
        name = (each.inverse or snake(each.source)) if backwards else each.name
        inverse = each.name if backwards else each.inverse
        if holder in self.things:
            link = Link(
                name=name,
                inverse=inverse,
                target=target,
                role=name,
                required=each.required,
                unique=each.kind == "one_to_one",
                on_delete=each.on_delete,
                path=path,
                description=each.description,
            )
            self.things[holder].links.append(link)

    def _join(self, each: Relationship, path: str) -> None:
        """Make the junction of two entities, or let a declared one be it."""
        name = each.through or each.source + "".join(word.capitalize() for word in each.name.split("_"))
        thing = self.things.get(name)
        if thing is None:
            text = each.description or f"Which {each.target} belongs to which {each.source}"
            table = None if each.through else f"{snake(each.source)}_{each.name}"
            entity = Entity(key="natural", timestamps=False, soft_delete=False, table=table, description=text)
            thing = self._add(name, entity, path, association=True)
        elif thing.entity.key is None and not thing.entity.key_attributes:
            thing.key, thing.association = "natural", True
        roles = [snake(each.source), snake(each.target)]
        if roles[0] == roles[1]:
            roles[1] = singular(each.name) if singular(each.name) != roles[0] else f"other_{roles[0]}"
        for role, target in zip(roles, (each.source, each.target), strict=True):
            thing.links.append(
                Link(
                    name=role,
                    inverse=None,
                    target=target,
                    role=role,
                    required=True,
                    unique=False,
                    on_delete=each.on_delete or "cascade",
                    path=path,
                )
            )
        thing.legs = tuple(roles)

    def _tenants(self) -> None:
        tenancy = self.requirements.tenancy
        if tenancy is None:
            return
        for thing in self.things.values():
            role = snake(tenancy.entity)
            if thing.entity.tenant_scoped and thing.link(role) is None:
                link = Link(
                    name=role,
                    inverse=None,
                    target=tenancy.entity,
                    role=role,
                    required=True,
                    unique=False,
                    on_delete="cascade",
                    path="/tenancy",
                )
                thing.links.insert(0, link)


def attribute(type_name: str, **options: object) -> Attribute:
    """Make an attribute that nobody asked for by name."""
    return Attribute.model_validate({"type": type_name, **options})
