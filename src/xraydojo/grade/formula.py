"""Set a formula as a picture, for pages that run no script."""

import base64
import io
import re
from functools import lru_cache

from markupsafe import Markup
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import math_to_image
from PIL import Image

_DPI = 192
_PIXELS_PER_POINT = 96 / 72  # CSS
_LONGEST = 300


@lru_cache(maxsize=1000)
def formula(tex: str) -> Markup:
    """Return a formula as HTML: a picture where matplotlib can set it, else the TeX itself.

    Parameters
    ----------
    tex : str
        The formula, without the dollar signs. matplotlib knows no environments, such as ``cases``, and its mathematical font only Latin
        and Greek.
    """
    try:
        return _picture(tex)
    except (ValueError, RecursionError):
        return Markup("<code>{}</code>").format(tex)


def _picture(tex: str) -> Markup:
    if not tex.isascii() or "$" in tex or len(tex) > _LONGEST:
        raise ValueError("not a formula for matplotlib")
    # matplotlib knows the two relations by their long names only
    line = re.sub(r"\\(ge|le)(?![a-zA-Z])", r"\\\1q", tex.replace("\n", " "))
    file = io.BytesIO()
    depth = math_to_image(f"${line}$", file, FontProperties(size=12), dpi=_DPI, format="png")
    height = Image.open(file).height / _DPI * 72
    return Markup(
        '<img alt="{}" src="data:image/png;base64,{}" style="height:{:.1f}px;vertical-align:{:.1f}px">'
    ).format(
        tex,
        base64.b64encode(file.getvalue()).decode(),
        height * _PIXELS_PER_POINT,
        -depth * _PIXELS_PER_POINT,
    )
