"""Where the class is now: for instructors with names, and without them for the screen; and the learner's switch that lets it be seen."""

import asyncio
from datetime import datetime
from pathlib import Path

from tornado import web

from xraydojo.hub.class_now import QUIET, RECENT, SILENT, TRIES, ClassNow, Mistake, class_now, unit_of
from xraydojo.hub.page import ForInstructors, Page
from xraydojo.language import L
from xraydojo.lesson import read_syllabus
from xraydojo.progress import Marks

# learners who must have made a mistake before the screen, which all see, shows it: one alone would know who is meant
ON_SCREEN = 2
# learners up to whom a bar shows each of them
EACH = 60
# mistakes that are shown at once, the others on demand
MOST = 5
# learners of a list who are shown at once, the others on demand
NAMED = 12
SCRIPT = (Path(__file__).parent / "pages" / "now.js").read_bytes()


class NowPage(ForInstructors):
    """The class at this moment; a script asks for this page again every few seconds, and changes what is new."""

    @web.authenticated
    async def get(self) -> None:
        """Show it: the unit that is asked for, else the one in which most learners are."""
        chosen, on_screen = self.get_query_argument("unit", ""), bool(self.get_query_argument("screen", ""))
        shared = await asyncio.to_thread(self._shared)
        now = self.the_class.sharing.clock()
        unit = self.unit(chosen).id if chosen else unit_of(shared, now)
        course = self.the_class.course
        found = await asyncio.to_thread(class_now, shared, unit, course.language, now) if unit else None
        self.show_live(
            "now",
            chosen=chosen,
            on_screen=on_screen,
            unit=unit,
            units=[each.id for each in course.units if any(each.id in marks for marks in shared.values())],
            titles={entry.id: entry.title[course.language] for entry in read_syllabus()},
            now=found,
            mistakes=_shown(found, on_screen) if found else (),
            sharing=len(shared),
            names={learner.name: learner.full_name or learner.name for learner in course.learners},
            clock=f"{datetime.fromtimestamp(now, course.timezone):%H:%M:%S}",
            each=EACH,
            most=MOST,
            named=NAMED,
            ago=ago,
            tries=TRIES,
            quiet=QUIET // 60,
            silent=SILENT // 60,
            recent=RECENT // 60,
            in_words=in_words,
        )

    def _shared(self) -> dict[str, Marks]:
        """Return what the learners of the class share, in the order of the class."""
        shared = self.the_class.sharing.all()
        return {
            learner.name: shared[learner.name]
            for learner in self.the_class.course.learners
            if learner.name in shared
        }


class NowScript(web.RequestHandler):
    """The script that keeps the page new."""

    def get(self) -> None:
        """Send it."""
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "max-age=3600")
        self.finish(SCRIPT)


class Share(Page):
    """A learner's switch."""

    @web.authenticated
    async def post(self) -> None:
        """Share from now on, or take it back; an instructor has nothing to share."""
        if self.the_class.course.learner(self.name) is None:
            raise web.HTTPError(403)
        sharing = self.the_class.sharing
        change = sharing.agree if self.get_body_argument("share") == "yes" else sharing.take_back
        await asyncio.to_thread(change, self.name)
        self.redirect(f"{self.prefix}#sharing", status=303)


def _shown(now: ClassNow, on_screen: bool) -> tuple[Mistake, ...]:
    return tuple(mistake for mistake in now.mistakes if not on_screen or len(mistake.learners) >= ON_SCREEN)


def ago(seconds: float) -> str:
    """Return a time in words, by the minute."""
    minutes = int(seconds // 60)
    if minutes >= 60:
        return L(f"{minutes // 60} h ago", f"{minutes // 60} 時間前")
    return L(f"{minutes} min ago", f"{minutes} 分前") if minutes else L("just now", "たった今")


def in_words(now: ClassNow, sharing: int) -> str:
    """Return the picture in one sentence."""
    count = {state: len(now.at(state)) for state in ("working", "stuck", "done", "elsewhere", "silent")}
    return L(
        "Of {0} who share: {working} at work, {stuck} stuck, {done} done with the unit, {elsewhere} in another unit, {silent} not heard from.",
        "共有している {0} 人のうち、取り組み中 {working} 人、行きづまり {stuck} 人、この単元を終えた人 {done} 人、ほかの単元 {elsewhere} 人、しばらく確認のない人 {silent} 人です。",
    ).format(sharing, **count)
