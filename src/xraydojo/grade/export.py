"""Hand the gradebook's marks on: as a table for people, and as the files that Moodle and Canvas import."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Assignment, Grade, Gradebook, Student, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import func
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from xraydojo import DojoError
from xraydojo.language import L

# what a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection); a Japanese one takes full-width signs too
_FORMULA = re.compile(r"[=+\-@＝＋－＠].")
_MOODLE_NO_GRADE = "-"
# Moodle refuses a file with a higher mark, unless its administrator allows it ("unlimitedgrades")
_MOODLE_MOST = 100


@dataclass(frozen=True)
class Mark:
    """A learner's marks for a unit, as nbgrader's gradebook holds them.

    ``raw`` counts marks given by hand and extra credit, ``by_hand`` is the part that a person gave (None: no person marked anything), and
    ``waits`` says whether a part has still to be marked by hand. ``seconds_late`` counts from the due date with the learner's extension; None
    where the unit has no due date.
    """

    raw: float
    penalty: float
    by_hand: float | None
    waits: bool
    seconds_late: float | None

    @property
    def final(self) -> float | None:
        """What counts: the raw score less the late penalty, as nbgrader's own export has it; None while a part waits for its mark."""
        return None if self.waits else max(0.0, self.raw - self.penalty)


def export(gradebook_url: str, units: Sequence[str] | None, kind: str, out: Path) -> list[str]:
    """Write the class's marks as a CSV file.

    A learner who has handed in nothing has no mark, which is not zero. A mark that waits for a part marked by hand is left out, and said.
    Text that a spreadsheet would run as a formula gets an apostrophe in front.

    Parameters
    ----------
    gradebook_url : str
        The URL of nbgrader's gradebook.
    units : sequence of str, optional
        Ids of units or how they begin, such as ``"02"``; all in the gradebook when none is named. For Canvas, ``"02=4711"`` also names the
        assignment's id there; without one, Canvas takes the assignment whose name is the unit's id, or makes it.
    kind : {"csv", "moodle", "canvas"}
        ``"csv"`` has a line for each learner and unit, ``"moodle"`` is for Grades > Import > CSV file, ``"canvas"`` for Gradebook > Import.
    out : Path
        The file to write.

    Returns
    -------
    list of str
        What a person has to know about the marks that were left out.

    Raises
    ------
    DojoError
        If there is no such kind, gradebook or unit.

    References
    ----------
    Moodle's columns: https://docs.moodle.org/en/Grade_import, ``grade/import/csv/classes/load_data.php``. Canvas's: its
    ``lib/gradebook_importer.rb``.
    """
    tables = {"csv": _plain_rows, "moodle": _moodle_rows, "canvas": _canvas_rows}
    if kind not in tables:
        known = ", ".join(tables)
        raise DojoError(
            L(f"no kind {kind!r} of export; there are {known}", f"{kind!r} という形式はありません。{known} から選んでください")
        )  # fmt: skip
    with opened(gradebook_url) as gradebook:
        headers = _headers(gradebook, units, numbered=kind == "canvas")
        # without names, nbgrader's own order is any
        students = sorted(gradebook.students, key=_by_name)
        marks = {unit: read_marks(gradebook, unit) for unit in headers}
        text = io.StringIO()
        csv.writer(text).writerows(map(_cells, tables[kind](students, headers, marks)))
        notes = [note for unit in headers for note in _notes(unit, marks[unit], kind)]
    # Excel reads UTF-8 only behind this mark; Moodle and Canvas need none
    out.write_text(text.getvalue(), encoding="utf-8-sig" if kind == "csv" else "utf-8", newline="")
    return notes


@contextmanager
def opened(url: str) -> Iterator[Gradebook]:
    """Open a gradebook to read from it.

    Raises
    ------
    DojoError
        If there is none, or it cannot be read.
    """
    try:
        place = make_url(url)
        if place.get_backend_name() == "sqlite" and not Path(place.database or "").is_file():
            raise DojoError(
                L(
                    f"there is no gradebook {place.database}; grade the class first, in the folder of the class",
                    f"成績表 {place.database} がありません。先に、授業用のフォルダーで採点してください",
                )
            )
        # an empty course id adds no course to what is only read
        with Gradebook(url, course_id="") as gradebook:
            yield gradebook
    except (ArgumentError, SQLAlchemyError) as error:
        reason = str(error).splitlines()[0]
        raise DojoError(
            L(
                f"the gradebook cannot be read ({reason}); check CourseDirectory.db_url in nbgrader_config.py",
                f"成績表を読めません（{reason}）。nbgrader_config.py の CourseDirectory.db_url を確かめてください",
            )
        ) from None


