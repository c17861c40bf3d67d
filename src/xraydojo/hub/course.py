"""Read `course.yaml`, the one file that describes a class on the hub; refuse a malformed one, naming file and line."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import yaml

from xraydojo import DojoError
from xraydojo.language import LANGUAGES, L
from xraydojo.lesson import read_syllabus

FILE = "course.yaml"
# a name of JupyterHub, of a Unix account and of a folder at once
NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
# names of the hub's own services
_TAKEN = ("dojo", "dojo-grading", "idle-culler")
# "grader-" and the id are the name of a Unix account, 32 characters at most
_LONGEST_ID = 25
_GIGA = 1024**3
_LONGEST_DAY = time(23, 59, 59)


class CourseError(DojoError):
    """A malformed `course.yaml`; the message names file and line."""

    def __init__(self, path: Path, line: int, en: str, ja: str):
        super().__init__(f"{path}:{line}: {L(en, ja)}")


@dataclass(frozen=True)
class Learner:
    """A learner of the class; ``name`` is the account, the rest may be empty."""

    name: str
    full_name: str = ""
    email: str = ""


@dataclass(frozen=True)
class OpenUnit:
    """A unit as this class takes it: open from, due at, and taken late until, in the class's time zone. None: without limit."""

    id: str
    open: datetime | None = None
    due: datetime | None = None
    late: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether learners may see it."""
        return self.open is None or now >= self.open

    def is_late(self, now: datetime) -> bool:
        """Whether work handed in now is late."""
        return self.due is not None and now > self.due

    def is_closed(self, now: datetime) -> bool:
        """Whether nothing is taken any more."""
        last = self.late or self.due
        return last is not None and now > last


@dataclass(frozen=True)
class Profile:
    """What a learner's server may use: ``memory`` in bytes, ``cores``; ``slots`` is how many learners share a GPU, 0 for the CPU."""

    memory: int
    cores: float = 1
    slots: int = 0


@dataclass(frozen=True)
class Grading:
    """The grading policy: ``late_penalty`` is the part of the points that each day begun after the due date costs."""

    late_penalty: float = 0


@dataclass(frozen=True)
class Course:
    """A class on the hub, as its `course.yaml` describes it.

    ``address`` is where people reach the hub, with a slash at its end. ``profiles`` has ``"cpu"``, and ``"gpu"`` where one is declared.
    """

    id: str
    title: str
    language: str
    address: str
    timezone: ZoneInfo
    instructors: tuple[str, ...]
    learners: tuple[Learner, ...]
    units: tuple[OpenUnit, ...]
    profiles: dict[str, Profile]
    grading: Grading

    def learner(self, name: str) -> Learner | None:
        """Return the learner of this name, or None."""
        return next((learner for learner in self.learners if learner.name == name), None)

    def unit(self, id: str) -> OpenUnit | None:
        """Return the unit of this id, or None."""
        return next((unit for unit in self.units if unit.id == id), None)

    def now(self) -> datetime:
        """Return the time in the class's time zone."""
        return datetime.now(self.timezone)

    @property
    def people(self) -> frozenset[str]:
        """All who may log in."""
        return frozenset(self.instructors) | {learner.name for learner in self.learners}

    @property
    def grader(self) -> str:
        """The account that owns submissions and gradebook."""
        return f"grader-{self.id}"


def read_course(path: Path) -> Course:
    """Read a `course.yaml`.

    Parameters
    ----------
    path : Path

    Raises
    ------
    CourseError
        If the file is missing or malformed; the message names file and line, and says what was expected.
    """
    try:
        return _Reader(path).course(_compose(path))
    except FileNotFoundError:
        raise CourseError(
            path, 1, "there is no such file; describe your class in it", "ファイルがありません。ここに授業の内容を書いてください"
        ) from None  # fmt: skip
    except UnicodeDecodeError:
        raise CourseError(path, 1, "not UTF-8 text", "UTF-8 のテキストではありません") from None


def _compose(path: Path) -> yaml.Node:
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark or error.context_mark).line + 1
        raise CourseError(
            path, line, f"not YAML: {error.problem}", f"YAML として読めません：{error.problem}"
        ) from None
    except yaml.YAMLError as error:
        raise CourseError(path, 1, f"not YAML: {error}", f"YAML として読めません：{error}") from None
    if node is None:
        raise CourseError(path, 1, "the file is empty", "ファイルが空です")
    return node


