"""Requirements from a file or a dictionary, as far as their form goes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog import document_text
from alembic_assay.design.problems import Problems, nearest, pointer
from alembic_assay.errors import AssayError

if TYPE_CHECKING:
    from pathlib import Path

    from alembic_assay.design.requirements import Requirements

_YAML = frozenset({".yaml", ".yml"})
_UNREADABLE = {"SCH001": "REQ001", "SCH002": "REQ002", "SCH003": "REQ003"}


def load(path: Path) -> dict[str, Any]:
    """Read a requirements file; :func:`parsed` checks what it says.

    Args:
        path: ``.yaml`` and ``.yml`` are YAML, anything else is JSON.

    Raises:
        AssayError: The file cannot be read.
        InvalidRequirementsError: Not JSON or YAML, or a key that stands twice in one object.
    """
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AssayError(f"{path}: expected UTF-8: {error.reason} at byte {error.start}.") from None
    except OSError as error:
        raise AssayError(f"cannot read {path}: {error.strerror}.") from None
    return loads(text, "yaml" if path.suffix.lower() in _YAML else "json", where=str(path))


def loads(text: str, input_format: document_text.Format, *, where: str = "the requirements") -> dict[str, Any]:
    """Read the text of a requirements file.

    Args:
        text: The whole text.
        input_format: ``json`` or ``yaml``.
        where: What to call it in the error.

    Raises:
        InvalidRequirementsError: See :func:`load`.
    """
    value, wrong = document_text.loads(text, input_format)
    problems = Problems(where)
    for each in wrong:
        problems.add(_UNREADABLE[each["code"]], each["path"], each["message"], each["hint"])
    if not wrong and not isinstance(value, dict):
        problems.add("REQ001", "", "expected an object.")
    problems.stop()
    assert isinstance(value, dict)  # noqa: S101 - else stopped
    return value


def parsed(requirements: object, problems: Problems) -> Requirements:
    """Return requirements of valid form.

    Args:
        requirements: What a JSON or YAML reader returned.
        problems: Gets what is wrong.

    Raises:
        InvalidRequirementsError: The form is not valid; all of it is in the error.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - only when needed

    from alembic_assay.design.requirements import Requirements  # noqa: PLC0415 - pydantic, only when needed

    try:
        return Requirements.model_validate_json(json.dumps(requirements))
    except ValidationError as error:
        for each in error.errors(include_url=False):
            _add(problems, each)
    except (TypeError, ValueError, RecursionError) as error:
        problems.add("REQ001", "", f"expected values of JSON: {error}.")
    problems.stop()
    raise AssertionError("unreachable")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of ``schema-requirements/1``, for editors and other programs."""
    from alembic_assay.design.requirements import Requirements  # noqa: PLC0415 - pydantic, only when needed

    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Requirements.model_json_schema()}


def _add(problems: Problems, error: Any) -> None:
    """Say what is wrong at one place, in our words."""
    variants = {"str", "int", "float", "bool", "[key]"}
    place = [part for part in error["loc"] if part not in variants and not str(part).startswith(("list[", "dict["))]
    shown = json.dumps(error["input"], ensure_ascii=False, default=str)
    match error["type"]:
        case "missing":
            message, hint = f"{place[-1]!r} is missing.", ""
        case "extra_forbidden":
            message, hint = f"unknown field {place[-1]!r}.", nearest(str(place[-1]), _known_fields())
        case "string_pattern_mismatch":
            message, hint = f"expected a text that matches {error['ctx']['pattern']}, got {shown}.", ""
        case "literal_error":
            message = f"expected {error['ctx']['expected']}, got {shown}."
            hint = nearest(
                str(error["input"]), error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
            )
        case _:
            said = str(error["msg"]).removeprefix("Input should be ")
            message, hint = f"expected {said[:1].lower()}{said[1:]}, got {shown[:60]}.", ""
    problems.add("REQ001", pointer(*place), message, hint)


def _known_fields() -> set[str]:
    from alembic_assay.design import requirements  # noqa: PLC0415 - pydantic, only when needed

    models = [each for each in vars(requirements).values() if isinstance(each, type) and hasattr(each, "model_fields")]
    return {field.alias or name for model in models for name, field in model.model_fields.items()}
