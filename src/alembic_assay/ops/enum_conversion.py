"""Values of a type that is built anew: how SQL turns old ones into new ones, and which labels they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.catalog.composites import Composite
from alembic_assay.catalog.domains import Domain
from alembic_assay.catalog.enums import Enum
from alembic_assay.catalog.names import parts, split
from alembic_assay.catalog.ranges import Range
from alembic_assay.sql import literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alembic_assay.catalog.record import Record


class Conversion:
    """From the old types to the new ones of the same names.

    Args:
        types: The enumerated type, and every domain, composite and range type made of it.
        mapping: Label to the label that replaces it; all others stay.
    """

    def __init__(self, types: Iterable[Record], mapping: Mapping[str, str]) -> None:
        self.types = {record.key: record for record in types}
        self.mapping = dict(mapping)
        self.multiranges = {
            parts(each.multirange): each for each in self.types.values() if isinstance(each, Range) and each.multirange
        }

    def concerns(self, type_: str) -> bool:
        """Whether a type, as the server writes it, is one of these, or an array of one."""
        key = parts(type_.removesuffix("[]"))
        return key in self.types or key in self.multiranges

    def convert(self, value: str, type_: str) -> str:
        """Return SQL that makes a value of the old type one of the new.

        Args:
            value: An expression.
            type_: Its type, as the server writes it; that is also the name of the new one.
        """
        if not self.mapping or not self.maps(type_):
            return f"{value}::text::{type_}"
        record = self.types.get(parts(type_.removesuffix("[]")))
        if type_.endswith("[]"):
            if record is not None and self._comes_down_to_a_label(record):
                return f"{self._replaced(f'{value}::text[]')}::{type_}"
        elif isinstance(record, Enum):
            cases = "".join(f" WHEN {literal(old)} THEN {literal(new)}" for old, new in self.mapping.items())
            return f"(CASE {value}::text{cases} ELSE {value}::text END)::{type_}"
        elif isinstance(record, Domain):
            return f"({self.convert(value, record.type)})::{type_}"
        elif isinstance(record, Composite):
            return f"(CASE WHEN {value}::text IS NOT NULL THEN ROW({self._attributes(value, record)})::{type_} END)"
        elif isinstance(record, Range):
            return self._range(value, type_, record)
        raise AssertionError(type_)

    def maps(self, type_: str) -> bool:
        """Whether one expression can change the labels within values of a type: not in arrays of rows or ranges."""
        record = self.types.get(parts(type_.removesuffix("[]")))
        if record is None:
            return not self.concerns(type_)
        if type_.endswith("[]"):
            return self._comes_down_to_a_label(record)
        if isinstance(record, Composite):
            return all(self.maps(attribute) for _, attribute in map(split, record.attributes))
        inner = record.type if isinstance(record, Domain) else record.subtype if isinstance(record, Range) else None
        return inner is None or self.maps(inner)

    def labels(self, value: str, type_: str) -> str:
        """Return SQL for the labels that a value holds, as ``text[]``.

        Args:
            value: An expression.
            type_: Its type, as the server writes it.
        """
        element = type_.removesuffix("[]")
        record = self.types.get(parts(element))
        if element != type_:
            plain = record is not None and self._comes_down_to_a_label(record)
            return f"{value}::text[]" if plain else _of_each(value, self.labels("e", element))
        if parts(element) in self.multiranges:
            return _of_each(value, self._bounds("e", self.multiranges[parts(element)]))
        return self._labels_of_one(value, record)

    def _labels_of_one(self, value: str, record: Record | None) -> str:
        if isinstance(record, Domain):
            return self.labels(value, record.type)
        if isinstance(record, Range):
            return self._bounds(value, record)
        if isinstance(record, Composite):
            attributes = [(name, type_) for name, type_ in map(split, record.attributes) if self.concerns(type_)]
            return " || ".join(self.labels(f"({value}).{name}", type_) for name, type_ in attributes)
        return f"ARRAY[{value}::text]"

    def _bounds(self, value: str, record: Range) -> str:
        return f"{self.labels(f'lower({value})', record.subtype)} || {self.labels(f'upper({value})', record.subtype)}"

    def _comes_down_to_a_label(self, record: Record) -> bool:
        while isinstance(record, Domain) and (base := self.types.get(parts(record.type))) is not None:
            record = base
        return isinstance(record, Enum)

    def _replaced(self, array: str) -> str:
        """Replace elements one label after the other; by way of a mark where a new label is also an old one."""
        marked = any(new in self.mapping for new in self.mapping.values())
        for old, new in self.mapping.items():
            array = f"array_replace({array}, {literal(old)}, {literal(_mark(new) if marked else new)})"
        for new in sorted(set(self.mapping.values())) if marked else ():
            array = f"array_replace({array}, {literal(_mark(new))}, {literal(new)})"
        return array

    def _attributes(self, value: str, record: Composite) -> str:
        return ", ".join(
            self.convert(f"({value}).{name}", attribute) if self.concerns(attribute) else f"({value}).{name}"
            for name, attribute in map(split, record.attributes)
        )

    def _range(self, value: str, type_: str, record: Range) -> str:
        lower, upper = (self.convert(f"{end}({value})", record.subtype) for end in ("lower", "upper"))
        opens, closes = (f"CASE WHEN {end}_inc({value}) THEN" for end in ("lower", "upper"))
        bounds = f"{opens} '[' ELSE '(' END || {closes} ']' ELSE ')' END"
        return f"CASE WHEN isempty({value}) THEN 'empty'::{type_} ELSE {type_}({lower}, {upper}, {bounds}) END"


def _of_each(values: str, labels: str) -> str:
    return f"ARRAY(SELECT unnest({labels}) FROM unnest({values}) AS e)"  # noqa: S608 - put together from quoted parts


def _mark(label: str) -> str:
    """A text that is no label: longer than one can be."""
    return f"{label}{'*' * 64}"
