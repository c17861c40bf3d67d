"""One palette: of figures, verdicts, pages and the site, told apart and readable by everybody."""

import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from xraydojo import logo, palette
from xraydojo.lesson import REPOSITORY

COLOUR = re.compile(r"#[0-9A-Fa-f]{6}\b|#[0-9A-Fa-f]{3}\b")


def contrast(one, other):
    """Return the contrast of two colours, 1 to 21, as WCAG 2.2 defines it."""

    def luminance(colour):
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_what_the_standard_says():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("name", ["INK", "QUIET", "RIGHT", "WRONG", "LATE", "LINK"])
def test_words_in_every_colour_are_readable_on_paper_and_on_its_shade(name):
    for ground in (palette.PAPER, palette.SHADE):
        assert contrast(getattr(palette, name), ground) >= 4.5


@pytest.mark.parametrize("shade", [palette.RIGHT_SHADE, palette.WRONG_SHADE, palette.CALM_SHADE])
def test_ink_and_links_are_readable_in_every_box(shade):
    assert contrast(palette.INK, shade) >= 7
    assert contrast(palette.LINK, shade) >= 4.5


def test_colours_are_written_in_the_palette_alone():
    sources = [
        path for path in (REPOSITORY / "src").rglob("*") if path.suffix in (".py", ".css", ".j2", ".js")
    ]
    written = {
        path.name: found
        for path in sources
        if "node_modules" not in path.parts
        and path.name != "palette.py"
        and (found := COLOUR.findall(path.read_text(encoding="utf-8")))
    }
    assert written == {"road.py": ["#B8B8B8"]}


def test_the_palette_brings_no_library_along():
    code = "import sys; from xraydojo import palette; print({'matplotlib', 'numpy', 'IPython'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_the_sign_is_a_picture_of_its_own_in_the_colours_of_the_palette():
    picture = ElementTree.parse(logo.FILE)
    assert picture.getroot().get("aria-label") == "XrayDojo"
    colours = {node.get("fill") for node in picture.iter() if node.get("fill")}
    assert colours == {palette.BLUE, palette.ORANGE, palette.PAPER}
