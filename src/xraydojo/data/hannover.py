"""Load the COVID-19 image repository of Hannover Medical School (H. B. Winther et al., 2020, CC BY 3.0)."""

import csv
import io
from pathlib import Path

import numpy as np

from xraydojo.data.origin import Found, Origin, film_set, find, line_error, read_text
from xraydojo.data.sets import Split, draw_patients

PROJECTIONS = ("ap", "pa")


def load_hannover(folder: Path | str | None = None, size: tuple[int, int] = (256, 256)) -> Split:
    """Load the films of Hannover with the projection in which each was taken.

    Parameters
    ----------
    folder : path, optional
        The folder or zip of the repository: ``data.csv`` and ``png/``. Default: the one that the learner has chosen.
    size : (rows, columns)
        To resize to, with antialiasing: the films differ in size.

    Returns
    -------
    Split
        With `targets` as indices into the classes ap, pa. A patient may have many films, all in one part; a fifth of the
        patients, drawn, is the test.

    Raises
    ------
    FilmsError
        If the folder, its table or a film is missing, damaged or not as expected.
    """
    origin = Origin("Hannover", folder)
    home = origin.home(("data.csv",), ("png",))
    table = find(home, "data.csv")
    rows = csv.DictReader(io.StringIO(read_text(table), newline=""), restval="")
    found = []
    for row in rows:
        projection, name = (row.get(column, "").strip() for column in ("projection", "image_id"))
        if projection not in PROJECTIONS or not name or not row.get("patient_id"):
            raise line_error(
                table, rows.line_num, ",".join(map(str, row.values())), "patient_id,image_id,...,projection"
            )
        path = find(home, "png", f"{name}.png")
        if path is None:
            raise origin.lacks(home, f"png/{name}.png")
        found.append(Found(path, "", row["patient_id"], PROJECTIONS.index(projection)))
    if not found:
        raise line_error(table, 1, "", "patient_id,image_id,...,projection")
    targets = np.array([film.target for film in found], np.int64)
    films = film_set(home, found, size, targets, PROJECTIONS)
    return origin.split(films, draw_patients(films.patients))
