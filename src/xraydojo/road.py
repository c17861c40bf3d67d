"""The road through the course: the units as stations on a winding line, and the words that go with it on the start page."""

import base64
import math
from html import escape

from rich.table import Table
from rich.text import Text

from xraydojo import palette
from xraydojo.language import L, current
from xraydojo.progress import Station, Summary

_COLUMNS, _WIDTH, _HEIGHT, _TOP, _RADIUS = 6, 150, 134, 52, 22
_LEGEND = 340  # wide
_TRACK = "#B8B8B8"  # darker than the lines of pages: the road is what the picture is about
_FONTS = palette.FONTS.replace('"', "'")
_BAR = 10  # signs
_MARKS = {"done": "✓", "under way": "▶", "open": ""}
_STYLES = {"done": "green", "under way": "blue", "open": "dim"}
_LONGEST_ROW = {"en": 19, "ja": 11}


def block(summary: Summary) -> str:
    """Return the Markdown of the start page that tells where the learner stands: where to go on, the picture, and the sums."""
    lines = [_go_on(summary)]
    drawn = base64.b64encode(picture(summary).encode()).decode()
    image = f"![{described(summary)}](data:image/svg+xml;base64,{drawn})"
    lines.append(f"[{image}]({_link(summary)})" if summary.next else image)
    lines.append(totals(summary))
    return "\n\n".join(lines)


def _link(summary: Summary) -> str:
    """Return where to go on: the notebook, and once it is under way, the exercise's cell, whose id is the exercise's."""
    unit, exercise = summary.next
    cell = f"#cell-id={exercise}" if summary.station(unit).passed else ""
    return f"{unit}/{unit}.ipynb{cell}"


def _go_on(summary: Summary) -> str:
    if summary.next is None:
        return L(
            "**★ You have solved every exercise of the course. Well done!** [Your record of completion](record_of_completion.html)",
            "**★ すべての演習を終えました。おめでとうございます。** [修了の記録を開く](record_of_completion.html)",
        )
    unit, exercise = summary.next
    entry = summary.station(unit).entry
    place = f"[{entry.id[:2]} {entry.title[current()]}]({_link(summary)})"
    if not summary.begun:
        return L(f"**▶ Begin here:** {place}", f"**▶ ここから始めましょう：** {place}")
    return L(
        f"**▶ Go on here:** {place}, exercise `{exercise}`",
        f"**▶ ここから続けましょう：** {place} の演習 `{exercise}`",
    )


def where(summary: Summary) -> str:
    """Return one line for a terminal: where to go on."""
    if summary.next is None:
        return L(
            "★ You have solved every exercise. Well done!",
            "★ すべての演習を終えました。おめでとうございます。",
        )
    unit, exercise = summary.next
    title = f"{unit[:2]} {summary.station(unit).entry.title[current()]}"
    if not summary.begun:
        return L(f"▶ Begin here: {title}", f"▶ ここから始めましょう：{title}")
    return L(
        f"▶ Go on here: {title}, exercise {exercise}", f"▶ ここから続けましょう：{title} の演習 {exercise}"
    )


def table(summary: Summary) -> Table:
    """Return the road as a table for a terminal: a bar, points and minutes for each unit."""
    made = Table(
        "",
        L("unit", "単元"),
        L("exercises", "演習"),
        "",
        L("points", "得点"),
        L("minutes left", "残り（分）"),
    )
    for station in summary.stations:
        count = len(station.core)
        filled = round(_BAR * station.solved / max(1, count))
        made.add_row(
            _MARKS[station.state],
            Text(f"{station.entry.id[:2]} {_short(station)}", overflow="fold"),
            Text("█" * filled + "░" * (_BAR - filled), style=_STYLES[station.state]),
            f"{station.solved}/{count}",
            f"{station.earned:g}/{station.points:g}" + (f" + {station.bonus:g}" if station.bonus else ""),
            f"{station.minutes_left or ''}",
        )
    for column in made.columns[3:]:
        column.justify = "right"
    return made


def totals(summary: Summary) -> str:
    """Return one line: units done, points, time left."""
    done = sum(station.state == "done" for station in summary.stations)
    earned = sum(station.earned for station in summary.stations)
    points = sum(station.points for station in summary.stations)
    bonus = sum(station.bonus for station in summary.stations)
    more = L(f" + {bonus:g} optional", f" ＋発展 {bonus:g} 点") if bonus else ""
    count, left = len(summary.stations), hours(summary.minutes_left)
    return L(
        f"Units done: {done} of {count} · Points in the checks: {earned:g} of {points:g}{more} · Time left: {left}",
        f"修了した単元：{count} のうち {done} ・ 確認セルの得点：{points:g} 点のうち {earned:g} 点{more} ・ 残り時間の目安：{left}",
    )


