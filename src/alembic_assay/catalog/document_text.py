"""Documents as JSON or YAML text. Reading refuses what the two formats let pass: keys that stand twice, aliases.

Of YAML's plain scalars only ``null``, ``true``, ``false`` and decimal integers are not strings, as in JSON: an enum
label ``no`` stays ``no``, a version ``1.10`` stays ``1.10``. Importing this module does not import PyYAML.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Problem = dict[str, str]
Format = Literal["json", "yaml"]

_WORDS = {"~": None, "null": None, "": None, "true": True, "false": False}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]')
_STRING = "tag:yaml.org,2002:str"
_DEEPEST = 100


def dumps(document: Mapping[str, Any], output_format: Format) -> str:
    """Write a document, with a line feed at its end.

    Args:
        document: Its keys keep their order.
        output_format: ``json`` or ``yaml``.
    """
    if output_format == "json":
        return _pretty(document, "") + "\n"
    import yaml  # noqa: PLC0415 - only who writes YAML pays for it

    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc] # the C library may be missing
        """Writes text of several lines as a block, and no aliases."""

        def ignore_aliases(self, _data: Any) -> bool:
            return True

    def block(dumper: Any, text: str) -> Any:
        lines = "\n" in text and re.match(r"\S", text) and not re.search(r"[ \t]$", text, re.MULTILINE)
        # PyYAML's own emitter leaves YAML's other line breaks unescaped in any other style.
        style = '"' if re.search("[\x85\u2028\u2029]", text) else "|" if lines else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    def rows(dumper: Any, values: list[Any]) -> Any:
        return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=_is_flat(values))

    Dumper.add_representer(str, block)
    Dumper.add_representer(list, rows)
    return str(yaml.dump(document, Dumper=Dumper, allow_unicode=True, sort_keys=False, width=110))


def loads(text: str, input_format: Format) -> tuple[object, list[Problem]]:
    """Read a document.

    Args:
        text: Of one document.
        input_format: ``json`` or ``yaml``; YAML's reader takes JSON too.

    Returns:
        The values, and everything that is wrong with the text; values are ``None`` if it cannot be read at all.
    """
    try:
        return _from_json(text) if input_format == "json" else _from_yaml(text)
    except RecursionError:
        return None, [_problem("SCH002", "", "it is nested too deeply.")]


def _pretty(value: Any, margin: str) -> str:
    """Indent by two; a list of plain values stays on its line."""
    deeper = f"{margin}  "
    if isinstance(value, dict) and value:
        items = [f"{deeper}{json.dumps(k, ensure_ascii=False)}: {_pretty(v, deeper)}" for k, v in value.items()]
        return "{\n" + ",\n".join(items) + f"\n{margin}}}"
    if isinstance(value, list) and not _is_flat(value):
        return "[\n" + ",\n".join(deeper + _pretty(item, deeper) for item in value) + f"\n{margin}]"
    return json.dumps(value, ensure_ascii=False)


def _is_flat(values: list[Any]) -> bool:
    return not any(isinstance(value, dict | list) for value in values)


def _problem(code: str, path: str, message: str, hint: str = "") -> Problem:
    return {"code": code, "path": path, "message": message, "hint": hint}


def _from_json(text: str) -> tuple[object, list[Problem]]:
    problems: list[Problem] = []
    doubled = False

    def collect(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal doubled
        found = dict(pairs)
        doubled |= len(found) < len(pairs)
        return found

    def refuse(constant: str) -> object:
        problems.append(_problem("SCH002", "", f"{constant} is not JSON."))
        return None

    try:
        found = json.loads(text, object_pairs_hook=collect, parse_constant=refuse)
    except json.JSONDecodeError as error:
        return None, [_problem("SCH002", "", f"not JSON: line {error.lineno}, column {error.colno}: {error.msg}.")]
    return found, [*problems, *(_doubled(text) if doubled else ())]


@dataclass(slots=True)
class _Open:
    """An object or list that has begun: where it is, the lines of its keys, and where we are in it."""

    path: str
    lines: dict[str, int] | None
    key: str | int
    key_follows: bool


def _doubled(text: str) -> Iterator[Problem]:
    """Find the keys that stand twice in one object of valid JSON; the parser of Python does not say where."""
    around: list[_Open] = []
    line, end = 1, 0
    for token in _JSON_TOKEN.finditer(text):
        line, end = line + text.count("\n", end, token.start()), token.start()
        inner = around[-1] if around else _Open("", None, "", key_follows=False)
        if token[0] in "{[":
            lines: dict[str, int] | None = {} if token[0] == "{" else None
            path = f"{inner.path}/{_escaped(str(inner.key))}" if around else ""
            around.append(_Open(path, lines, 0, key_follows=lines is not None))
        elif token[0] in "}]":
            around.pop()
        elif token[0] == ",":
            inner.key_follows = inner.lines is not None
            inner.key = inner.key + 1 if isinstance(inner.key, int) else inner.key
        elif inner.key_follows and inner.lines is not None:
            inner.key, inner.key_follows = json.loads(token[0]), False
            name = str(inner.key)
            if name in inner.lines:
                message = f"line {line}: key {name!r} stands twice, first in line {inner.lines[name]}."
                yield _problem("SCH003", f"{inner.path}/{_escaped(name)}", message)
            inner.lines.setdefault(name, line)


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _from_yaml(text: str) -> tuple[object, list[Problem]]:
    import yaml  # noqa: PLC0415 - only who reads YAML pays for it

    # Events, not nodes: the composer of the C library overflows the stack on text that is nested deeply.
    events = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    reading = _Reading(events)
    try:
        found = reading.document()
    except yaml.YAMLError as error:
        return None, [_problem("SCH002", "", f"not YAML: {_one_line(error)}.")]
    return found, reading.problems


def _one_line(error: Any) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return place + " ".join(str(getattr(error, "problem", None) or error).split()).rstrip(".")


class _Reading:
    """Turns the events of YAML into values of JSON, and notes what has none."""

    def __init__(self, events: Iterator[Any]) -> None:
        self.problems: list[Problem] = []
        self._events = events

    def document(self) -> Any:
        """Return the value of the one document."""
        found = None
        for number, event in enumerate(self._contents()):
            if number:
                self._note("SCH002", "", event, "a second document begins")
                return None
            found = self._value(event, "", 0)
        return found

    def _contents(self) -> Iterator[Any]:
        around = {"StreamStartEvent", "StreamEndEvent", "DocumentStartEvent", "DocumentEndEvent"}
        return (event for event in self._events if type(event).__name__ not in around)

    def _value(self, event: Any, path: str, depth: int) -> Any:
        if depth > _DEEPEST:
            raise RecursionError
        kind = type(event).__name__
        if kind == "AliasEvent":
            self._note("SCH002", path, event, "aliases are not part of a schema document")
            return None
        if kind == "MappingStartEvent":
            return self._mapping(path, depth)
        if kind == "SequenceStartEvent":
            return self._sequence(path, depth)
        return self._scalar(event, path)

    def _sequence(self, path: str, depth: int) -> list[Any]:
        found: list[Any] = []
        while type(event := next(self._events)).__name__ != "SequenceEndEvent":
            found.append(self._value(event, f"{path}/{len(found)}", depth + 1))
        return found

    def _mapping(self, path: str, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        lines: dict[str, int] = {}
        while type(key := next(self._events)).__name__ != "MappingEndEvent":
            if type(key).__name__ != "ScalarEvent":
                self._note("SCH002", path, key, "expected a name before ':'")
                self._value(key, path, depth + 1)
            name = str(getattr(key, "value", ""))
            here = f"{path}/{_escaped(name)}"
            if name in lines:
                self._note("SCH003", here, key, f"key {name!r} stands twice, first in line {lines[name]}")
            lines.setdefault(name, key.start_mark.line + 1)
            found[name] = self._value(next(self._events), here, depth + 1)
        return found

    def _scalar(self, event: Any, path: str) -> Any:
        if event.tag not in {None, "!", _STRING}:
            self._note("SCH002", path, event, f"tag {event.tag!r} is not part of a schema document")
        if event.tag is not None or event.style:
            return event.value
        if _INTEGER.fullmatch(event.value):
            return int(event.value)
        return _WORDS.get(event.value, event.value)

    def _note(self, code: str, path: str, event: Any, message: str) -> None:
        self.problems.append(_problem(code, path, f"line {event.start_mark.line + 1}: {message}."))
