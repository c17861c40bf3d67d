"""The course's pages on the hub: learners hand in and read their feedback, instructors see the class. One small process behind the hub's login."""

import asyncio
import json
import logging
import os
import secrets
import sqlite3
import sys
import tempfile
import urllib.parse
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from jupyterhub.services.auth import HubOAuthCallbackHandler
from tornado import web
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.simple_httpclient import HTTPStreamClosedError, HTTPTimeoutError

from xraydojo import DojoError, language, palette
from xraydojo.grade.course import ClassFolder
from xraydojo.grade.export import export
from xraydojo.grade.submission import LARGEST_FILE
from xraydojo.hub import roster, sharing
from xraydojo.hub.accounts import LiveCourse
from xraydojo.hub.configuration import learners_group, points
from xraydojo.hub.course import FILE, NAME, OpenUnit
from xraydojo.hub.gpu_handler import GpuLease, leases_of
from xraydojo.hub.now_page import NowPage, NowScript, Share
from xraydojo.hub.page import FEEDBACK_POLICY, Class, ForInstructors, Page
from xraydojo.hub.queue import KEY, Queue, Submission
from xraydojo.hub.sharing import Sharing
from xraydojo.hub.sharing_handler import Shared
from xraydojo.language import L
from xraydojo.lesson import read_syllabus

# seconds for a learner's server, which is the learner's own and may answer anything, to give its notebook
LONGEST_FETCH = 30
_BETWEEN_FORGETTING = 600  # seconds
log = logging.getLogger("xraydojo.hub")


@dataclass(frozen=True)
class Row:
    """A unit on a learner's page."""

    unit: OpenUnit
    number: str
    title: str
    minutes: int
    points: float
    mark: float | None
    submission: Submission | None
    before: int
    is_late: bool
    is_closed: bool
    has_feedback: bool


class LearnerPage(Page):
    """The path through the course: dates, points, and the buttons to hand in and to read feedback."""

    @web.authenticated
    async def get(self) -> None:
        """Show it."""
        await self.show_path()

    async def show_path(self, said: str = "") -> None:
        """Show the path, with what is to be said first."""
        rows = await asyncio.to_thread(self._rows)
        waits = [row.unit.id for row in rows if row.submission and row.submission.is_under_way]
        course = self.the_class.course
        since = await asyncio.to_thread(self.the_class.sharing.since, self.name)
        self.show(
            "learner",
            rows=rows,
            said=said,
            waits=waits[0] if waits else None,
            key=secrets.token_hex(16),
            is_learner=course.learner(self.name) is not None,
            sharing=since and datetime.fromtimestamp(since, course.timezone),
        )

    def _rows(self) -> list[Row]:
        course, queue = self.the_class.course, self.the_class.queue
        now = course.now()
        units = [unit for unit in course.units if unit.is_open(now)]
        marks = self.the_class.marks([unit.id for unit in units])
        last = queue.last(self.name)
        entries = {entry.id: entry for entry in read_syllabus()}
        rows = []
        for unit in units:
            submission, mark = last.get((self.name, unit.id)), marks[unit.id].get(self.name)
            rows.append(
                Row(
                    unit=unit,
                    number=unit.id[:2],
                    title=entries[unit.id].title[course.language],
                    minutes=entries[unit.id].reading_minutes + entries[unit.id].exercise_minutes,
                    points=points(unit.id, course.language),
                    mark=mark and mark.final,
                    submission=submission,
                    before=queue.before(submission) if submission and submission.is_under_way else 0,
                    is_late=unit.is_late(now),
                    is_closed=unit.is_closed(now),
                    has_feedback=self.the_class.feedback(self.name, unit.id).exists(),
                )
            )
        return rows


