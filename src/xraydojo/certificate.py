"""The record of completion: one page to print, once the whole course is done."""

from pathlib import Path

from jinja2 import Environment

from xraydojo import DojoError, logo, palette
from xraydojo.language import L, current
from xraydojo.progress import Station, Summary
from xraydojo.road import hours

FILE = "record_of_completion.html"


def certificate(summary: Summary, name: str = "") -> str:
    """Return the page as HTML, in the current language.

    Parameters
    ----------
    summary : Summary
        Where the learner stands.
    name : str
        The learner's name; without it, the page has a line into which one is typed before printing, or written after.
    """
    template = Environment(autoescape=True, trim_blocks=True).from_string(
        Path(__file__).with_name("certificate.html.j2").read_text(encoding="utf-8")
    )
    stations = [station for station in summary.stations if station.finished]
    minutes = sum(s.entry.reading_minutes + s.entry.exercise_minutes for s in stations)
    return template.render(
        L=L,
        palette=palette,
        logo=logo.address(),
        lang=current(),
        name=name,
        rows=[(s.entry.id[:2], s.entry.title[current()], _exercises(s), _date(s.finished)) for s in stations],
        last=_date(max((station.finished for station in stations), default="")),
        hours=hours(minutes),
    )


def write_certificate(path: Path, summary: Summary, name: str = "") -> None:
    """Write the page into a file.

    Raises
    ------
    DojoError
        If exercises are still open; the message says how many.
    """
    if not summary.done:
        left = sum(len(station.core) - station.solved for station in summary.stations)
        raise DojoError(
            L(
                f"the record of completion comes when every exercise is solved; {left} are still open",
                f"修了の記録は、すべての演習を解くと作れます。残りの演習は {left} です",
            )
        )
    path.write_text(certificate(summary, name), encoding="utf-8")


def _exercises(station: Station) -> str:
    optional = len(station.passed) - station.solved
    return f"{station.solved}" + (L(f" + {optional} optional", f" ＋発展 {optional}") if optional else "")


def _date(moment: str) -> str:
    """Return a day as it is written in the current language."""
    if not moment:
        return ""
    year, month, day = (int(part) for part in moment[:10].split("-"))
    return L(f"{year}-{month:02}-{day:02}", f"{year}年{month}月{day}日")
