"""What learners hand in outside nbgrader: notebooks, folders of them, and the zips that Moodle, Canvas and others make of them."""

from collections.abc import Sequence
from pathlib import Path

from xraydojo import DojoError
from xraydojo.data.archive import unpack
from xraydojo.grade.batch import Task
from xraydojo.language import L

_SKIPPED = {".ipynb_checkpoints", "__MACOSX"}


def notebooks(named: Sequence[Path], folder: Path) -> list[Task]:
    """Return the notebooks that are named, those in the folders that are named, and those in the zips, which are unpacked.

    Parameters
    ----------
    named : sequence of Path
    folder : Path
        Where to unpack zips: an empty folder.

    Raises
    ------
    DojoError
        If a folder or zip holds no notebook, or a zip is unsafe or damaged (`xraydojo.data.archive.ArchiveError`).
    """
    found = []
    for number, path in enumerate(named):
        if path.suffix.lower() == ".zip" and path.is_file():
            unpacked = folder / str(number)
            unpack(path, unpacked)
            found += [Task(each, f"{path}/{each.relative_to(unpacked)}") for each in _within(unpacked, path)]
        elif path.is_dir() and not path.is_symlink():
            found += [Task(each, str(each)) for each in _within(path, path)]
        else:
            found.append(Task(path, str(path)))
    return found


def _within(folder: Path, named: Path) -> list[Path]:
    found = sorted(
        path for path in folder.rglob("*.ipynb") if not _SKIPPED & set(path.relative_to(folder).parts)
    )
    if not found:
        raise DojoError(
            L(
                f"{named} holds no notebook (.ipynb)",
                f"{named} にはノートブック（.ipynb）がありません",
            )
        )
    return found
