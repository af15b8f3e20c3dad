"""Python source as a formatter leaves it: on one line if it fits, else one item a line with a comma behind the last."""

from __future__ import annotations

from dataclasses import dataclass

WIDTH = 100
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True, slots=True)
class Group:
    """Items between brackets: a call, a list, a tuple, a dictionary.

    Args:
        start: What stands before the items, with the opening bracket: ``"sa.Column("``.
        items: Source, or groups.
        end: The closing bracket.
    """

    start: str
    items: tuple[Code, ...]
    end: str


@dataclass(frozen=True, slots=True)
class Named:
    """``name=value`` or ``"key": value``.

    Args:
        name: With what separates it from the value.
        value: Source, or a group.
    """

    name: str
    value: Code


Code = str | Group | Named


def call(name: str, /, *items: Code, **options: Code | None) -> Group:
    """Return a call; options that are ``None`` are left out.

    >>> render(call("f", "1", x="2", y=None))
    'f(1, x=2)'
    """
    given = tuple(Named(f"{key}=", value) for key, value in options.items() if value is not None)
    return Group(f"{name}(", (*items, *given), ")")


def listed(items: list[Code]) -> Group:
    """Return a list."""
    return Group("[", tuple(items), "]")


def mapping(items: dict[str, Code]) -> Group:
    """Return a dictionary with texts for keys."""
    return Group("{", tuple(Named(f"{text(key)}: ", value) for key, value in items.items()), "}")


def text(value: str) -> str:
    r"""Write a string as a formatter does: in double quotes, unless single ones need fewer escapes.

    >>> print(text("it's"), text('a "b"'))
    "it's" 'a "b"'
    """
    quote = "'" if value.count('"') > value.count("'") else '"'
    escapes = {**_ESCAPES, quote: f"\\{quote}"}
    body = "".join(escapes.get(char) or (char if char.isprintable() else _escaped(char)) for char in value)
    return f"{quote}{body}{quote}"


def block(value: str) -> str:
    """Write a string of several lines as they are, if it can be written so."""
    plain = all(char.isprintable() or char == "\n" for char in value)
    lines = value.split("\n")
    ragged = any(line != line.rstrip() for line in lines)
    if len(lines) == 1 or not plain or ragged or "\\" in value or '"""' in value or value.endswith('"'):
        return text(value)
    return f'"""{value}"""'


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - Python's own forms


def render(code: Code, margin: int = 0, before: int = 0, after: int = 0) -> str:
    """Write source.

    Args:
        code: What to write.
        margin: How far its line is indented.
        before: How many characters stand before it on its line, the margin included.
        after: How many follow it there.
    """
    flat = _flat(code)
    if isinstance(code, str):
        return code
    if "\n" not in flat and max(before, margin) + len(flat) + after <= WIDTH:
        return flat
    if isinstance(code, Named):
        return code.name + render(code.value, margin, max(before, margin) + len(code.name), after)
    if not code.items:
        return flat
    deeper = margin + 4
    lines = [f"{' ' * deeper}{render(item, deeper, deeper, 1)}," for item in code.items]
    return "\n".join([code.start, *lines, f"{' ' * margin}{code.end}"])


def _flat(code: Code) -> str:
    if isinstance(code, str):
        return code
    if isinstance(code, Named):
        return code.name + _flat(code.value)
    inside = ", ".join(_flat(item) for item in code.items)
    single = "," if code.start == "(" and len(code.items) == 1 else ""
    return f"{code.start}{inside}{single}{code.end}"


def statement(target: str, code: Code, margin: int = 0) -> str:
    """Write ``target = code``; the value gets parentheses where not even its beginning fits."""
    head, deeper = f"{' ' * margin}{target} = ", margin + 4
    inside = " " * deeper
    name, bracket, rest = target.partition("[")
    if bracket and len(head) >= WIDTH:
        opened = f"{' ' * margin}{name}[\n{inside}{rest[:-1]}\n{' ' * margin}] = "
        return opened + render(code, margin, margin + len("] = "))
    flat = _flat(code)
    begin = code.start if isinstance(code, Group) else flat
    fits = len(head) >= WIDTH or len(head) + min(len(begin), len(flat)) <= WIDTH
    if fits or "\n" in flat or (isinstance(code, str) and deeper + len(flat) > WIDTH):
        return head + render(code, margin, len(head))
    return f"{head}(\n{inside}{render(code, deeper, deeper)}\n{' ' * margin})"


def class_head(name: str, bases: str) -> str:
    """Write the first line of a class, or three."""
    line = f"class {name}({bases}):"
    return line if len(line) <= WIDTH else f"class {name}(\n    {bases}\n):"


def docstring(value: str, margin: int = 0) -> str:
    """Write a docstring of one paragraph; what cannot stand in one is replaced."""
    words = " ".join("".join(char if char.isprintable() else " " for char in value).split())
    words = words.replace("\\", "/").replace('"""', "'''").strip()
    if words.endswith('"'):
        words = f"{words[:-1]}'"
    end = "" if not words or words[-1] in ".?!" else "."
    return f'{" " * margin}"""{words}{end}"""'
