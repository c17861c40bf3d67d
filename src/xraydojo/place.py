"""Where a learner works: in a notebook of the course, in a folder of the learner's own."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from xraydojo.language import LANGUAGES

# what `dojo start` notes of the notebooks that it lays out; it marks a learner's own folder
RECORD = ".xraydojo.json"


@dataclass(frozen=True)
class Place:
    """A unit in a learner's own folder: ``<folder>/<language>/<unit>``."""

    folder: Path
    language: str
    unit: str

    @property
    def home(self) -> Path:
        """The folder on which JupyterLab opens: the notebooks in one language, and the start page."""
        return self.folder / self.language


def in_notebook() -> bool:
    """Tell whether this process runs a person's notebook: it is a Jupyter kernel, and nbgrader is not grading in it."""
    ipython = sys.modules.get("IPython")  # the command does without, and starts sooner
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None and "NBGRADER_EXECUTION" not in os.environ


def find(unit_folder: Path | None = None) -> Place | None:
    """Return the learner's place that a folder is, or None if `dojo start` did not lay it out.

    Parameters
    ----------
    unit_folder : Path, optional
        The folder of a notebook; the current folder, in which its kernel starts, when not said.
    """
    try:
        unit = (unit_folder or Path.cwd()).resolve()
        language = unit.parent.name
        if language in LANGUAGES and (unit.parent / RECORD).is_file():
            return Place(unit.parents[1], language, unit.name)
    except OSError:
        pass
    return None