class Submit(LearnerPage):
    """Take a learner's notebook: read it from the learner's own server, with the learner's own token."""

    @web.authenticated
    async def post(self) -> None:
        """Store it, queue it, and show the path again."""
        unit = self.unit(self.get_body_argument("unit"))
        key = self.get_body_argument("key")
        if not KEY.fullmatch(key) or self.the_class.course.learner(self.name) is None:
            raise web.HTTPError(403)
        if unit.is_closed(self.the_class.course.now()):
            return await self._refuse(
                409,
                L("This unit is closed: its last day is over.", "この単元は、提出の締め切りを過ぎました。"),
            )
        try:
            content = await self._notebook(unit.id)
        except _NotFetched as error:
            return await self._refuse(409, str(error))
        await asyncio.to_thread(self.the_class.queue.hand_in, self.name, unit.id, content, key)
        log.info("%s of %s: handed in, %d bytes", unit.id, self.name, len(content))
        self.redirect(f"{self.prefix}#{unit.id}", status=303)

    async def _refuse(self, status: int, said: str) -> None:
        self.set_status(status)
        await self.show_path(said)

    async def _notebook(self, unit: str) -> bytes:
        """Return the content of this person's notebook."""
        path = f"/user/{urllib.parse.quote(self.name)}/api/contents/{unit}/{unit}.ipynb"
        request = HTTPRequest(
            f"{self.settings['proxy']}{path}?type=file&format=text&content=1",
            headers={"Authorization": f"token {self.hub_auth.get_token(self)}"},
            request_timeout=LONGEST_FETCH,
            follow_redirects=False,
        )
        try:
            answer = await self.settings["client"].fetch(request)
            content = json.loads(answer.body)["content"].encode()
        except HTTPClientError as error:
            raise _NotFetched(self._why(error)) from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, HTTPStreamClosedError):
            raise _NotFetched(_TOO_LARGE()) from None
        if len(content) > LARGEST_FILE:
            raise _NotFetched(_TOO_LARGE())
        return content

    def _why(self, error: HTTPClientError) -> str:
        if error.code == 404:
            return L(
                "The notebook is not where the course laid it. Put it back under its own name, or restart your server: the course lays a new copy.",
                "ノートブックが元の場所にありません。元の名前で戻すか、サーバーを起動し直してください（新しいコピーが置かれます）。",
            )
        if isinstance(error, HTTPTimeoutError) or error.code not in (301, 302, 403, 424, 503):
            return L(
                "Your server did not give the notebook. Open JupyterLab, save, and try again.",
                "あなたのサーバーからノートブックを受け取れませんでした。JupyterLab を開いて保存し、もう一度提出してください。",
            )
        return L(
            "Your server is not running. Open JupyterLab first, then hand in.",
            "あなたのサーバーが動いていません。先に JupyterLab を開いてから、提出してください。",
        )


class _NotFetched(Exception):
    """The notebook could not be had from the learner's server; the message is for the learner."""


def _TOO_LARGE() -> str:
    most = LARGEST_FILE // 1_000_000
    return L(
        f"The notebook could not be read, or has more than {most} MB. Clear its outputs, save, and try again.",
        f"ノートブックを読めないか、{most} MB を超えています。出力を消去して保存し、もう一度提出してください。",
    )


class Feedback(Page):
    """A learner's own feedback."""

    @web.authenticated
    def get(self, unit: str) -> None:
        """Show it."""
        self.show_feedback(self.name, self.unit(unit).id)


class ClassPage(ForInstructors):
    """The class: who is in it, where everybody stands, and what an instructor does for all of them."""

    @web.authenticated
    async def get(self) -> None:
        """Show it, with what has just been done."""
        await self.show_class(self._done())

    def _done(self) -> str:
        """Return in words what the address says has just been done, if that is so."""
        added, removed, regraded, starting = (
            self.get_query_argument(name, "") for name in ("added", "removed", "regraded", "starting")
        )
        if starting:
            return L(
                "The servers are starting; this page shows which ones run.",
                "サーバーを順に起動しています。起動したものから、このページに表示されます。",
            )
        if unit := self.the_class.course.unit(regraded):
            return L(
                f"All submissions of {unit.id} are graded again; … stands where that goes on.",
                f"{unit.id} を全員分採点し直しています。採点中の人は … と表示されます。",
            )
        if learner := self.the_class.course.learner(added):
            who = f"{learner.full_name} ({learner.name})" if learner.full_name else learner.name
            return L(
                f"{who} is in the class and can log in now.", f"{who} を加えました。もうログインできます。"
            )
        if NAME.fullmatch(removed) and self.the_class.course.learner(removed) is None:
            return L(
                f"{removed} is no longer in the class. Submissions and marks are kept: add the account again, and they are back.",
                f"{removed} を外しました。提出物と点は残っているので、同じアカウント名で加え直せば元に戻ります。",
            )
        return ""

    async def show_class(self, said: str = "") -> None:
        """Show the class, with what is to be said first."""
        course = self.the_class.course
        units = [unit.id for unit in course.units]
        marks, last, running = await asyncio.gather(
            asyncio.to_thread(self.the_class.marks, units),
            asyncio.to_thread(self.the_class.queue.last),
            self._running(),
        )
        # what a button is answered with has no address at which to ask again
        show = self.show_live if self.request.method == "GET" else self.show
        show(
            "class",
            said=said,
            units=units,
            titles={entry.id: entry.title[course.language] for entry in read_syllabus()},
            marks=marks,
            last=last,
            running=running,
            leases=self.the_class.leases,
            clock=lambda seconds: f"{datetime.fromtimestamp(seconds, course.timezone):%H:%M}",
            waiting=sum(submission.is_under_way for submission in last.values()),
            points={unit: points(unit, course.language) for unit in units},
        )

    async def _running(self) -> dict[str, bool]:
        """Return whether each learner's server runs, by name, of those whom the hub knows."""
        try:
            answer = await self.settings["hub"]("GET", "users?limit=1000")
        except (HTTPClientError, OSError):
            return {}
        return {user["name"]: bool(user.get("servers")) for user in json.loads(answer.body)}


