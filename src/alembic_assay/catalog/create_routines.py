"""Statements that make functions, procedures and aggregates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.create_context import quoted
from alembic_assay.catalog.create_steps import Step
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.catalog.create_context import Context
    from alembic_assay.catalog.functions import Function

FORMS = {"procedure": "PROCEDURE", "aggregate": "AGGREGATE"}

_WITH_SHELLS = frozenset({"range type", "base type"})
_MODIFY = {"r": "READ_ONLY", "s": "SHAREABLE", "w": "READ_WRITE"}
_PARALLEL = {"s": "SAFE", "r": "RESTRICTED", "u": "UNSAFE"}
_FUNCTIONS = {
    "FINALFUNC": "aggfinalfn",
    "COMBINEFUNC": "aggcombinefn",
    "SERIALFUNC": "aggserialfn",
    "DESERIALFUNC": "aggdeserialfn",
    "MSFUNC": "aggmtransfn",
    "MINVFUNC": "aggminvtransfn",
    "MSTYPE": "aggmtranstype",
    "MFINALFUNC": "aggmfinalfn",
}


def signature(record: Function) -> str:
    """Write a function with its arguments, as ``ALTER`` and ``COMMENT ON`` name it."""
    arguments = record.arguments or ("*" if record.form == "aggregate" else "")
    return f"{qualified(record.name, record.schema)}({arguments})"


def function(record: Function, context: Context) -> Iterator[Step]:
    """Make a function, procedure or aggregate."""
    node = ("function", record.key)
    form = FORMS.get(record.form, "FUNCTION")
    create = _aggregate(record) if record.form == "aggregate" else record.definition.strip()
    depends = [
        f"ALTER {form} {signature(record)} DEPENDS ON EXTENSION {identifier(name)}"
        for name in record.depends_on_extensions
    ]
    # A function that its type needs, for input or to make ranges canonical, needs only the shell of that type.
    shells = {("shell type", key) for kind, key in context.needs[node] if kind in _WITH_SHELLS}
    of_type = {need for need in context.needs[node] if need[0] in _WITH_SHELLS and node in context.needs[need]}
    yield Step(node, [create, *depends], (context.needs[node] | shells) - of_type)


def _aggregate(record: Function) -> str:
    parts: dict[str, Any] = json.loads(record.definition)
    written = [f"SFUNC = {parts['aggtransfn']}", f"STYPE = {parts['aggtranstype']}"]
    written += [f"{word} = {parts[key]}" for word, key in _FUNCTIONS.items() if parts[key] != "-"]
    for word, key in (("SSPACE", "aggtransspace"), ("MSSPACE", "aggmtransspace")):
        if parts[key]:
            written.append(f"{word} = {parts[key]}")
    for word, key in (("INITCOND", "agginitval"), ("MINITCOND", "aggminitval")):
        if parts[key] is not None:
            written.append(f"{word} = {quoted(parts[key])}")
    written += _final(parts, "FINALFUNC", "agg")
    if parts["aggmtransfn"] != "-":
        written += _final(parts, "MFINALFUNC", "aggm")
    if (operator := parts["aggsortop"]) != "0":
        name = operator[: operator.rindex("(")]
        written.append(f"SORTOP = OPERATOR({name if '.' in name else f'pg_catalog.{name}'})")
    written.append(f"PARALLEL = {_PARALLEL[parts['proparallel']]}")
    if parts["aggkind"] == "h":
        written.append("HYPOTHETICAL")
    return f"CREATE AGGREGATE {signature(record)} ({', '.join(written)})"


def _final(parts: dict[str, Any], word: str, prefix: str) -> list[str]:
    extra = [f"{word}_EXTRA"] if parts[f"{prefix}finalextra"] else []
    return [*extra, f"{word}_MODIFY = {_MODIFY[parts[f'{prefix}finalmodify']]}"]
