"""What the course's pages on the hub have in common: the class, who is asking, and the headers that keep a page to itself."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from jupyterhub.services.auth import HubOAuthenticated
from tornado import web

from xraydojo import DojoError, logo
from xraydojo.grade.export import opened, read_marks
from xraydojo.hub.accounts import LiveCourse
from xraydojo.hub.course import Course, OpenUnit
from xraydojo.hub.gpu_leases import Leases
from xraydojo.hub.queue import Queue
from xraydojo.hub.sharing import Sharing
from xraydojo.language import L

# pages run nothing, load nothing from elsewhere, and stand in no frame
POLICY = "default-src 'none'; img-src data:; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
# feedback brings its own style and pictures, and is in a sandbox besides: nothing in it runs even if it could
FEEDBACK_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; sandbox; frame-ancestors 'none'"


@dataclass
class Class:
    """What all pages share: the class's folder, its course as it is now, its queue, its gradebook, what learners share of their checks, and the
    leases of GPUs if there are any.
    """

    folder: Path
    live: LiveCourse
    queue: Queue
    gradebook: str
    sharing: Sharing
    leases: Leases | None = None

    @property
    def course(self) -> Course:
        """The course as `course.yaml` describes it now."""
        return self.live.now()

    def marks(self, units: list[str]) -> dict[str, dict]:
        """Return nbgrader's marks by unit and learner; nothing while there is no gradebook."""
        try:
            with opened(self.gradebook) as gradebook:
                known = {assignment.name: assignment for assignment in gradebook.assignments}
                return {id: read_marks(gradebook, known[id]) if id in known else {} for id in units}
        except DojoError:
            return {id: {} for id in units}

    def feedback(self, learner: str, unit: str) -> Path:
        """Return where a learner's feedback is, or is going to be."""
        return self.folder / "feedback" / learner / unit / f"{unit}.html"


class Page(HubOAuthenticated, web.RequestHandler):
    """A page for people of the class."""

    @property
    def the_class(self) -> Class:
        """The class."""
        return self.settings["the_class"]

    @property
    def prefix(self) -> str:
        """The path of the pages."""
        return self.settings["prefix"]

    @property
    def name(self) -> str:
        """Who is logged in."""
        return self.current_user["name"]

    @property
    def is_instructor(self) -> bool:
        """Whether this person is an instructor of the class."""
        return self.name in self.the_class.course.instructors

    def set_default_headers(self) -> None:
        """Let no page be framed, cached or taken for something else."""
        self.set_header("Content-Security-Policy", POLICY)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")

    def prepare(self) -> None:
        """Refuse who has left the class."""
        if self.current_user and self.name not in self.the_class.course.people:
            raise web.HTTPError(403)

    def unit(self, id: str) -> OpenUnit:
        """Return a unit of the class that this person may see."""
        unit = self.the_class.course.unit(id)
        if unit is None or not (self.is_instructor or unit.is_open(self.the_class.course.now())):
            raise web.HTTPError(404)
        return unit

    def show(self, template: str, **values) -> None:
        """Write a page."""
        page = self.settings["templates"].get_template(f"{template}.html.j2")
        self.finish(
            page.render(
                course=self.the_class.course,
                name=self.name,
                is_instructor=self.is_instructor,
                prefix=self.prefix,
                xsrf=self.xsrf_token.decode() if isinstance(self.xsrf_token, bytes) else self.xsrf_token,
                L=L,
                logo=logo.address(),
                **values,
            )
        )

    def show_live(self, template: str, **values) -> None:
        """Write a page whose element ``now`` a script keeps new."""
        nonce = secrets.token_urlsafe(16)
        self.set_header(
            "Content-Security-Policy", f"{POLICY}; script-src 'nonce-{nonce}'; connect-src 'self'"
        )
        self.show(template, nonce=nonce, **values)

    def show_feedback(self, learner: str, unit: str) -> None:
        """Write the feedback on a learner's submission."""
        try:
            content = self.the_class.feedback(learner, unit).read_bytes()
        except FileNotFoundError:
            raise web.HTTPError(404) from None
        self.set_header("Content-Security-Policy", FEEDBACK_POLICY)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(content)

    def write_error(self, status_code: int, **reasons) -> None:
        """Say in the class's language what is wrong."""
        said = {
            403: L("This page is not for your account.", "このページは、あなたのアカウントでは開けません。"),
            404: L("There is nothing here.", "このページはありません。"),
        }.get(
            status_code,
            L("That did not work. Please try again.", "うまくいきませんでした。もう一度お試しください。"),
        )
        if self.current_user:
            self.show("said", said=said)
        else:
            self.finish(said)


class ForInstructors(Page):
    """A page for instructors only."""

    def prepare(self) -> None:
        """Refuse everybody else."""
        super().prepare()
        if self.current_user and not self.is_instructor:
            raise web.HTTPError(403)