class StartServers(ClassPage):
    """Start every learner's server before the class comes: then nobody waits."""

    @web.authenticated
    async def post(self) -> None:
        """Begin to; the page shows how far it is."""
        starting = asyncio.get_running_loop().create_task(self._start_all())
        self.settings["tasks"].add(starting)
        starting.add_done_callback(self.settings["tasks"].discard)
        self.redirect(f"{self.prefix}class?starting=yes", status=303)

    async def _start_all(self) -> None:
        for learner in self.the_class.course.learners:
            for _ in range(30):  # while the hub is busy with others
                try:
                    await self.settings["hub"]("POST", f"users/{learner.name}/server")
                except HTTPClientError as error:
                    if error.code == 429:
                        await asyncio.sleep(5)
                        continue
                    if error.code != 400:  # 400: it runs already
                        log.warning("the server of %s: %s", learner.name, error)
                break


class Regrade(ClassPage):
    """Grade a unit again: for one learner, or for all."""

    @web.authenticated
    async def post(self) -> None:
        """Queue it."""
        unit = self.unit(self.get_body_argument("unit"))
        learner = self.get_body_argument("learner", "") or None
        await asyncio.to_thread(self.the_class.queue.regrade, unit.id, learner)
        self.redirect(f"{self.prefix}class?regraded={unit.id}", status=303)


class Roster(ClassPage):
    """Add a learner, or remove one."""

    @web.authenticated
    async def post(self, action: str) -> None:
        """Change `course.yaml`, and the hub's group of learners."""
        name = self.get_body_argument("name")
        try:
            if action == "add":
                full_name = self.get_body_argument("full_name", "")
                email = self.get_body_argument("email", "")
                await asyncio.to_thread(roster.add, self.the_class.folder / FILE, name, full_name, email)
            else:
                await asyncio.to_thread(roster.remove, self.the_class.folder / FILE, [name])
        except DojoError as error:
            self.set_status(409)
            return await self.show_class(str(error))
        if action == "remove":
            await asyncio.to_thread(self.the_class.sharing.take_back, name)
        await self._tell_hub(action, name)
        done = {"add": "added", "remove": "removed"}[action]
        self.redirect(f"{self.prefix}class?{done}={name}", status=303)

    async def _tell_hub(self, action: str, name: str) -> None:
        """Put a learner into the hub's group, or take one out; a learner who never logged in is unknown to it, and comes in later."""
        group = learners_group(self.the_class.course)
        method = {"add": "POST", "remove": "DELETE"}[action]
        try:
            await self.settings["hub"](method, f"groups/{group}/users", {"users": [name]})
        except (HTTPClientError, OSError) as error:
            log.info("the hub's group %s and %s: %s", group, name, error)


class Export(ForInstructors):
    """The marks, for people and for other systems."""

    @web.authenticated
    async def get(self, kind: str) -> None:
        """Send the file."""
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "marks.csv"
            try:
                await asyncio.to_thread(export, self.the_class.gradebook, None, kind, out)
            except DojoError:
                raise web.HTTPError(404) from None
            content = out.read_bytes()
        name = f"{self.the_class.course.id}_{kind}.csv"
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        self.finish(content)


class ClassReport(ForInstructors):
    """How the class did on a unit: scores, hard exercises, misconceptions."""

    @web.authenticated
    async def get(self, unit: str) -> None:
        """Make it and show it; by a process of its own, for plots take memory that these pages do not need otherwise."""
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "report.html"
            making = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "xraydojo", "report", self.unit(unit).id, "--out", out),
                cwd=self.the_class.folder,
                env=os.environ | {"LC_ALL": f"{self.the_class.course.language}.UTF-8", "PYTHONUTF8": "1"},
                stdout=asyncio.subprocess.DEVNULL,
            )
            if await making.wait():
                raise web.HTTPError(500)
            content = out.read_bytes()
        self.set_header("Content-Security-Policy", FEEDBACK_POLICY)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(content)


