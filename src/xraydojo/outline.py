"""What a learner's notebook holds, read from the released one: its exercises and points, its sections, and which cell makes which name."""

import ast
import json
import re
from dataclasses import dataclass, field
from functools import lru_cache

from xraydojo.lesson import REPOSITORY, syntax_tree

_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*\s*$")
# how the lessons begin a worked example
_EXAMPLE = re.compile(r"\*\*(An example\.|例。)\*\*")
_SMALL = 6  # lines
_OPTIONAL = re.compile(r"optional|発展")


@dataclass(frozen=True)
class Exercise:
    """An exercise as its notebook tells of it.

    ``section`` is the heading under which its matter is explained, ``section_cell`` the id of the cell that holds it, ``heading`` the nearest
    heading; ``example`` the Markdown of the worked example in that section, or "". Exercises that are not ``core`` are optional.
    """

    id: str
    points: float
    section: str
    section_cell: str
    heading: str
    example: str

    @property
    def core(self) -> bool:
        """Whether the course counts as done only with it."""
        return not _OPTIONAL.search(self.heading)


@dataclass(frozen=True)
class Definition:
    """Where a name comes from: the kind of cell (``"setup"``, ``"demo"``, ``"exercise"``, ``"explore"``) and the heading above it."""

    kind: str
    heading: str


@dataclass(frozen=True)
class Outline:
    """Exercises in the notebook's order, and the first cell that makes each name."""

    exercises: tuple[Exercise, ...] = ()
    definitions: dict[str, Definition] = field(default_factory=dict)

    def exercise(self, id: str) -> Exercise | None:
        """Return the exercise of this id, or None."""
        return next((exercise for exercise in self.exercises if exercise.id == id), None)


@lru_cache(maxsize=64)
def outline(unit: str, language: str) -> Outline:
    """Return the outline of a unit's released notebook; an empty one if there is none that can be read."""
    try:
        path = REPOSITORY / "exercises" / language / unit / f"{unit}.ipynb"
        return _read(json.loads(path.read_bytes())["cells"])
    except (OSError, ValueError, KeyError, TypeError):
        return Outline()


def _read(cells: list[dict]) -> Outline:
    points = {
        cell["metadata"]["nbgrader"]["grade_id"]: cell["metadata"]["nbgrader"].get("points", 0)
        for cell in cells
        if "nbgrader" in cell["metadata"]
    }
    exercises, definitions = [], {}
    above = _Above()
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            above.read(source, cell.get("id", ""))
            continue
        kind = cell["metadata"].get("xraydojo", {}).get("role", "explore")
        if kind == "exercise":
            id = cell["metadata"]["nbgrader"]["grade_id"]
            exercises.append(above.exercise(id, points.get(f"test_{id}", 0)))
        elif kind == "demo" and _is_small_sum(source):
            above.example = f"```python\n{source}\n```"
        if kind != "test":
            for name in _made(source):
                definitions.setdefault(name, Definition(kind, above.headings[-1]))
    return Outline(tuple(exercises), definitions)


class _Above:
    """What stands above a cell: the section's heading, the headings of the last prose cell that has any, the section's worked example."""

    def __init__(self):
        self.section, self.cell, self.headings = "", "", [""]
        self.example, self._solved = "", False

    def read(self, source: str, cell: str) -> None:
        """Go past a prose cell."""
        blocks = re.split(r"\n\s*\n", re.sub(r"```.*?```", "", source, flags=re.DOTALL))
        found = [heading for block in blocks if (heading := _HEADING.match(block))]
        self.headings = [heading[2] for heading in found] or self.headings
        if found and self._solved:  # an example for the exercise before is none for this one
            self.example, self._solved = "", False
        for block, after in zip(blocks, [*blocks[1:], ""]):
            if (heading := _HEADING.match(block)) and len(heading[1]) <= 2:
                self.section, self.cell, self.example = heading[2], cell, ""
            elif _EXAMPLE.match(block):
                self.example = block + (f"\n\n{after}" if after.startswith("|") else "")

    def exercise(self, id: str, points: float) -> Exercise:
        """Return the exercise that comes now."""
        self._solved = True
        heading = next((text for text in self.headings if f"`{id}`" in text), self.headings[-1])
        return Exercise(id, points, self.section, self.cell, heading, self.example)


def _is_small_sum(source: str) -> bool:
    """Tell whether a demo is a few lines that a learner can take as a pattern: printed, not drawn, and not the library's answer."""
    lines = source.splitlines()
    return (
        len(lines) <= _SMALL
        and "print(" in source
        and not re.search(r"plt\.|figures\.|library\.|yours_or", source)
    )


def _made(source: str) -> set[str]:
    """Return the names that a cell makes at its top level; none if it is not Python alone."""
    try:
        waiting = list(syntax_tree(source).body)
    except SyntaxError:
        return set()
    names = set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif not isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            waiting += ast.iter_child_nodes(node)
    return names
