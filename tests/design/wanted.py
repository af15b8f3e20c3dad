"""Requirements for tests: the smallest that are valid, and what is changed in them."""

from __future__ import annotations

from typing import Any

TASKS: dict[str, Any] = {
    "format": "schema-requirements/1",
    "name": "todo",
    "types": {"priority": {"enum": ["low", "high"]}},
    "entities": {
        "User": {"attributes": {"email": {"type": "email", "required": True}}},
        "Task": {"attributes": {"title": {"type": "short_text"}, "tags": {"type": "tags"}}},
    },
}


def entity(name: str = "Task", **parts: Any) -> dict[str, Any]:
    """Return requirements with one entity changed."""
    return {**TASKS, "entities": {**TASKS["entities"], name: {**TASKS["entities"].get(name, {}), **parts}}}


def attribute(**options: Any) -> dict[str, Any]:
    """Return requirements with an attribute ``x`` of tasks."""
    return entity(attributes={"title": {"type": "text"}, "x": options})


def relationship(**options: Any) -> dict[str, Any]:
    """Return requirements with a relationship from tasks to users."""
    usual = {"name": "user", "kind": "many_to_one", "from": "Task", "to": "User"}
    return {**TASKS, "relationships": [{**usual, **options}]}


def query(**options: Any) -> dict[str, Any]:
    """Return requirements with a query."""
    return {**TASKS, "queries": [{"name": "q", "entity": "Task", **options}]}
