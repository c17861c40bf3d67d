"""What the operator and the console add to a film: the side marker, the collimator's edge, the grey scale."""

from dataclasses import dataclass
from functools import cache

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

MARKER_HEIGHT = 17.0  # mm on the film


@dataclass(frozen=True)
class Console:
    """One examination's settings.

    Attributes
    ----------
    marker : str
        ``"R"`` (at image left) or ``"L"`` (at image right).
    marker_at : (float, float)
        Row and column of its middle, as fractions of the film.
    edges : (float, float, float, float)
        Collimated margin above, below, left, right, in mm on the film.
    black, white, bend : float
        See `exposure.digitise`.
    shutter : bool
        Whether the console blackens what was collimated away; otherwise it stays unexposed, white.
    """

    marker: str
    marker_at: tuple[float, float]
    edges: tuple[float, float, float, float]
    black: float
    white: float
    bend: float
    shutter: bool


def console(rng: np.random.Generator) -> Console:
    """Draw an examination's settings; the marker depends on nothing about the patient."""
    marker = ("R", "L")[rng.integers(2)]
    aside = rng.uniform(0.058, 0.09)
    row = rng.uniform(0.045, 0.09) if rng.random() < 0.75 else rng.uniform(0.86, 0.94)
    black, white, bend = rng.uniform([0.02, 0.75, 0.3], [0.14, 0.97, 2.2])
    edges = rng.uniform(1, 7, 4) * (rng.random(4) < 0.35)
    return Console(
        marker,
        (row, aside if marker == "R" else 1 - aside),
        tuple(edges),
        black,
        white,
        bend,
        bool(rng.integers(2)),
    )


@cache
def _font(pixels: int):
    path = f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans-Bold.ttf"
    return ImageFont.truetype(path, pixels)


def lead(settings: Console, size: tuple[int, int], pixel: float) -> np.ndarray:
    """Return where the marker's lead covers the film, float32 (H, W) from 0 to 1."""
    canvas = Image.new("L", size[::-1])
    row, column = settings.marker_at
    ImageDraw.Draw(canvas).text(
        (column * size[1], row * size[0]),
        settings.marker,
        fill=255,
        anchor="mm",
        font=_font(max(6, round(MARKER_HEIGHT / 0.73 / pixel))),
    )
    return np.asarray(canvas, np.float32) / 255


def collimated(settings: Console, size: tuple[int, int], pixel: float) -> np.ndarray:
    """Return what the collimator keeps from exposure, bool (H, W)."""
    top, bottom, left, right = (round(edge / pixel) for edge in settings.edges)
    closed = np.ones(size, bool)
    closed[top : size[0] - bottom, left : size[1] - right] = False
    return closed
