"""Prove a unit's tests: the solution and every right answer pass, every wrong answer is rejected with its hint."""

import ast
import contextlib
import io
import re
import time
from dataclasses import dataclass, field

import xraydojo
from xraydojo.check import CheckFailed, Verdict
from xraydojo.lesson import Answer, Cell, Unit


@dataclass
class Proof:
    """What the answers to one exercise did.

    ``seconds`` is what the public part of the test takes with the solution, as a learner waits for it; ``problems`` are the
    sentences to act on, none when proven.
    """

    exercise: str
    wrong: int = 0
    rejected: int = 0
    hinted: int = 0
    right: int = 0
    accepted: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


def prove(unit: Unit, language: str = "en") -> list[Proof]:
    """Run every answer of a unit against its tests.

    Parameters
    ----------
    unit : Unit
        The unit, as `xraydojo.lesson.read_unit` returns it.
    language : {"en", "ja"}
        The language in which the cells are run.

    Returns
    -------
    list of Proof
        One for each exercise, in the lesson's order.
    """
    return [_prove_exercise(unit, exercise, language) for exercise in unit.exercises]


def _prove_exercise(unit: Unit, exercise: Cell, language: str) -> Proof:
    proof = Proof(exercise.exercise)
    if verdict := _run(unit, exercise, exercise.sources[language], language)[exercise.exercise]:
        proof.problems.append(f"{exercise.exercise}: the solution fails: {verdict}")
    proof.seconds = _public_seconds(unit, exercise, language)
    for answer in unit.right_answers:
        if answer.exercise == exercise.exercise:
            proof.right += 1
            proof.accepted += _accept(unit, exercise, answer, language, proof)
    for answer in unit.wrong_answers:
        if answer.exercise == exercise.exercise:
            proof.wrong += 1
            _reject(unit, exercise, answer, language, proof)
    return proof


def _accept(unit: Unit, exercise: Cell, answer: Answer, language: str, proof: Proof) -> bool:
    verdict = _run(unit, exercise, answer.source, language)[exercise.exercise]
    if verdict:
        proof.problems.append(f"{exercise.exercise}: the right answer {answer.name} is rejected: {verdict}")
    return not verdict


def _reject(unit: Unit, exercise: Cell, answer: Answer, language: str, proof: Proof) -> None:
    others = [name for name in unit.tests if exercise.exercise not in needs(unit, name)]
    verdicts = _run(unit, exercise, answer.source, language, others)
    verdict = verdicts.pop(exercise.exercise)
    where = f"{exercise.exercise}: the wrong answer {answer.name}"
    if verdict is None:
        proof.problems.append(f"{where} is accepted")
        return
    proof.rejected += 1
    if verdict.misconception == answer.name:
        proof.hinted += 1
    else:
        shown = f"the hint of {verdict.misconception}" if verdict.misconception else "no hint"
        proof.problems.append(f"{where} is rejected with {shown}, not its own: {verdict.message}")
    for other, failed in verdicts.items():
        if failed:
            proof.problems.append(
                f"{where} also fails the test of {other}, which does not need it: {failed.message}"
            )


def _run(
    unit: Unit, exercise: Cell, source: str, language: str, others: list[str] = ()
) -> dict[str, Verdict | None]:
    """Put one answer in the solution's place and run its test and those of ``others``; None is a pass."""
    with contextlib.redirect_stdout(io.StringIO()):
        namespace = _namespace(unit, exercise, source, language)
        return {
            name: _verdict(unit.tests[name].sources[language], namespace)
            for name in [exercise.exercise, *others]
        }


def _namespace(unit: Unit, exercise: Cell, source: str, language: str) -> dict:
    """Run setup and solutions, one of them replaced by ``source``, in a namespace of their own."""
    namespace = {"__name__": "__main__"}
    xraydojo.begin(unit.id, language)
    for cell in unit.cells:
        if cell.kind == "setup":
            exec(compile(cell.sources[language], f"<setup, line {cell.line}>", "exec"), namespace)
        elif cell.kind == "exercise":
            text = source if cell is exercise else cell.sources[language]
            exec(compile(text, f"<{cell.exercise}>", "exec"), namespace)
    return namespace


def _public_seconds(unit: Unit, exercise: Cell, language: str) -> float:
    """Time the part of the test that learners run, with the solution in place."""
    test = unit.tests[exercise.exercise].sources[language]
    public = re.sub(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", "", test, flags=re.DOTALL)
    with contextlib.redirect_stdout(io.StringIO()):
        namespace = _namespace(unit, exercise, exercise.sources[language], language)
        started = time.perf_counter()
        _verdict(public, namespace)
    return time.perf_counter() - started


def _verdict(test: str, namespace: dict) -> Verdict | None:
    try:
        exec(compile(test, "<test>", "exec"), namespace)
    except CheckFailed as failed:
        return failed.verdict
    return None


def needs(unit: Unit, exercise: str, answer: Answer | None = None) -> set[str]:
    """Return the names that an exercise's test and its solution, or another answer, use over any number of steps, its own included."""
    uses = {cell.exercise: _names(ast.parse(cell.sources["en"])) for cell in unit.exercises}
    if answer:
        uses[exercise] = _names(ast.parse(answer.source))
    for cell in unit.cells:
        if cell.kind == "setup":
            functions = [
                node for node in ast.parse(cell.sources["en"]).body if isinstance(node, ast.FunctionDef)
            ]
            uses |= {function.name: _names(function) for function in functions}
    needed, waiting = set(), {exercise} | _names(ast.parse(unit.tests[exercise].sources["en"]))
    while waiting:
        name = waiting.pop()
        needed.add(name)
        waiting |= uses.get(name, set()) - needed
    return needed


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
