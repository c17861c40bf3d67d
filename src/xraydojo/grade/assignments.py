"""Grade what was handed in: notebooks in files, folders and zips, or all of a class."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from xraydojo import DojoError
from xraydojo.grade import read
from xraydojo.grade.batch import grade_all
from xraydojo.grade.handed_in import notebooks
from xraydojo.grade.pages import Pages
from xraydojo.grade.report import Report
from xraydojo.grade.warmth import warm_up
from xraydojo.language import L
from xraydojo.lesson import find_unit


def grade_notebooks(
    named: Sequence[Path], folder: Path | None = None, resume: bool = False, **how
) -> tuple[list[Report], list[DojoError]]:
    """Grade notebooks of any units.

    Parameters
    ----------
    named : sequence of Path
        Notebooks, folders of them, and zips from a learning management system.
    folder : Path, optional
        Where to write each learner's feedback and report.
    resume : bool
        Whether to leave alone what ``folder`` holds a report of already.
    how
        ``sandbox``, ``workers`` and ``scheduler``: see `xraydojo.grade.batch.grade_many`.

    Returns
    -------
    list of Report
    list of DojoError
        For those that could not be graded.

    Raises
    ------
    DojoError
        If a zip cannot be unpacked, or grading cannot begin at all.
    """
    if resume and folder is None:
        raise DojoError(
            L(
                "--resume needs --feedback FOLDER: there the reports of a batch are kept",
                "--resume には --feedback フォルダー が必要です。採点済みのレポートはそこに残っています",
            )
        )
    with tempfile.TemporaryDirectory(prefix="xraydojo-") as unpacked:
        tasks = notebooks(named, Path(unpacked))
        return grade_all(tasks, Pages(folder, tasks), resume, **how)


def grade_class(
    folder: Path,
    units: Sequence[str] = (),
    learners: Sequence[str] = (),
    test: str | None = None,
    resume: bool = False,
    **how,
) -> tuple[list[Report], list[DojoError]]:
    """Grade what a class has handed in, into its gradebook.

    Parameters
    ----------
    folder : Path
        The class's folder, as nbgrader lays it out.
    units : sequence of str
        Units, such as ``"02"``; all that somebody has handed in when none is named.
    learners : sequence of str
        Only theirs; everybody's when none is named.
    test : str, optional
        The exercise whose mark alone is to change.
    resume : bool
        Whether to leave alone what is graded already and has not changed.
    how
        ``sandbox``, ``workers`` and ``scheduler``: see `xraydojo.grade.batch.grade_many`.

    Returns
    -------
    list of Report
    list of DojoError
        For those that could not be graded.

    Raises
    ------
    DojoError
        If the folder is no class's, a unit, learner or exercise does not exist, or grading cannot begin at all.
    """
    units = [find_unit(name).name for name in units]
    if units and how.get("scheduler") is None:
        warm_up(read(units[0]), how.get("sandbox", True))
    # nbgrader takes seconds to import, in which the warm parents get ready
    from xraydojo.grade.course import ClassFolder

    course = ClassFolder(folder, test)
    units = units or course.units()
    if not units:
        raise DojoError(
            L(
                "nobody has handed in anything: the folder submitted/ is empty; nbgrader collect brings what learners submitted",
                "まだ何も提出されていません（submitted/ が空です）。nbgrader collect で提出物を集めてください",
            )
        )
    if test is not None:
        _refuse_unknown(test, units)
    for unit in units:
        course.release(unit)
    tasks = [task for unit in units for task in course.tasks(unit, list(learners))]
    course.enter(tasks)
    return grade_all(tasks, course, resume, **how)


def _refuse_unknown(test: str, units: Sequence[str]) -> None:
    known = [name for unit in units for name in read(unit).tests]
    if test not in known:
        raise DojoError(
            L(
                f"there is no exercise {test!r} in {', '.join(units)}; there are {', '.join(known)}",
                f"{'、'.join(units)} に {test!r} という演習はありません。あるのは {'、'.join(known)} です",
            )
        )