def read_marks(gradebook: Gradebook, unit: Assignment) -> dict[str, Mark]:
    """Return the marks of all who have handed in a unit, by the learner's id."""
    by_hand = func.sum(func.coalesce(Grade.manual_score, 0.0) + func.coalesce(Grade.extra_credit, 0.0))
    hand_marks = dict(
        gradebook.db.query(SubmittedAssignment.student_id, by_hand)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .filter(SubmittedAssignment.assignment_id == unit.id)
        .filter(Grade.manual_score.is_not(None) | Grade.extra_credit.is_not(None))
        .group_by(SubmittedAssignment.student_id)
        .all()
    )
    rows = gradebook.db.query(
        SubmittedAssignment,
        SubmittedAssignment.score,
        SubmittedAssignment.late_submission_penalty,
        SubmittedAssignment.needs_manual_grade,
    ).filter(SubmittedAssignment.assignment_id == unit.id)
    return {
        handed_in.student_id: Mark(
            raw=raw,
            penalty=penalty,
            by_hand=hand_marks.get(handed_in.student_id),
            waits=waits,
            # nbgrader cannot add an extension to no date
            seconds_late=handed_in.total_seconds_late if unit.duedate else None,
        )
        for handed_in, raw, penalty, waits in rows
    }


def _headers(gradebook: Gradebook, units: Sequence[str] | None, numbered: bool) -> dict[Assignment, str]:
    """Return the units to export, each with the name of its column."""
    known = {unit.name: unit for unit in sorted(gradebook.assignments, key=lambda unit: unit.name)}
    headers = {}
    for wanted in units or known:
        name, _, number = wanted.partition("=") if numbered else (wanted, "", "")
        found = [id for id in known if id == name] or [id for id in known if name and id.startswith(name)]
        if len(found) != 1 or not (number.isascii() and number.isdecimal() or name == wanted):
            raise DojoError(
                L(
                    f"the gradebook has no unit {wanted!r}; it has {', '.join(known) or 'none'}",
                    f"成績表に {wanted!r} という単元はありません。あるのは {'、'.join(known) or '空の成績表'} です",
                )
            )
        headers[known[found[0]]] = f"{found[0]} ({number})" if number else found[0]
    return headers


def _plain_rows(students: list[Student], headers: dict, marks: dict) -> Iterator[list]:
    """Yield a line for each learner and unit; without a submission, the marks are blank."""
    yield (
        "learner last_name first_name email unit raw_score late_penalty marked_by_hand waits_for_manual_mark final max".split()
    )
    for student in students:
        for unit in headers:
            mark = marks[unit].get(student.id)
            found = (
                (mark.raw, mark.penalty, mark.by_hand, "yes" if mark.waits else "no", mark.final)
                if mark
                else ("",) * 5
            )
            yield [*_person(student), unit.name, *found, unit.max_score]


def _person(student: Student) -> list:
    return [student.id, student.last_name, student.first_name, student.email]


def _by_name(student: Student) -> tuple[str, str, str]:
    return student.last_name or "", student.first_name or "", student.id


def _moodle_rows(students: list[Student], headers: dict, marks: dict) -> Iterator[list]:
    yield ["First name", "Last name", "ID number", "Email address", *headers.values()]
    for student in students:
        finals = (_final(marks[unit].get(student.id)) for unit in headers)
        person = [student.first_name, student.last_name, student.lms_user_id or student.id, student.email]
        # a blank would become the mark of a new grade item
        yield person + [_MOODLE_NO_GRADE if final is None else final for final in finals]


def _canvas_rows(students: list[Student], headers: dict, marks: dict) -> Iterator[list]:
    yield ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *headers.values()]
    yield ["Points Possible", "", "", "", "", *(unit.max_score for unit in headers)]
    for student in students:
        name = ", ".join(filter(None, (student.last_name, student.first_name))) or student.id
        # Canvas would take the line of such a learner for the one above
        name = name.replace("Points Possible", "Points-Possible")
        # nbgrader's id is one of the two: Canvas looks for it in both
        person = [name, student.lms_user_id, student.id, student.id, ""]
        yield person + [_final(marks[unit].get(student.id)) for unit in headers]


def _final(mark: Mark | None) -> float | None:
    return mark.final if mark else None


def _notes(unit: Assignment, marks: dict[str, Mark], kind: str) -> Iterator[str]:
    """Say what was left out, and what the other system will not take."""
    if waiting := sorted(learner for learner, mark in marks.items() if mark.waits):
        names = ", ".join(map(_text, waiting))
        yield L(
            f"{unit.name}: {len(waiting)} final marks left out, for a part waits to be marked by hand in formgrader: {names}",
            f"{unit.name}：手動採点がまだの人が {len(waiting)} 人いるため、最終得点を空欄にしました（formgrader で採点してください）：{names}",
        )
    if kind == "moodle" and unit.max_score > _MOODLE_MOST:
        yield L(
            f"{unit.name}: Moodle takes marks over {_MOODLE_MOST} only where its setting unlimitedgrades allows it",
            f"{unit.name}：{_MOODLE_MOST} 点を超える得点を Moodle に取り込むには、Moodle の設定 unlimitedgrades を有効にする必要があります",
        )


def _cells(row: Sequence) -> list[str]:
    """Return a row's cells as text; what a person or a learner wrote becomes neither a formula nor a line of its own."""
    return [_number(cell) if isinstance(cell, (int, float)) else _text(cell) for cell in row]


def _number(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _text(text: str | None) -> str:
    line = " ".join((text or "").split())
    return f"'{line}" if _FORMULA.match(line) else line
