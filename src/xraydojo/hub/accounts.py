"""Who may log in: the class, as `course.yaml` says at that moment, whatever way of logging in stands below."""

import hmac
import json
import os
from pathlib import Path

from jupyterhub.auth import Authenticator, PAMAuthenticator

from xraydojo.hub.course import Course, CourseError, read_course


class LiveCourse:
    """A `course.yaml` that may change while the hub runs. While it is malformed, what it said before holds.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path):
        self._path = path
        self._course = read_course(path)
        self._read_at = self._changed()

    def now(self) -> Course:
        """Return the course as the file describes it now."""
        if (changed := self._changed()) != self._read_at:
            try:
                self._course = read_course(self._path)
            except CourseError:  # an instructor is editing it
                return self._course
            self._read_at = changed
        return self._course

    def _changed(self) -> tuple[int, int] | None:
        try:
            said = os.stat(self._path)
        except FileNotFoundError:
            return None
        return said.st_mtime_ns, said.st_size


class _OnlyTheClass(Authenticator):
    """Below any way of logging in: nobody who is not in the class, and nobody any more who has left it."""

    class_course: LiveCourse

    # not check_allowed, which allow_all passes by
    def check_blocked_users(self, username, authentication=None):
        """Return whether a person is in the class, and not blocked by other settings."""
        if username not in self.class_course.now().people:
            return False
        return super().check_blocked_users(username, authentication)

    async def refresh_user(self, user, handler=None):
        """Log out who has left the class."""
        if user.name not in self.class_course.now().people:
            return False
        return await super().refresh_user(user, handler)


def only_the_class(course: LiveCourse, authenticator: type[Authenticator] = PAMAuthenticator) -> type:
    """Return a way of logging in that is open to the class only.

    Parameters
    ----------
    course : LiveCourse
    authenticator : type
        Any authenticator of JupyterHub; by default the accounts of this machine.
    """
    return type(f"Class{authenticator.__name__}", (_OnlyTheClass, authenticator), {"class_course": course})


class DemoAuthenticator(Authenticator):
    """A demo's passwords, from the file that ``XRAYDOJO_DEMO_PASSWORDS`` names, as `dojo hub --demo` prints them."""

    async def authenticate(self, handler, data):
        """Return the name if the password is this account's."""
        passwords = json.loads(Path(os.environ["XRAYDOJO_DEMO_PASSWORDS"]).read_bytes())
        name = data["username"]
        known = passwords.get(name, "")
        same = hmac.compare_digest(known.encode(), data["password"].encode())
        return name if known and same else None
