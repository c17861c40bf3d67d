"""Where the parts of a hub lie: one folder, each part of it readable for those alone who need it."""

from dataclasses import dataclass
from pathlib import Path

from xraydojo.hub.course import FILE

# names of this machine that no other machine reaches
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Site:
    """The folder of a hub.

    ``class/`` is the grader's alone (course.yaml, submissions, gradebook), ``state/`` the hub's alone (its data base and secrets), ``learners/``
    is what everybody reads (nbgrader's exchange), ``home/`` holds the homes of a demo.
    """

    folder: Path

    @property
    def class_folder(self) -> Path:
        """The class's folder, as nbgrader lays it out; the grader's alone."""
        return self.folder / "class"

    @property
    def course_file(self) -> Path:
        """The file that describes the class."""
        return self.class_folder / FILE

    @property
    def state(self) -> Path:
        """The hub's own data base, secrets and logs."""
        return self.folder / "state"

    @property
    def learners(self) -> Path:
        """What everybody may read."""
        return self.folder / "learners"

    @property
    def exchange(self) -> Path:
        """The exchange of nbgrader."""
        return self.learners / "exchange"

    @property
    def homes(self) -> Path:
        """The homes of a demo's people."""
        return self.folder / "home"

    @property
    def passwords(self) -> Path:
        """The passwords of a demo's people; only a demo has the file."""
        return self.state / "passwords.json"

    @property
    def config(self) -> Path:
        """The configuration of JupyterHub."""
        return self.folder / "jupyterhub_config.py"

    @property
    def systemd(self) -> Path:
        """The hub as a service of systemd."""
        return self.folder / "xraydojo-hub.service"


@dataclass(frozen=True)
class Ports:
    """The ports of a hub; all but ``public`` on this machine only."""

    public: int = 8000
    proxy_api: int = 8001
    hub: int = 8081
    pages: int = 8091
    formgrader: int = 8092
