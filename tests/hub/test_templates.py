"""JupyterHub's own pages in the class's language: they stand on JupyterHub's templates, and say nothing in another language."""

import re
from pathlib import Path

import jupyterhub
import pytest
from jinja2 import (
    ChainableUndefined,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
)
from jupyterhub._data import DATA_FILES_PATH

from xraydojo.hub import configuration
from xraydojo.hub.accounts import LiveCourse

THEIRS = Path(DATA_FILES_PATH) / "templates"
OURS = Path(configuration.TEMPLATES)
NAMES = sorted(path.name for path in OURS.glob("*.html"))
# what the words of the pages may hold of another language in a Japanese page
NAMED = {"JupyterLab"}


def environment(undefined=StrictUndefined):
    """Return the templates as JupyterHub looks for them."""
    loaders = [
        PrefixLoader({"templates": FileSystemLoader(THEIRS)}, "/"),
        FileSystemLoader([OURS, THEIRS]),
    ]
    return Environment(loader=ChoiceLoader(loaders), autoescape=True, undefined=undefined)


def words(site, language):
    site.course_file.write_text(
        site.course_file.read_text().replace("language: ja", f"language: {language}").replace("title: Seminar", "title: 〇〇")
    )  # fmt: skip
    values = configuration.words(LiveCourse(site.course_file))
    return {name: value(None) if callable(value) else value for name, value in values.items()}


@pytest.mark.parametrize("name", [name for name in NAMES if (THEIRS / name).exists()])
def test_every_block_is_one_that_jupyterhub_has(name):
    templates = environment()
    theirs = set(templates.get_template(f"templates/{name}").blocks)
    # a template may fill the blocks of the page below it, too
    theirs |= set(templates.get_template("templates/page.html").blocks)
    assert set(templates.get_template(name).blocks) <= theirs, jupyterhub.__version__


@pytest.mark.parametrize("name", NAMES)
def test_a_japanese_page_holds_no_english_words(site, name):
    said = environment(ChainableUndefined).get_template(name).render(
        **words(site, "ja"), static_url=lambda path, **_: path, user={"name": ""}, base_url="/hub/", logout_url="/hub/logout",
        authenticator={}, status_code=503, default_server={"active": True}, login_error="Invalid username or password",
    )  # fmt: skip
    body = said[said.index("<nav") : said.index('<div class="modal')]
    body = re.sub(r"(?s)<script.*?</script>|<style.*?</style>|<details.*?</details>", "", body)
    shown = re.sub(r"<[^>]+>", " ", body)
    # the sign for machines, which no eye sees, and the status for whoever is asked for help
    shown = re.sub(r"\d*%\s+Complete|503\s*$", "", shown.strip())
    assert set(re.findall(r"[A-Za-z]{2,}", shown)) <= NAMED
    assert re.search("[ぁ-ん]", shown)


@pytest.mark.parametrize(("language", "word"), [("ja", "パスワード"), ("en", "Password")])
def test_the_login_page_is_of_the_class(site, language, word):
    said = environment(ChainableUndefined).get_template("login.html").render(
        **words(site, language), static_url=lambda path, **_: path, authenticator={}
    )  # fmt: skip
    assert word in said and "〇〇" in said and f'documentElement.lang = "{language}"' in said