def hours(minutes: int) -> str:
    """Return a time in words, from an hour on to the half hour."""
    if minutes < 60:
        return L(f"about {minutes} min", f"約 {minutes} 分") if minutes else L("none", "なし")
    halves = round(minutes / 30)
    return L(f"about {halves / 2:g} h", f"約 {halves / 2:g} 時間")


def described(summary: Summary) -> str:
    """Return the picture in words, for those who do not see it."""
    words = {"done": L("done", "修了"), "open": L("open", "これから")}
    parts = [
        f"{station.entry.id[:2]} "
        + words.get(
            station.state,
            L(
                f"{station.solved} of {len(station.core)} exercises",
                f"演習 {len(station.core)} のうち {station.solved}",
            ),
        )
        for station in summary.stations
    ]
    return L("The road through the units: ", "単元の道のり：") + L(", ", "、").join(parts)


def picture(summary: Summary) -> str:
    """Return the road as an SVG picture, on a light ground of its own, so that dark and light themes show it alike.

    The units lie on it in the syllabus's order, which names no unit before those that it needs; what is still missing for a unit stands
    below it. What is done is a filled disc with a tick, what is under way a ring that closes, what is open a dashed ring: shape and words
    say the same as colour.
    """
    stations = summary.stations
    points = [_point(i) for i in range(len(stations))]
    rows = math.ceil(len(stations) / _COLUMNS)
    width, height = max(_LEGEND, _WIDTH * min(_COLUMNS, len(stations))), _TOP + rows * _HEIGHT + 34
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" font-family="{_FONTS}">',
        f"<title>{escape(described(summary))}</title>",
        f'<rect width="{width}" height="{height}" rx="10" fill="{palette.PAPER}" stroke="{palette.LINE}"/>',
    ]
    drawn += [_track(a, b, station.state == "done") for station, a, b in zip(stations, points, points[1:])]
    done = {station.entry.id for station in stations if station.state == "done"}
    there = {station.entry.id for station in stations}
    for station, (x, y) in zip(stations, points):
        here = summary.next is not None and summary.next[0] == station.entry.id
        missing = [id for id in station.entry.prerequisites if id in there - done]
        drawn.append(_drawn_station(station, x, y, missing))
        if here:
            drawn.append(_here(x, y, summary.begun))
    drawn += [_legend(height - 16), "</svg>"]
    return "".join(drawn)


def _point(number: int) -> tuple[float, float]:
    """Return where a station lies: to the right in the first row, back to the left in the second, and so on."""
    row, column = divmod(number, _COLUMNS)
    if row % 2:
        column = _COLUMNS - 1 - column
    return (column + 0.5) * _WIDTH, _TOP + row * _HEIGHT + _RADIUS


def _track(start: tuple[float, float], end: tuple[float, float], done: bool) -> str:
    """Draw the road from one station to the next: straight in a row, a bend at its end."""
    (x1, y1), (x2, y2) = start, end
    way = f"L{x2:g} {y2:g}"
    if y1 != y2:
        side = 72 if x1 > _WIDTH else -72
        way = f"C{x1 + side:g} {y1:g} {x2 + side:g} {y2:g} {x2:g} {y2:g}"
    look = (palette.GREEN, 5, "") if done else (_TRACK, 3, ' stroke-dasharray="2 6" stroke-linecap="round"')
    return (
        f'<path d="M{x1:g} {y1:g} {way}" fill="none" stroke="{look[0]}" stroke-width="{look[1]}"{look[2]}/>'
    )


def _drawn_station(station: Station, x: float, y: float, missing: list[str]) -> str:
    """Draw a station with its number, its title, what is left of it, and the units that should come first."""
    words = _rows(_short(station))
    parts = [_text(x, y + _RADIUS + 17 + 14 * i, row, 12, palette.INK) for i, row in enumerate(words)]
    notes = [L(f"{station.minutes_left} min left", f"あと {station.minutes_left} 分")]
    if station.state == "done":
        notes = [L("done", "修了")]
    elif missing and station.state == "open":
        first = L(", ", "、").join(id[:2] for id in missing)
        notes.append(L(f"after {first}", f"{first} のあとで"))
    top = y + _RADIUS + 17 + 14 * len(words)
    parts += [_text(x, top + 14 * i, note, 11, palette.QUIET) for i, note in enumerate(notes)]
    return _SHAPES[station.state](station, x, y, station.entry.id[:2]) + "".join(parts)


def _here(x: float, y: float, begun: bool) -> str:
    """Mark the station at which to go on."""
    words = L("go on here", "ここから") if begun else L("begin here", "ここから")
    return f'<path d="M{x - 7:g} {y - 37:g} h14 l-7 10 z" fill="{palette.ORANGE}"/>' + _text(
        x, y - 41, words, 12, palette.INK, "bold"
    )


