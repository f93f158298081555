"""Reader of YAML files from anybody: names with plain values; all else is refused in one line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from unweave.settings.typed import shown

BYTES = 200_000  # of a file; a recipe has 3,000
# values once its anchors are written out: nine levels of nine aliases each are 387 million
VALUES = 20_000
DEPTH = 40  # of values in values
TEXT = "tag:yaml.org,2002:str"
MERGE = "tag:yaml.org,2002:merge"
# What is no text without quotes: YAML 1.2 and decimal. YAML 1.1, which PyYAML reads, takes 1:30 for
# 90, 012 for 10, no for false, 1e-3 for a text and 2024-01-31 for a date.
PLAIN = (
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", "[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+."),
    ("null", "~|null|Null|NULL|", ("~", "n", "N", "")),
    ("merge", "<<", "<"),
)


def read_yaml(path: Path) -> dict[str, Any]:
    """The names with values in a file: texts, numbers, true, false, none, lists, nested mappings.

    Anchors, aliases and merge keys are written out. ValueError, which names the file and the line,
    for what is not of this kind: a tag, a key that is twice there or no text, too many values.
    OSError where there is no such file.
    """
    if path.is_dir():
        raise ValueError(f"{path} is a folder; expected a YAML file")
    with path.open("rb") as file:  # a pipe may give bytes for ever
        content = file.read(BYTES + 1)
    if len(content) > BYTES:
        raise ValueError(
            f"{path} has more than {BYTES:,} bytes, too many for a file of options or a recipe"
        )
    found = _parsed(_decoded(content, path), path)
    if found is None:
        raise ValueError(f"{path} holds nothing; expected lines like `beta: 6`")
    if not isinstance(found, dict):
        raise ValueError(f"{path} holds {shown(found)}; expected lines like `beta: 6`")
    return found


def _decoded(content: bytes, path: Path) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise ValueError(
            f"{path}, line {line}: byte {error.start} is 0x{byte:02x}, which is no UTF-8"
        ) from error


def _parsed(text: str, path: Path) -> Any:
    try:
        loader = _Loader(text)
        try:
            return loader.get_single_data()
        except (ValueError, OverflowError) as error:  # the scanner does not check such numbers
            raise ValueError(f"{path}, line {loader.line + 1}: no YAML: {error}") from error
    except _Refused as error:
        raise ValueError(f"{path}, line {error.problem_mark.line + 1}: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is no YAML: {' '.join(str(error).split())}") from error


class _Refused(yaml.MarkedYAMLError):
    """YAML, but not of the kind that is read here."""

    def __init__(self, problem: str, where: Any):
        super().__init__(problem=problem, problem_mark=where.start_mark)


class _Loader(yaml.SafeLoader):
    """The parser of PyYAML with limits, without tags, and with the plain values of `PLAIN`."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def __init__(self, text: str):
        super().__init__(text)
        self.values = 0  # so far, with each alias as large as what it stands for
        self.depth = 0
        self.sizes: dict[int, int] = {}  # in values, of each complete node by its id

    def compose_node(self, parent: Any, index: Any) -> Any:
        """As of PyYAML; counts values, and refuses tags and whatever is too large."""
        event = self.peek_event()
        if getattr(event, "tag", None) is not None:
            raise _Refused(f"the tag {shown(event.tag)} means nothing here", event)
        before = self.values
        self.depth += 1
        if self.depth > DEPTH:
            raise _Refused(f"values in values, {DEPTH} deep, are too deep", event)
        node = super().compose_node(parent, index)
        self.depth -= 1
        # an alias counts as what it stands for, whose size is known when that is complete
        if isinstance(event, yaml.AliasEvent):
            if id(node) not in self.sizes:
                raise _Refused(f"*{event.anchor} stands in what it stands for", event)
            self.values += self.sizes[id(node)]
        else:
            self.values += 1
            self.sizes[id(node)] = self.values - before
        if self.values > VALUES:
            raise _Refused(
                f"with its anchors written out the file has more than {VALUES:,} values", event
            )
        return node

    def compose_mapping_node(self, anchor: Any) -> Any:
        """As of PyYAML; refuses keys that are no text, and those that are there twice."""
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if key.tag not in (TEXT, MERGE):
                written = f"a {key.id}"
                if isinstance(key, yaml.ScalarNode):
                    written = shown(key.value)
                problem = (
                    f"the key {written} is no text to YAML; if it is meant so, put it in quotes"
                )
                raise _Refused(problem, key)
            if key.value in seen:
                raise _Refused(f"the key {shown(key.value)} is there twice", key)
            seen.add(key.value)
        return node

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """As of PyYAML; refuses a number of too many digits."""
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            raise _Refused(
                f"{shown(node.value)} is no number that can be read ({error})", node
            ) from error


for _kind, _pattern, _first in PLAIN:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_kind}", re.compile(f"^({_pattern})$"), list(_first)
    )