class LearnersFeedback(ForInstructors):
    """What a learner reads."""

    @web.authenticated
    def get(self, learner: str, unit: str) -> None:
        """Show it."""
        if self.the_class.course.learner(learner) is None:
            raise web.HTTPError(404)
        self.show_feedback(learner, self.unit(unit).id)


class Health(web.RequestHandler):
    """Whether the service runs; open to all."""

    def get(self) -> None:
        """Say so."""
        self.finish("ok")


class Style(web.RequestHandler):
    """The pages' style sheet."""

    def get(self) -> None:
        """Send it."""
        self.set_header("Content-Type", "text/css; charset=utf-8")
        self.set_header("Cache-Control", "max-age=3600")
        self.finish(self.settings["style"])


def application(the_class: Class, prefix: str, proxy: str, hub_url: str, token: str) -> web.Application:
    """Return the pages as a tornado application.

    Parameters
    ----------
    the_class : Class
    prefix : str
        The path under which the hub shows them.
    proxy : str
        The address of the hub's proxy on this machine.
    hub_url, token : str
        The hub's API, and the service's token for it.
    """
    # a learner's server may send more than it says
    client = AsyncHTTPClient(
        force_instance=True, max_body_size=2 * LARGEST_FILE, max_buffer_size=2 * LARGEST_FILE
    )

    async def hub(method: str, path: str, body: dict | None = None):
        return await client.fetch(
            f"{hub_url}/{path}",
            method=method,
            headers={"Authorization": f"token {token}"},
            body=None if method == "GET" else json.dumps(body or {}),
            allow_nonstandard_methods=True,
            request_timeout=60,
        )

    id, learner = "([0-9a-z_]+)", "([a-z0-9_-]+)"
    return web.Application(
        [
            (prefix, LearnerPage),
            (f"{prefix}submit", Submit),
            (f"{prefix}gpu", GpuLease),
            (f"{prefix}share", Share),
            (f"{prefix}sharing", Shared),
            (f"{prefix}feedback/{id}", Feedback),
            (f"{prefix}class", ClassPage),
            (f"{prefix}class/now", NowPage),
            (f"{prefix}now.js", NowScript),
            (f"{prefix}class/start", StartServers),
            (f"{prefix}class/regrade", Regrade),
            (f"{prefix}class/roster/(add|remove)", Roster),
            (f"{prefix}class/export/(csv|moodle|canvas)", Export),
            (f"{prefix}class/feedback/{learner}/{id}", LearnersFeedback),
            (f"{prefix}class/report/{id}", ClassReport),
            (f"{prefix}oauth_callback", HubOAuthCallbackHandler),
            (f"{prefix}health", Health),
            (f"{prefix}style.css", Style),
        ],
        the_class=the_class,
        prefix=prefix,
        proxy=proxy,
        client=client,
        hub=hub,
        tasks=set(),
        templates=Environment(
            loader=PackageLoader("xraydojo.hub", "pages"), autoescape=True, undefined=StrictUndefined
        ),
        style=f"{palette.css()}\n{(Path(__file__).parent / 'pages' / 'style.css').read_text()}".encode(),
        cookie_secret=secrets.token_bytes(32),
        xsrf_cookies=True,
    )


async def serve() -> None:
    """Run the pages as the hub asks by its environment variables, in the class's folder, the working directory."""
    folder = Path.cwd()
    live = LiveCourse(folder / FILE)
    language.use(live.now().language)
    leases = leases_of(folder, live.now())
    shared = Sharing(folder / sharing.FILE)
    the_class = Class(folder, live, Queue(folder), ClassFolder(folder).gradebook, shared, leases)
    pages = application(
        the_class,
        prefix=os.environ["JUPYTERHUB_SERVICE_PREFIX"],
        proxy=os.environ["XRAYDOJO_HUB_PROXY"],
        hub_url=os.environ["JUPYTERHUB_API_URL"],
        token=os.environ["JUPYTERHUB_API_TOKEN"],
    )
    where = urllib.parse.urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    pages.listen(where.port, where.hostname, max_body_size=100_000)
    while True:  # also when nobody comes any more
        try:
            names = {learner.name for learner in live.now().learners}
            await asyncio.to_thread(shared.forget, names)
        except sqlite3.Error as error:  # a full disk, which is no reason to end the pages
            log.warning("what learners shared: %s", error)
        await asyncio.sleep(_BETWEEN_FORGETTING)


def main() -> None:
    """Run the pages until the process is interrupted."""
    logging.basicConfig(level=logging.INFO, format="[dojo] %(message)s")
    asyncio.run(serve())
