"""Who learns in the class: `course.yaml` is changed where its learners stand, and stays as it is everywhere else."""

import contextlib
import csv
import json
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from xraydojo import DojoError
from xraydojo.hub.course import NAME, Course, Learner, read_course
from xraydojo.language import L

_COLUMNS = ("name", "full_name", "email")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def add(path: Path, name: str, full_name: str = "", email: str = "") -> Course:
    """Add a learner to a `course.yaml`; one who is there gets the new full name and address.

    Parameters
    ----------
    path : Path
    name : str
        The account.
    full_name, email : str

    Returns
    -------
    Course
        As it is then.

    Raises
    ------
    DojoError
        If the name cannot be one, or is an instructor's; the file stays as it was.
    """
    return _put(path, [_learner(name, full_name, email)])


def remove(path: Path, names: Sequence[str]) -> Course:
    """Remove learners from a `course.yaml`. What they handed in, their marks and their homes stay.

    Raises
    ------
    DojoError
        If one of them is not there; the file stays as it was.
    """
    course = read_course(path)
    for name in names:
        if course.learner(name) is None:
            raise DojoError(L(f"{name} is not in the class", f"{name} はこの授業にいません"))
    return _write(path, [learner for learner in course.learners if learner.name not in names])


def read_csv(table: Path, language: str) -> list[Learner]:
    """Read learners from a CSV file whose first line names its columns: ``name``, and ``full_name`` and ``email`` if there are any.

    Parameters
    ----------
    table : Path
        In UTF-8, or as Excel in Japanese writes "CSV": in Shift_JIS. Lines without a word in them are left out.
    language : {"en", "ja"}
        The class's: only in a Japanese one, what is not UTF-8 is taken for Shift_JIS.

    Raises
    ------
    DojoError
        If the file cannot be read, or a column or a name is not as it should be; the message names every such line.
    """
    rows = csv.DictReader(_text(table, language).splitlines())
    found = [column.strip() for column in rows.fieldnames or ()]
    rows.fieldnames = found
    if "name" not in found or set(found) - set(_COLUMNS):
        shown = L(", ", "、").join(found) or L("nothing", "何もありません")
        raise DojoError(
            L(
                f"{table}:1: the first line names the columns: name, and full_name and email if you have them, with commas between; found: {shown}",
                f"{table}:1: 1 行目には列の名前をコンマで区切って書きます：name と、あれば full_name、email（いまの 1 行目：{shown}）",
            )
        )
    learners, wrong = {}, []
    for row in rows:
        fields = [(row.get(column) or "").strip() for column in _COLUMNS]
        if not any(fields):
            continue
        try:
            learner = _learner(*fields)
            if learner.name in learners:
                raise DojoError(
                    L(f"{learner.name} is there twice; remove one line", f"{learner.name} が二度出てきます。どちらかの行を消してください")
                )  # fmt: skip
            learners[learner.name] = learner
        except DojoError as error:
            wrong.append(f"{table}:{rows.line_num}: {error}")
    if wrong:
        raise DojoError("\n".join(wrong))
    return list(learners.values())


def _text(table: Path, language: str) -> str:
    try:
        content = table.read_bytes()
    except OSError:
        raise DojoError(
            L(f"{table} cannot be read; check the name and the folder", f"{table} を読めません。名前とフォルダーを確かめてください")
        ) from None  # fmt: skip
    # a spreadsheet's UTF-8 begins with a mark
    for encoding in ("utf-8-sig", "cp932")[: 2 if language == "ja" else 1]:
        with contextlib.suppress(UnicodeDecodeError):
            return content.decode(encoding)
    raise DojoError(
        L(f"{table} is not UTF-8; save it as CSV UTF-8", f"{table} の文字コードを読み取れません。「CSV UTF-8」で保存し直してください")
    )  # fmt: skip


def import_csv(path: Path, table: Path) -> Course:
    """Add the learners of a CSV file (see `read_csv`) to a `course.yaml`; those who are there are brought up to date, nobody is removed."""
    return _put(path, read_csv(table, read_course(path).language))


def _learner(name: str, full_name: str, email: str) -> Learner:
    if not NAME.fullmatch(name):
        raise DojoError(
            L(
                f"{name!r} cannot be a name: use at most 32 of a to z, 0 to 9, - and _, beginning with a letter",
                f"「{name}」はアカウント名に使えません。英小文字で始まる 32 字以内の英小文字・数字・-・_ にしてください",
            )
        )
    if email and not _EMAIL.fullmatch(email):
        raise DojoError(L(f"{email!r} is no mail address", f"「{email}」はメールアドレスではありません"))
    return Learner(name, " ".join(full_name.split()), email)


def _put(path: Path, new: Sequence[Learner]) -> Course:
    course = read_course(path)
    learners = {learner.name: learner for learner in course.learners}
    for learner in new:
        if learner.name in course.instructors:
            raise DojoError(
                L(f"{learner.name} is an instructor", f"{learner.name} は講師として登録されています")
            )
        known = learners.get(learner.name, learner)
        learners[learner.name] = replace(
            learner, full_name=learner.full_name or known.full_name, email=learner.email or known.email
        )
    return _write(path, list(learners.values()))


def _write(path: Path, learners: Sequence[Learner]) -> Course:
    """Put the learners in their place in the file, if what comes of it is a course; return it."""
    text = path.read_text(encoding="utf-8")
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    block = "learners:" + ("".join(f"\n  - {_line(learner)}" for learner in learners) or " []") + "\n"
    for key, value in node.value:
        if key.value == "learners":
            rest = text[_end(value) :].partition("\n")[2]
            changed = text[: key.start_mark.index] + block + rest
            break
    else:
        changed = text.rstrip("\n") + "\n" + block
    said = path.stat()
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=".course", suffix=".yaml", delete=False
    ) as file:
        file.write(changed)
    whole = Path(file.name)
    try:
        course = read_course(whole)
        whole.chmod(said.st_mode & 0o777)
        if os.geteuid() == 0:
            os.chown(whole, said.st_uid, said.st_gid)
        os.replace(whole, path)
    finally:
        whole.unlink(missing_ok=True)
    return course


def _end(node: yaml.Node) -> int:
    """Return where a node's own text ends; YAML counts comments and blank lines below a block to it."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return node.end_mark.index


def _line(learner: Learner) -> str:
    """Return a learner as YAML; JSON's strings are YAML's."""
    if not learner.full_name and not learner.email:
        return learner.name
    fields = {"name": learner.name} | {
        field: json.dumps(value, ensure_ascii=False)
        for field, value in (("full_name", learner.full_name), ("email", learner.email))
        if value
    }
    return "{" + ", ".join(f"{field}: {value}" for field, value in fields.items()) + "}"
