"""The course's colours and fonts: of figures and verdicts, of the hub's pages and the reports, of the site. Nothing is imported for them."""

# Okabe and Ito's palette, told apart with any colour vision (https://jfly.uni-koeln.de/color/)
BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"
RED, PURPLE, GREY = "#D55E00", "#CC79A7", "#6E6E6E"
SKY = "#56B4E9"  # links and marks on a dark ground

# pages: words, quieter words, lines, the ground of code and table heads, paper
INK, QUIET, LINE, SHADE, PAPER = "#1F2328", "#57606A", "#D0D7DE", "#F6F8FA", "#FFFFFF"
# words in colour: darker than the palette, so that they stand at 4.5 to 1 or more on paper and on its shade (WCAG 2.2, 1.4.3)
RIGHT, WRONG, LATE, LINK = "#00734F", "#B34700", "#7A5C00", "#0550AE"
# the grounds of boxes, light enough for ink
RIGHT_SHADE, WRONG_SHADE, CALM_SHADE = "#E9F6F1", "#FDF1E8", "#EAF3F9"

FONTS = (
    'system-ui, -apple-system, "Segoe UI", "Hiragino Sans", "Noto Sans CJK JP", "Noto Sans JP", "Yu Gothic UI", '
    "Meiryo, IPAexGothic, sans-serif"
)
CODE_FONTS = 'ui-monospace, "SFMono-Regular", Menlo, Consolas, "Noto Sans Mono CJK JP", monospace'


def css() -> str:
    """Return the palette as a CSS rule: the custom properties of the root element, such as ``--blue``."""
    colours = {
        "blue": BLUE, "orange": ORANGE, "green": GREEN, "red": RED, "purple": PURPLE, "grey": GREY, "sky": SKY,
        "ink": INK, "quiet": QUIET, "line": LINE, "shade": SHADE, "paper": PAPER,
        "right": RIGHT, "wrong": WRONG, "late": LATE, "link": LINK,
        "right-shade": RIGHT_SHADE, "wrong-shade": WRONG_SHADE, "calm-shade": CALM_SHADE,
        "fonts": FONTS, "code-fonts": CODE_FONTS,
    }  # fmt: skip
    return ":root { " + "; ".join(f"--{name}: {value}" for name, value in colours.items()) + " }"


def box(color: str, shade: str) -> str:
    """Return the style of a box of words: a bar of the colour at its left, on its shade, whatever the theme around it."""
    return f"border-left:6px solid {color};background:{shade};color:{INK};padding:8px 12px;border-radius:3px;line-height:1.6"
