"""The course's figures: one palette, one grey scale for films side by side, alternative text for every picture."""

import io

import matplotlib.pyplot as plt
from IPython import get_ipython
from IPython.display import Image, display

# lessons name them figures.BLUE and so on
from xraydojo.palette import BLUE, GREEN, GREY, ORANGE, PURPLE, RED


def style() -> None:
    """Set the course's style and a font that has Japanese characters for all figures of this process."""
    import matplotlib_fontja

    matplotlib_fontja.japanize()
    plt.rcParams.update(
        {
            "axes.prop_cycle": plt.cycler(color=[BLUE, ORANGE, GREEN, RED, PURPLE, GREY]),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "figure.dpi": 100,
            "figure.figsize": (6, 4),
            "figure.facecolor": "white",
            # the second font has what the Japanese one lacks, such as a cross
            "font.family": ["IPAexGothic", "DejaVu Sans"],
            "font.size": 11,
            "image.cmap": "gray",
            "image.interpolation": "nearest",
        }
    )


def png(figure) -> bytes:
    """Return a matplotlib figure as the bytes of a PNG file, and close it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight")
    plt.close(figure)
    return buffer.getvalue()


def show(alt: str) -> None:
    """Show the current figure in the notebook, with a text for those who cannot see it.

    Parameters
    ----------
    alt : str
        What the picture shows, in a sentence.
    """
    picture = png(plt.gcf())
    if get_ipython() is not None:
        display(Image(picture, alt=alt))


def film(axes, image, title: str = "", low: float = 0, high: float = 1) -> None:
    """Draw one grey image without ticks; ``low`` is black and ``high`` is white.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    image : array_like, shape (H, W)
    title : str, optional
    low, high : float, optional
        The values shown as black and as white.
    """
    axes.imshow(image, cmap="gray", vmin=low, vmax=high)
    axes.set_title(title)
    axes.set_axis_off()


def films(images, titles=None, alt: str = "", low: float = 0, high: float = 1) -> None:
    """Show grey images side by side on one grey scale.

    Parameters
    ----------
    images : sequence of array_like, each of shape (H, W)
    titles : sequence of str, optional
    alt : str
        What the pictures show, in a sentence.
    low, high : float, optional
        The values shown as black and as white in all of them.
    """
    images = list(images)
    titles = titles or [""] * len(images)
    _, row = plt.subplots(1, len(images), figsize=(3.2 * len(images), 3.6), squeeze=False)
    for axes, image, title in zip(row[0], images, titles):
        film(axes, image, title, low, high)
    show(alt)