def _done(station: Station, x: float, y: float, number: str) -> str:
    badge = f"M{x + 11:g} {y - 15:g} l4 4 l8 -9"
    return (
        f'<circle cx="{x:g}" cy="{y:g}" r="{_RADIUS}" fill="{palette.GREEN}"/>'
        + _text(x, y + 6, number, 16, palette.PAPER, "bold")
        + f'<circle cx="{x + 17:g}" cy="{y - 15:g}" r="10" fill="{palette.PAPER}" stroke="{palette.GREEN}" stroke-width="2"/>'
        + f'<path d="{badge}" fill="none" stroke="{palette.GREEN}" stroke-width="3"/>'
    )


def _under_way(station: Station, x: float, y: float, number: str) -> str:
    share = station.solved / max(1, len(station.core))
    angle = 2 * math.pi * share
    end_x, end_y = x + _RADIUS * math.sin(angle), y - _RADIUS * math.cos(angle)
    arc = f"M{x:g} {y - _RADIUS:g} A{_RADIUS} {_RADIUS} 0 {int(share > 0.5)} 1 {end_x:.1f} {end_y:.1f}"
    return (
        f'<circle cx="{x:g}" cy="{y:g}" r="{_RADIUS}" fill="{palette.PAPER}" stroke="{_TRACK}" stroke-width="6"/>'
        f'<path d="{arc}" fill="none" stroke="{palette.BLUE}" stroke-width="6"/>'
        + _text(x, y + 1, number, 15, palette.INK, "bold")
        + _text(x, y + 13, f"{station.solved}/{len(station.core)}", 10, palette.INK)
    )


def _open(station: Station, x: float, y: float, number: str) -> str:
    return (
        f'<circle cx="{x:g}" cy="{y:g}" r="{_RADIUS}" fill="{palette.PAPER}" stroke="{palette.QUIET}" stroke-width="2" stroke-dasharray="5 4"/>'
        + _text(x, y + 6, number, 16, palette.INK)
    )


_SHAPES = {"done": _done, "under way": _under_way, "open": _open}


def _text(x: float, y: float, words: str, size: float, color: str, weight: str = "normal") -> str:
    # a rim in the ground's colour, so that a track behind words does not cross them out
    rim = "" if color == palette.PAPER else f' stroke="{palette.PAPER}" stroke-width="3" paint-order="stroke"'
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" font-weight="{weight}" fill="{color}"{rim} '
        f'text-anchor="middle">{escape(words)}</text>'
    )


def _legend(y: float) -> str:
    """Say what the three shapes mean."""
    entries = (
        (f'<circle cx="20" cy="{y - 4:g}" r="7" fill="{palette.GREEN}"/><path d="M16 {y - 4:g} l3 3 l5 -6" fill="none" '
         f'stroke="{palette.PAPER}" stroke-width="2"/>', L("done", "修了")),
        (f'<circle cx="20" cy="{y - 4:g}" r="6" fill="none" stroke="{_TRACK}" stroke-width="3"/>'
         f'<path d="M20 {y - 10:g} A6 6 0 0 1 20 {y + 2:g}" fill="none" stroke="{palette.BLUE}" stroke-width="3"/>',
         L("under way", "学習中")),
        (f'<circle cx="20" cy="{y - 4:g}" r="6" fill="none" stroke="{palette.QUIET}" stroke-width="2" stroke-dasharray="3 2"/>',
         L("open", "これから")),
    )  # fmt: skip
    return "".join(
        f'<g transform="translate({i * 110} 0)">{shape}<text x="34" y="{y:g}" font-size="12" fill="{palette.INK}">{words}</text></g>'
        for i, (shape, words) in enumerate(entries)
    )


def _short(station: Station) -> str:
    """Return a unit's title up to its colon."""
    return station.entry.title[current()].partition(L(":", "："))[0]


def _rows(title: str) -> list[str]:
    """Break a title into short rows."""
    if current() == "ja":
        return _japanese_rows(title)
    rows = [""]
    for word in title.split():
        if rows[-1] and len(rows[-1]) + len(word) >= _LONGEST_ROW["en"]:
            rows.append("")
        rows[-1] = f"{rows[-1]} {word}".strip()
    return rows


def _japanese_rows(title: str) -> list[str]:
    """Break Japanese, which has no spaces, behind a particle near the middle."""
    if len(title) <= _LONGEST_ROW["ja"]:
        return [title]
    middle = len(title) / 2
    breaks = [i for i, sign in enumerate(title, 1) if sign in "とでのはを、" and 2 < i < len(title) - 1]
    at = min(breaks, key=lambda i: abs(i - middle), default=math.ceil(middle))
    if max(at, len(title) - at) > _LONGEST_ROW["ja"]:
        at = math.ceil(middle)
    return [title[:at], title[at:]]
