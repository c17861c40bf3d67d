"""Find answers that are far more alike than this class's answers are: a reason to ask, never a proof.

Answers are compared by what they do: comments, docstrings, annotations, layout, the way a literal is written and the names of the learner's
own variables do not count, nor does what every learner was handed. Short answers are alike by nature, and so are the answers to an exercise
with one obvious solution. So each exercise sets its own measure: how near does each answer come to its nearest neighbour? A pair is reported
where it is nearer than Tukey's fence, 1.5 interquartile ranges above the third quartile (Exploratory Data Analysis, 1977). What more
than a quarter of the class wrote alike is thus the usual answer, and is not reported.
"""

import ast
import io
import keyword
import tokenize
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from nbformat import NotebookNode
from rapidfuzz import process
from rapidfuzz.distance import Indel

from xraydojo.build import STUB
from xraydojo.lesson import Cell, Unit

# parts of an answer (a name, a number, an operation, a call): with fewer, two who never met may well write the same
SHORTEST = 30
# parts that are compared; the longest answer of the course has 300
LONGEST = 2000
# answers to an exercise: with fewer, one pair that shares its answer moves the third quartile
FEWEST = 10
# nearer than this is alike at all: about one part in seven differs
ALIKE = 0.85


@dataclass(frozen=True)
class SimilarPair:
    """Two learners' answers to one exercise that are far more alike than the class's.

    ``similarity`` is the share of both answers' parts that stand in both in the same order (0 to 1); half of the class's answers
    come to another one no nearer than ``usual``. ``answers`` are the two texts as they were handed in.
    """

    learners: tuple[str, str]
    exercise: str
    similarity: float
    usual: float
    answers: tuple[str, str]


def similar_pairs(unit: Unit, answers: Mapping[str, Mapping[str, str]]) -> list[SimilarPair]:
    """Return the pairs of answers to ask about, the least usual first.

    Parameters
    ----------
    unit : Unit
        The unit that the answers belong to.
    answers : mapping of str to mapping
        For each learner, the source of each exercise's cell by the exercise's id.
    """
    pairs = []
    for cell in unit.exercises:
        handed_in = {learner: own[cell.exercise] for learner, own in answers.items() if cell.exercise in own}
        pairs += _pairs(cell.exercise, handed_in, _handed_out(cell))
    return sorted(pairs, key=lambda pair: (pair.usual - pair.similarity, pair.exercise, pair.learners))


def own_parts(source: str, handed_out: str = "") -> list[str]:
    """Return the parts of an answer that count when it is compared: its own code, in order, without names and layout.

    Parameters
    ----------
    source : str
        The answer's cell; what is not Python is taken token by token.
    handed_out : str
        The cell as the learner got it: its statements do not count.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            statements = list(_statements(ast.parse(source), ast.parse(handed_out)))
        return [part for statement in statements for part in statement][:LONGEST]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return list(_tokens(source, handed_out))[:LONGEST]


def _pairs(exercise: str, handed_in: dict[str, str], handed_out: str) -> Iterator[SimilarPair]:
    parts = {learner: own_parts(source, handed_out) for learner, source in handed_in.items()}
    learners = sorted(learner for learner, own in parts.items() if len(own) >= SHORTEST)
    if len(learners) < FEWEST:
        return
    near = _similarities([parts[learner] for learner in learners])
    low, usual, high = np.quantile(near.max(axis=1), (0.25, 0.5, 0.75))
    fence = max(ALIKE, high + 1.5 * (high - low))
    for one, other in np.argwhere(np.triu(near > fence)):
        pair = learners[one], learners[other]
        yield SimilarPair(
            pair,
            exercise,
            float(near[one, other]),
            float(usual),
            tuple(handed_in[learner] for learner in pair),
        )


def _similarities(answers: list[list[str]]) -> np.ndarray:
    """Return how alike each two answers are, shape (answers, answers), zero where an answer would meet itself."""
    code = {}
    # each part becomes one character of the planes above the first, so that rapidfuzz compares texts
    texts = ["".join(code.setdefault(part, chr(0x10000 + len(code))) for part in own) for own in answers]
    near = process.cdist(texts, texts, scorer=Indel.normalized_similarity, dtype=np.float32, workers=-1)
    np.fill_diagonal(near, 0)
    return near


def _handed_out(cell: Cell) -> str:
    """Return an exercise's cell as learners get it, by nbgrader's own rule; its words are in docstrings and do not count."""
    from nbgrader.preprocessors import ClearSolutions

    released = NotebookNode(cell_type="code", source=cell.sources["en"])
    clear = ClearSolutions(code_stub={"python": STUB["en"]})
    clear._replace_solution_region(released, "python")
    return released.source


def _statements(answer: ast.Module, released: ast.Module) -> Iterator[tuple[str, ...]]:
    """Yield the parts of each of the answer's statements that the learner was not handed."""
    names = {node.name for node in ast.walk(released) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    handed_out = set(_bodies(released.body, names, _own_names(released)))
    for statement in _bodies(answer.body, names, _own_names(answer)):
        if statement not in handed_out:
            yield statement


def _bodies(body: list[ast.stmt], opened: set[str], own: set[str]) -> Iterator[tuple[str, ...]]:
    """Yield the parts of each statement; of the functions in ``opened``, whose heads were handed out, those of their bodies."""
    for statement in body:
        if getattr(statement, "name", None) in opened:
            yield from _bodies(statement.body, opened, own)
        elif parts := tuple(_parts(statement, own)):
            yield parts


def _parts(node: ast.AST, own: set[str]) -> Iterator[str]:
    """Yield what a piece of code does, from the outside in."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Pass() | ast.expr_context():
            return
        case ast.Name(id=name):
            yield "name" if name in own else name
        case ast.Attribute(attr=name) | ast.keyword(arg=name):
            yield f".{name}"
        case ast.alias(name=name):
            yield f"import {name}"
        case ast.Constant(value=bool() | str() | bytes() | None as value):
            yield repr(value)
        case ast.Constant(value=value):
            yield f"{value:.12g}" if isinstance(value, float) else str(value)
        case ast.AnnAssign():
            yield "Assign"
        case _:
            yield type(node).__name__
    for name, child in ast.iter_fields(node):
        if name not in ("annotation", "returns", "type_comment"):
            for each in child if isinstance(child, list) else [child]:
                if isinstance(each, ast.AST):
                    yield from _parts(each, own)


def _own_names(tree: ast.Module) -> set[str]:
    """Return the names that an answer gives: variables, arguments, its own functions."""
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.alias(asname=str() as name):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.ExceptHandler(name=str() as name):
                names.add(name)
    return names


def _tokens(source: str, handed_out: str) -> Iterator[str]:
    """Yield the tokens of what is not Python as a whole, as far as they go, without the lines that were handed out."""
    released = {line.strip() for line in handed_out.splitlines()}
    lines = [line for line in source.splitlines() if line.strip() not in released]
    kept = (tokenize.NUMBER, tokenize.STRING, tokenize.OP)
    try:
        for token in tokenize.generate_tokens(
            io.StringIO("\n".join(line.strip() for line in lines)).readline
        ):
            if token.type == tokenize.NAME:
                yield token.string if keyword.iskeyword(token.string) else "name"
            elif token.type in kept:
                yield token.string
    except (tokenize.TokenError, SyntaxError):
        return
