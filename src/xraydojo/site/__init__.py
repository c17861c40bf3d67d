"""The course as a web site in both languages, read without a network: Sphinx makes it from the notebooks, the guides and the glossary."""

import importlib.util
import io
import re
import shutil
import tempfile
from importlib.resources import files
from pathlib import Path

from xraydojo import DojoError, language, logo, npm, palette
from xraydojo.language import LANGUAGES, L
from xraydojo.site.outputs import pages, run

HERE = Path(__file__).parent
MATHJAX = HERE / "node_modules" / "mathjax"


def build(folders: list[Path], out: Path) -> list[str]:
    """Write the site of some units.

    Parameters
    ----------
    folders : list of Path
        Units' folders in ``course/``. Those notebooks are run whose outputs are not kept from an earlier time.
    out : Path
        The site's folder. ``index.html``, ``en`` and ``ja`` in it are replaced.

    Returns
    -------
    list of str
        What Sphinx warned of; nothing if all is well.

    Raises
    ------
    DojoError
        If Sphinx, Node.js or npm is missing, or notebooks failed: each is named, with its cell. Then the site stays as it was.
    """
    _refuse_without_sphinx()
    npm.install(HERE, MATHJAX / "es5" / "tex-svg.js")
    print(L("Building the notebooks …", "ノートブックを構築しています…"), flush=True)
    found = pages(folders)
    run(found)
    print(L("Making the pages …", "ページを作っています…"), flush=True)
    warnings = []
    with tempfile.TemporaryDirectory() as place:
        for lang in LANGUAGES:
            with language.speaking(lang):
                chosen = [page for page in found if page.language == lang]
                warnings += _make(chosen, lang, Path(place, lang))
        out.mkdir(parents=True, exist_ok=True)
        for lang in LANGUAGES:
            shutil.rmtree(out / lang, ignore_errors=True)
            shutil.move(Path(place, lang, "html"), out / lang)
    (out / "index.html").write_text(_entrance(), encoding="utf-8")
    return warnings


def _refuse_without_sphinx() -> None:
    missing = [name for name in ("sphinx", "myst_nb", "furo") if importlib.util.find_spec(name) is None]
    if missing:
        raise DojoError(
            L(
                f"the site needs {', '.join(missing)}; install them: pip install -r requirements.lock",
                f"サイトを作るには {'、'.join(missing)} が必要です。pip install -r requirements.lock で入れてください",
            )
        )


def _make(pages: list, lang: str, folder: Path) -> list[str]:
    """Make the site in one language in ``folder/html``; return what Sphinx warned of."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    from xraydojo.site.sources import write

    source = folder / "source"
    write(source, pages)
    shutil.copytree(HERE / "locale", source / "locale")
    _lay_static(folder / "static")
    settings = _configuration(lang, folder / "static").items()
    (source / "conf.py").write_text("\n".join(f"{name} = {value!r}" for name, value in settings), "utf-8")
    said = io.StringIO()
    with patch_docutils(), docutils_namespace():
        app = Sphinx(
            srcdir=source,
            confdir=source,
            outdir=folder / "html",
            doctreedir=folder / "doctrees",
            buildername="html",
            status=None,
            warning=said,
        )
        app.build(force_all=True)
    # without the colours of a terminal and the name of a folder that is gone
    plain = re.sub(r"\x1b\[[\d;]*m", "", said.getvalue()).replace(f"{source}/", "")
    return [f"{lang}: {line}" for line in plain.splitlines() if line.strip()]


def _lay_static(folder: Path) -> None:
    """Lay what the pages load: the style with the palette, the sign, and MathJax with its licence."""
    shutil.copytree(HERE / "static", folder)
    style = folder / "site.css"
    style.write_text(f"{palette.css()}\n{style.read_text(encoding='utf-8')}", encoding="utf-8")
    shutil.copyfile(logo.FILE, folder / "logo.svg")
    (folder / "mathjax").mkdir()
    for file in (MATHJAX / "es5" / "tex-svg.js", MATHJAX / "LICENSE"):
        shutil.copyfile(file, folder / "mathjax" / file.name)


def _configuration(lang: str, static: Path) -> dict:
    """Return Sphinx's settings."""
    fonts = {"font-stack": palette.FONTS, "font-stack--monospace": palette.CODE_FONTS}
    return {
        "project": "XrayDojo",
        "html_title": "XrayDojo",
        "language": lang,
        "html_search_language": lang,
        "locale_dirs": ["locale"],
        "extensions": ["myst_nb", "sphinx.ext.mathjax", "xraydojo.site.extension"],
        "myst_enable_extensions": ["dollarmath", "amsmath", "colon_fence"],
        "nb_execution_mode": "off",
        "nb_merge_streams": True,
        "nb_output_stderr": "remove",
        "nb_code_prompt_show": L("Show the check", "確認セルを表示"),
        "nb_code_prompt_hide": L("Hide the check", "確認セルを隠す"),
        # widgets stand still; their scripts would come from elsewhere
        "nb_ipywidgets_js": {},
        "mathjax_path": "mathjax/tex-svg.js",
        "mathjax3_config": {"options": {"enableMenu": False}},
        "templates_path": [str(HERE / "templates")],
        "html_static_path": [str(static)],
        "html_css_files": ["site.css"],
        "html_js_files": ["site.js"],
        "html_theme": "furo",
        "html_logo": str(static / "logo.svg"),
        "html_favicon": str(static / "logo.svg"),
        "html_theme_options": {
            "light_css_variables": fonts
            | {"color-brand-primary": palette.BLUE, "color-brand-content": palette.LINK},
            "dark_css_variables": {"color-brand-primary": palette.SKY, "color-brand-content": palette.SKY},
            "top_of_page_buttons": [],
        },
        "pygments_style": "a11y-high-contrast-light",
        "pygments_dark_style": "a11y-high-contrast-dark",
        "html_show_copyright": False,
        "html_show_sourcelink": False,
        "html_copy_source": False,
        "html_use_index": False,
    }


def _entrance() -> str:
    """Return the page that leads to the reader's own language."""
    from jinja2 import Environment

    text = files("xraydojo.site").joinpath("templates", "entrance.html.j2").read_text(encoding="utf-8")
    return Environment(autoescape=True).from_string(text).render(palette=palette, logo=logo.address())
