"""The pydantic models of ``schema/1``: they validate a document and export its JSON Schema.

The models are made from the records' own dataclasses, with the descriptions of their docstrings, and changed where
:mod:`alembic_assay.catalog.document_shapes` writes another form. Importing this module imports pydantic.
"""

from __future__ import annotations

import difflib
import inspect
import json
import re
from dataclasses import MISSING, fields
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast, get_args, get_origin

from pydantic import BaseModel, Field, ValidationError, create_model

from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.document_layout import (
    CONSTRAINT_SECTIONS,
    RELATIONS,
    is_nested,
    nested_sections,
    section_name,
)
from alembic_assay.catalog.document_parts import (
    BY_HAND,
    CONSTRAINT_PARTS,
    DEPENDENCY_PART,
    HIDDEN,
    NOT_REQUIRED,
    PARTS,
    SchemaPart,
)
from alembic_assay.catalog.document_shapes import record_hints
from alembic_assay.catalog.snapshot import READERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alembic_assay.catalog.record import Record

Problem = dict[str, str]

_MODELS: dict[tuple[type[Record], bool, str], type[BaseModel]] = {}
_ARGUMENT = re.compile(r"^        (\w+): (.*?)(?=^        \w+: |\Z|^\S|^    \S)", re.MULTILINE | re.DOTALL)
_EXPECTED = {
    "string_type": "a string",
    "int_type": "an integer",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
}


@cache
def document_model() -> type[BaseModel]:
    """Return the model of a whole document."""
    sections: dict[str, Any] = {}
    for record_type in READERS:
        model = _model(record_type, nested=False)
        sections[section_name(record_type)] = (list[model], Field(default=[], description=_summary(record_type)))  # type: ignore[valid-type] # made here
    return _create(
        "SchemaDocument", {"format": (Literal["schema/1"], ...), **BY_HAND, **sections, **DEPENDENCY_PART}, "A schema."
    )


@cache
def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a document."""
    schema = document_model().model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def problems(document: object) -> list[Problem]:
    """Return what is wrong with the form of a document, all of it.

    Args:
        document: What a JSON or YAML reader returned.
    """
    try:
        document_model().model_validate_json(json.dumps(document))
    except ValidationError as error:
        return [_problem(each) for each in error.errors(include_url=False)]
    except (TypeError, ValueError, RecursionError) as error:
        return [{"code": "SCH001", "path": "", "message": f"expected values of JSON: {error}.", "hint": ""}]
    return []


def _model(record_type: type[Record], *, nested: bool, section: str = "") -> type[BaseModel]:
    """Make the model of a kind in one of its places, once: two models of one name would get other names."""
    key = (record_type, nested, section)
    if key not in _MODELS:
        _MODELS[key] = _made(record_type, nested=nested, section=section)
    return _MODELS[key]


def _made(record_type: type[Record], *, nested: bool, section: str) -> type[BaseModel]:
    own = {**_record_fields(record_type, nested=nested), **PARTS.get(record_type, {})}
    if record_type is Constraint:
        kind = next((kind for kind, name in CONSTRAINT_SECTIONS.items() if name == section), None)
        own |= CONSTRAINT_PARTS[kind] if kind else {k: v for part in CONSTRAINT_PARTS.values() for k, v in part.items()}
        if kind:
            del own["type"]
    if record_type in RELATIONS:
        own["primary_key"] = (_model(Constraint, nested=True, section="primary_key") | None, None)
        for name, child in nested_sections().items():
            own[name] = (list[_model(child, nested=True, section=name)], [])  # type: ignore[misc] # made here
    title = f"{record_type.__name__}{'' if nested or not is_nested(record_type) else 'Elsewhere'}"
    return _create(_camel(section) if section in CONSTRAINT_SECTIONS.values() else title, own, _summary(record_type))


def _record_fields(record_type: type[Record], *, nested: bool) -> dict[str, Any]:
    hints, texts = record_hints(record_type), _arguments(record_type)
    skipped = HIDDEN.get(record_type, frozenset()) | ({"schema", "table"} if nested else set())
    found: dict[str, Any] = {}
    for field in fields(record_type):
        if field.name not in skipped:
            kind, default = _json_type(hints[field.name]), _listed(field.default)
            if (record_type, field.name) in NOT_REQUIRED:
                kind, default = kind | None, None
            elif field.default is MISSING:
                default = ...
            found[field.name] = (kind, Field(default=default, description=texts.get(field.name)))
    return found


def _create(name: str, definitions: Mapping[str, Any], text: str) -> type[BaseModel]:
    """Make a model; ``schema`` and the like are names of BaseModel, so every field has an alias."""
    aliased: dict[str, Any] = {}
    for field, (kind, default) in definitions.items():
        info = default if isinstance(default, type(Field())) else Field(default=default)
        aliased[f"{field}_"] = (Annotated[kind, Field(alias=field)], info)
    return cast("type[BaseModel]", create_model(name, __base__=SchemaPart, __doc__=text, **aliased))


def _json_type(hint: Any) -> Any:
    """The type of a record's field as JSON has it: tuples are lists."""
    if get_origin(hint) in {tuple, list}:
        return list[_json_type(get_args(hint)[0])]  # type: ignore[misc] # computed
    if type(None) in get_args(hint):
        (other,) = (each for each in get_args(hint) if each is not type(None))
        return _json_type(other) | None
    return hint


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _summary(record_type: type[Record]) -> str:
    return (inspect.getdoc(record_type) or "").splitlines()[0]


def _arguments(record_type: type[Record]) -> dict[str, str]:
    documented = (record_type.__doc__ or "").partition("Args:\n")[2]
    return {name: " ".join(text.split()) for name, text in _ARGUMENT.findall(documented)}


def _camel(section: str) -> str:
    singular = "index" if section == "indexes" else section.removesuffix("s")
    return "".join(word.capitalize() for word in singular.split("_"))


def _problem(error: Any) -> Problem:
    """Say what is wrong at one place, in our words."""
    place = [str(part) for part in error["loc"]]
    message, hint = str(error["msg"]), ""
    if error["type"] == "missing":
        message = f"{place[-1]!r} is missing."
    elif error["type"] == "extra_forbidden":
        message, hint = f"unknown field {place[-1]!r}.", _suggestion(place)
    else:
        expected = _EXPECTED.get(error["type"]) or error.get("ctx", {}).get("expected") or message
        shown = json.dumps(error["input"], ensure_ascii=False)
        message = f"expected {expected}, got {shown if len(shown) <= 60 else f'{shown[:59]}…'}."  # noqa: PLR2004 - a line
    return {"code": "SCH001", "path": pointer(place), "message": message, "hint": hint}


def pointer(place: list[str]) -> str:
    """Write a JSON Pointer (RFC 6901).

    >>> pointer(["tables", "0", "a/b"])
    '/tables/0/a~1b'
    """
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in place)


def _suggestion(place: list[str]) -> str:
    """Name the nearest field of the object that holds an unknown one."""
    model: Any = document_model()
    for part in place[:-1]:
        if not part.isdigit():
            field = model.model_fields.get(f"{part}_") if model else None
            model = _model_in(field.annotation) if field else None
    known = [str(field.alias) for field in model.model_fields.values()] if model else []
    near = difflib.get_close_matches(place[-1], known, n=1)
    return f"Did you mean {near[0]!r}?" if near else ""


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model_in(each))), None)