class _Reader:
    """Turn YAML nodes, which know their lines, into the parts of a course."""

    def __init__(self, path: Path):
        self._path = path

    def course(self, node: yaml.Node) -> Course:
        fields = self._fields(
            node,
            needed="id title language address timezone instructors units".split(),
            optional="learners profiles grading".split(),
        )
        id = self._name(fields["id"])
        if len(id) > _LONGEST_ID:
            self._refuse(
                fields["id"],
                f"at most {_LONGEST_ID} characters: an account is called grader-{id}",
                f"{_LONGEST_ID} 字以内にしてください（grader-{id} というアカウントを使います）",
            )
        if id in _TAKEN:
            self._refuse(fields["id"], f"{id} is a name of the hub's own", f"{id} はハブが使っている名前です")
        instructors = [self._name(each) for each in self._list(fields["instructors"])]
        if not instructors:
            self._refuse(
                fields["instructors"], "name one instructor at least", "講師を一人以上書いてください"
            )
        learners = [self._learner(each) for each in self._list(fields.get("learners"))]
        self._refuse_repeated(fields["instructors"], instructors)
        self._refuse_repeated(
            fields.get("learners"), [learner.name for learner in learners], taken=instructors
        )
        zone = self._timezone(fields["timezone"])
        units = [self._unit(each, zone) for each in self._list(fields["units"])]
        self._refuse_repeated(fields["units"], [unit.id for unit in units])
        return Course(
            id=id,
            title=self._text(fields["title"]),
            language=self._choice(fields["language"], LANGUAGES),
            address=self._address(fields["address"]),
            timezone=zone,
            instructors=tuple(instructors),
            learners=tuple(learners),
            units=tuple(units),
            profiles=self._profiles(fields.get("profiles")),
            grading=self._grading(fields.get("grading")),
        )

    def _learner(self, node: yaml.Node) -> Learner:
        if isinstance(node, yaml.ScalarNode):
            return Learner(self._name(node))
        fields = self._fields(node, needed=["name"], optional=["full_name", "email"])
        name = self._name(fields.pop("name"))
        return Learner(name, **{field: self._text(value) for field, value in fields.items()})

    def _unit(self, node: yaml.Node, zone: ZoneInfo) -> OpenUnit:
        fields = self._fields(node, needed=["id"], optional=["open", "due", "late"])
        id = self._choice(fields["id"], [entry.id for entry in read_syllabus()])
        times = {
            field: self._time(fields[field], zone, end_of_day=field != "open")
            for field in ("open", "due", "late")
            if field in fields
        }
        if "late" in times and "due" not in times:
            self._refuse(fields["late"], "late needs due before it", "late を書くときは due も書いてください")
        for earlier, later in (("open", "due"), ("due", "late")):
            if earlier in times and later in times and times[later] < times[earlier]:
                self._refuse(
                    fields[later],
                    f"{later} is before {earlier}",
                    f"{later} が {earlier} より前になっています",
                )
        return OpenUnit(id, **times)

    def _profiles(self, node: yaml.Node | None) -> dict[str, Profile]:
        profiles = {"cpu": Profile(memory=2 * _GIGA)}
        if node is None:
            return profiles
        for kind, described in self._fields(node, optional=["cpu", "gpu"]).items():
            fields = self._fields(
                described, needed=["memory"], optional=["cores"] + ["slots"] * (kind == "gpu")
            )
            profiles[kind] = Profile(
                memory=self._memory(fields["memory"]),
                cores=self._number(fields["cores"], 0.1, 1024) if "cores" in fields else 1,
                slots=int(self._number(fields["slots"], 1, 1024)) if "slots" in fields else kind == "gpu",
            )
        return profiles

    def _grading(self, node: yaml.Node | None) -> Grading:
        fields = self._fields(node, optional=["late_penalty"]) if node else {}
        return Grading(**{field: self._number(value, 0, 1) for field, value in fields.items()})

    def _fields(
        self, node: yaml.Node, needed: Iterable[str] = (), optional: Iterable[str] = ()
    ) -> dict[str, yaml.Node]:
        """Return the fields of a mapping: all that are needed, and no unknown one."""
        known = [*needed, *optional]
        listed = ", ".join(known)
        if not isinstance(node, yaml.MappingNode):
            self._refuse(node, f"expected the fields {listed}", f"ここには項目（{listed}）を書いてください")
        fields = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            if name not in known:
                self._refuse(
                    key,
                    f"unknown field {name!r}; the fields are {listed}",
                    f"{name!r} という項目はありません。使えるのは {listed} です",
                )
            if name in fields:
                self._refuse(key, f"{name} is there twice", f"{name} が二度書かれています")
            fields[name] = value
        for name in needed:
            if name not in fields:
                self._refuse(node, f"the field {name} is missing", f"項目 {name} がありません")
        return fields

    def _list(self, node: yaml.Node | None) -> list[yaml.Node]:
        if node is None or (isinstance(node, yaml.ScalarNode) and node.value in ("", "null", "~")):
            return []
        if not isinstance(node, yaml.SequenceNode):
            self._refuse(node, "expected a list", "ここには一覧（「- 」で始まる行）を書いてください")
        return node.value

    def _text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            self._refuse(node, "expected text", "ここには文字を書いてください")
        return node.value.strip()

    def _name(self, node: yaml.Node) -> str:
        name = self._text(node)
        if not NAME.fullmatch(name):
            self._refuse(
                node,
                f"{name!r} cannot be a name: use at most 32 of a to z, 0 to 9, - and _, beginning with a letter",
                f"{name!r} は名前に使えません。英小文字で始まる 32 字以内の英小文字・数字・-・_ にしてください",
            )
        return name

    def _choice(self, node: yaml.Node, known: Iterable[str]) -> str:
        text = self._text(node)
        if text not in known:
            listed = ", ".join(known)
            self._refuse(
                node,
                f"there is no {text!r}; choose from {listed}",
                f"{text!r} はありません。{listed} から選んでください",
            )
        return text

    def _address(self, node: yaml.Node) -> str:
        text = self._text(node)
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
            self._refuse(
                node,
                f"{text!r} is no address such as https://hub.example.ac.jp/",
                f"{text!r} は https://hub.example.ac.jp/ のような形のアドレスではありません",
            )
        return text.rstrip("/") + "/"

    def _timezone(self, node: yaml.Node) -> ZoneInfo:
        text = self._text(node)
        try:
            return ZoneInfo(text)
        except (ValueError, OSError, KeyError):
            self._refuse(
                node,
                f"unknown time zone {text!r}; write one such as Asia/Tokyo",
                f"{text!r} というタイムゾーンはありません。Asia/Tokyo のように書いてください",
            )

    def _time(self, node: yaml.Node, zone: ZoneInfo, end_of_day: bool) -> datetime:
        text = self._text(node)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self._refuse(
                node,
                f"{text!r} is no date such as 2027-04-12 or 2027-04-12 18:00",
                f"{text!r} は 2027-04-12 や 2027-04-12 18:00 のような日時ではありません",
            )
        if end_of_day and ":" not in text:
            moment = datetime.combine(moment, _LONGEST_DAY)
        return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)

    def _memory(self, node: yaml.Node) -> int:
        text = self._text(node)
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*G", text)
        if match is None or not float(match[1]):
            self._refuse(
                node,
                f"{text!r} is no amount of memory such as 2G",
                f"{text!r} は 2G のようなメモリーの量ではありません",
            )
        return int(float(match[1]) * _GIGA)

    def _number(self, node: yaml.Node, least: float, most: float) -> float:
        text = self._text(node)
        try:
            number = float(text)
        except ValueError:
            number = None
        if number is None or not least <= number <= most:
            self._refuse(
                node,
                f"{text!r} is no number from {least} to {most}",
                f"{text!r} は {least} から {most} までの数ではありません",
            )
        return number

    def _refuse_repeated(self, node: yaml.Node | None, names: list[str], taken: Iterable[str] = ()) -> None:
        seen = set(taken)
        for each, name in zip(self._list(node), names):
            if name in seen:
                self._refuse(each, f"{name} is there twice", f"{name} が二度書かれています")
            seen.add(name)

    def _refuse(self, node: yaml.Node, en: str, ja: str) -> None:
        raise CourseError(self._path, node.start_mark.line + 1, en, ja)
