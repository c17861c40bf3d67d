"""Where a class is at this moment, from what its learners share: who is at which exercise, and what goes wrong most often just now."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xraydojo.hub.sharing import seconds, wrong_answers
from xraydojo.outline import Exercise, outline
from xraydojo.progress import Mark, Marks

# failures of one exercise within SILENT seconds after which a learner counts as stuck
TRIES = 3
# seconds without another check after a failed one, after which a learner counts as stuck
QUIET = 5 * 60
# seconds without any check after which a learner is somewhere else, for all that is known
SILENT = 30 * 60
# seconds for which a mistake counts as made just now
RECENT = 15 * 60


@dataclass(frozen=True)
class Place:
    """Where a learner is, as seen from one unit.

    ``state`` is "working", "stuck", "done" (with every exercise but optional ones), "elsewhere" (in another unit) or "silent". ``unit`` and
    ``exercise`` are where the learner is or was last, "" without any check; ``ago`` is the seconds since the last check, None without any;
    ``failures`` counts those of the exercise within the last half hour.
    """

    learner: str
    state: str
    unit: str = ""
    exercise: str = ""
    ago: float | None = None
    failures: int = 0


@dataclass(frozen=True)
class Row:
    """An exercise: how many have solved it, and who is at it."""

    exercise: Exercise
    solved: int
    working: tuple[Place, ...]
    stuck: tuple[Place, ...]


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that was recognised just now, its hint by language, and who gave it."""

    exercise: str
    name: str
    hint: dict[str, str]
    learners: tuple[str, ...]


@dataclass(frozen=True)
class ClassNow:
    """A class in a unit: ``unnamed`` are the learners of whose failures just now no known wrong answer explains one."""

    unit: str
    rows: tuple[Row, ...]
    places: tuple[Place, ...]
    mistakes: tuple[Mistake, ...]
    unnamed: tuple[str, ...]

    def at(self, state: str) -> tuple[Place, ...]:
        """Return the places of a state."""
        return tuple(place for place in self.places if place.state == state)


def class_now(shared: Mapping[str, Marks], unit: str, language: str, now: float) -> ClassNow:
    """Return where a class is in a unit.

    Parameters
    ----------
    shared : mapping of str to Marks
        What each learner shares, by name.
    unit : str
        The unit's id.
    language : {"en", "ja"}
        Of the notebooks.
    now : float
        Seconds since 1970.
    """
    exercises = outline(unit, language).exercises
    places = tuple(place(learner, marks, unit, exercises, now) for learner, marks in shared.items())
    rows = tuple(
        Row(
            exercise,
            sum("passed" in marks.get(unit, {}).get(exercise.id, {}) for marks in shared.values()),
            _at(places, "working", exercise),
            _at(places, "stuck", exercise),
        )
        for exercise in exercises
    )
    return ClassNow(unit, rows, places, *_mistakes(shared, unit, exercises, now))


def unit_of(shared: Mapping[str, Marks], now: float) -> str | None:
    """Return the unit in which most learners ran their last check, of those within half an hour; else the last one of all, or None."""
    last = [run for marks in shared.values() if (run := _last(marks, "", ()))]
    recent = Counter(unit for ran, unit, _ in last if now - ran < SILENT)
    if recent:
        most = max(recent.values())
        last = [run for run in last if recent[run[1]] == most]
    return max(last)[1] if last else None


def place(learner: str, marks: Marks, unit: str, exercises: Sequence[Exercise], now: float) -> Place:
    """Return where a learner is, as seen from a unit with these exercises.

    One is at the exercise of one's last check, or once that has passed, at the next that is open.
    """
    last = _last(marks, unit, exercises)
    if last is None:
        return Place(learner, "silent")
    ran, at_unit, exercise = last
    ago = max(0.0, now - ran)
    if ago >= SILENT or at_unit != unit:
        return Place(learner, "silent" if ago >= SILENT else "elsewhere", at_unit, exercise, ago)
    here = _open_from(marks[unit], exercise, exercises)
    if here is None:
        return Place(learner, "done", unit, exercise, ago)
    failures = len(_failures(marks[unit].get(here, {}), now, SILENT))
    is_stuck = failures >= TRIES or (failures > 0 and ago >= QUIET)
    return Place(learner, "stuck" if is_stuck else "working", unit, here, ago, failures)


def _last(marks: Marks, unit: str, exercises: Sequence[Exercise]) -> tuple[float, str, str] | None:
    """Return when and where the last check was run; of several in one second, in this unit, the last one of the notebook."""
    order = {exercise.id: number for number, exercise in enumerate(exercises)}
    runs = [
        (seconds(mark["last"]), at == unit, order.get(exercise, -1), at, exercise)
        for at, marked in marks.items()
        for exercise, mark in marked.items()
    ]
    if not runs:
        return None
    ran, *_, at, exercise = max(runs)
    return ran, at, exercise


def _open_from(marks: dict[str, Mark], exercise: str, exercises: Sequence[Exercise]) -> str | None:
    """Return the exercise itself if it has not passed, else the next one that is open, else the first; None if only optional ones are."""
    if "passed" not in marks.get(exercise, {}):
        return exercise
    order = [each.id for each in exercises]
    waiting = [each.id for each in exercises if each.core and "passed" not in marks.get(each.id, {})]
    later = [id for id in waiting if exercise in order and order.index(id) > order.index(exercise)]
    return next(iter(later + waiting), None)


def _failures(mark: Mark, now: float, within: float) -> list[str]:
    """Return the names of the mistakes of the last while, "" where none was recognised."""
    return [name for time, name in mark.get("failed", {}).items() if now - seconds(time) < within]


def _at(places: Sequence[Place], state: str, exercise: Exercise) -> tuple[Place, ...]:
    """Return who is at an exercise in a state: those who failed most, and have waited longest, first."""
    there = [each for each in places if each.state == state and each.exercise == exercise.id]
    return tuple(sorted(there, key=lambda each: (-each.failures, -each.ago)))


def _mistakes(
    shared: Mapping[str, Marks], unit: str, exercises: Sequence[Exercise], now: float
) -> tuple[tuple[Mistake, ...], tuple[str, ...]]:
    """Return the mistakes of just now, those of most learners first, and the learners who made one without a name."""
    made: dict[tuple[str, str], list[str]] = {}
    unnamed = []
    for learner, marks in shared.items():
        names = {
            (exercise.id, name)
            for exercise in exercises
            for name in _failures(marks.get(unit, {}).get(exercise.id, {}), now, RECENT)
        }
        for key in names:
            if key[1]:
                made.setdefault(key, []).append(learner)
        if any(not name for _, name in names):
            unnamed.append(learner)
    known = wrong_answers(unit)
    order = [exercise.id for exercise in exercises]
    keys = sorted(made, key=lambda key: (-len(made[key]), order.index(key[0]), key[1]))
    mistakes = tuple(Mistake(*key, known[key].hint, tuple(made[key])) for key in keys if key in known)
    return mistakes, tuple(unnamed)
