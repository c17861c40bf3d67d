"""The site of one real unit, made once: both languages, nothing of the solutions, nothing from elsewhere, and what a browser says of it."""

import importlib.util
import os
import re
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from xraydojo import DojoError, language
from xraydojo import site as the_site
from xraydojo.language import LANGUAGES
from xraydojo.lesson import COURSE, find_unit, read_unit
from xraydojo.site import outputs

UNIT = "02_perceptron"
UNIT_PAGE = f"units/{UNIT}.html"
AXE = the_site.HERE / "node_modules" / "axe-core" / "axe.min.js"
DESKTOP, PHONE = {"width": 1360, "height": 850}, {"width": 390, "height": 844}
both_languages = pytest.mark.parametrize("language", LANGUAGES)


def lacking(what: str):
    """On a user's machine, skip with a word; in CI, fail."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(what)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the folder of the site of unit 02; its notebooks are run anew."""
    if importlib.util.find_spec("sphinx") is None:
        lacking("no Sphinx: pip install -r requirements.lock")
    if shutil.which("npm") is None:
        lacking("no npm on PATH: apt install nodejs npm")
    folder = tmp_path_factory.mktemp("site")
    language.use("en")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outputs, "cache", lambda: folder / "kept")
        try:
            warnings = the_site.build([find_unit(UNIT)], folder / "html")
        except DojoError as error:
            lacking(str(error)) if "npm" in str(error) else pytest.fail(str(error))
    assert warnings == []
    return folder / "html"


@pytest.fixture(scope="module")
def pages(site) -> list[Path]:
    """Return all pages of the site."""
    return sorted(site.rglob("*.html"))


def soup(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def leads_to(page: Path, address: str) -> tuple[Path, str]:
    """Return file and anchor to which an address on a page leads."""
    parts = urlsplit(address)
    return (page.parent / unquote(parts.path)).resolve() if parts.path else page, unquote(parts.fragment)


def is_local(address: str) -> bool:
    return not urlsplit(address).scheme and not address.startswith("//")


@both_languages
def test_the_switch_on_each_page_leads_to_the_same_page_in_the_other_language(site, pages, language):
    other = {"en": "ja", "ja": "en"}[language]
    here = [page for page in pages if page.is_relative_to(site / language)]
    assert len(here) == 8  # start, unit, three guides, glossary, data sets, search
    for page in here:
        (switch,) = soup(page).select(".other-language a")
        assert leads_to(page, switch["href"])[0] == site / other / page.relative_to(site / language)
        assert switch["lang"] == switch["hreflang"] == other
        assert soup(page).html["lang"] == language


def test_every_link_and_every_picture_is_there_down_to_the_anchor(pages):
    soups = {page: soup(page) for page in pages}
    dead = []
    for page, tree in soups.items():
        for tag in tree.select("a[href], img[src], link[href], script[src]"):
            address = tag.get("href") or tag.get("src")
            if not is_local(address) or address == "#":
                continue
            file, anchor = leads_to(page, address)
            if not file.is_file():
                dead.append((page.name, address))
            elif anchor and file in soups and soups[file].find(id=anchor) is None:
                dead.append((page.name, address))
    assert dead == []


def test_no_page_and_no_style_loads_anything_from_elsewhere(site, pages):
    loaded = [
        (page.name, tag.get("src") or tag.get("href") or tag.get("data"))
        for page in pages
        for tag in soup(page).select(
            "script[src], img[src], iframe[src], object[data], source[src], link[href]"
        )
    ]
    assert loaded
    assert [
        (name, address)
        for name, address in loaded
        if not is_local(address) and not address.startswith("data:")
    ] == []
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert not re.search(r"@import|url\(['\"]?(https?:)?//", text), style.name


def test_every_picture_is_told_in_words(pages):
    for page in pages:
        for image in soup(page).select("article img"):
            assert image["alt"].strip() and not image["alt"].endswith(".png"), (page.name, image["src"])


@both_languages
def test_figures_carry_the_lessons_own_words(site, language):
    texts = {image["alt"] for image in soup(site / language / UNIT_PAGE).select(".cell_output img")}
    words = {
        "en": "AND and OR: the same slanted line, shifted by the bias",
        "ja": "AND と OR：同じ傾きの直線が、バイアスの分だけずれている",
    }
    assert words[language] in texts and len(texts) >= 7


def unit_text(site: Path, language: str) -> str:
    return soup(site / language / UNIT_PAGE).get_text()


def secret_lines(kind: str) -> list[str]:
    """Return the lines of the lesson between the marks of a solution or of hidden tests."""
    lesson = (COURSE / UNIT / "lesson.py").read_text(encoding="utf-8")
    blocks = re.findall(rf"### BEGIN {kind}\n(.*?)### END {kind}", lesson, re.S)
    return [line.strip() for block in blocks for line in block.splitlines() if len(line.strip()) > 12]


@both_languages
@pytest.mark.parametrize("kind", ["SOLUTION", "HIDDEN TESTS"])
def test_solutions_and_hidden_tests_are_nowhere_on_the_site(site, language, kind):
    secrets = secret_lines(kind)
    assert len(secrets) > 8
    everything = unit_text(site, language) + (site / language / "searchindex.js").read_text(encoding="utf-8")
    assert [line for line in secrets if line in everything] == []
    assert "BEGIN SOLUTION" not in everything and "HIDDEN" not in everything


@both_languages
def test_exercises_are_open_and_their_checks_say_what_the_solution_earns(site, language):
    unit, text = read_unit(UNIT), unit_text(site, language)
    assert text.count("raise NotImplementedError()") == len(unit.exercises)
    says = {"en": "✓ {}: correct.", "ja": "✓ {}：正解です。"}[language]
    for exercise in unit.exercises:
        assert text.count(says.format(exercise.exercise)) == 1
    checks = soup(site / language / UNIT_PAGE).select(".tag_test details .cell_input")
    assert len(checks) == len(unit.exercises)


@both_languages
def test_recall_questions_unfold_to_their_answers(site, language):
    questions = soup(site / language / UNIT_PAGE).select("article details:not(.hide)")
    words = {"en": "z = 2 - 2 + 0 = 0", "ja": "z = 2 - 2 + 0 = 0 です"}
    assert len(questions) == 3
    assert words[language] in questions[0].get_text() and questions[0].summary.get_text().startswith("1. ")


@both_languages
def test_a_widget_shows_its_first_state_and_says_that_it_moves_in_the_notebook(site, language):
    page = soup(site / language / UNIT_PAGE)
    words = {"en": "In the notebook there are controls", "ja": "ノートブックでは上に操作部品が付き"}
    (note,) = [note for note in page.select(".admonition.note") if words[language] in note.get_text()]
    still = note.find_previous("img")["alt"]
    assert still in ("Four points and the line that you set", "四つの点と、スライダーで決めた直線")


@both_languages
def test_terms_are_linked_once_on_a_page_at_their_first_use_and_never_in_headings_or_code(site, language):
    page = site / language / UNIT_PAGE
    links = soup(page).select("a.term")
    anchors = [link["href"] for link in links]
    assert len(anchors) == len(set(anchors)) >= 12
    for link in links:
        assert link["title"], link
        assert not link.find_parent(["h1", "h2", "h3", "pre", "code"])
    first = {"en": "learning rate", "ja": "学習率"}[language]
    assert [link.get_text() for link in links if link["href"].endswith("#term-learning-rate")] == [first]


def test_japanese_lines_are_joined_without_a_space(site):
    assert "黒い肺が下に寄っている、心臓が反対側を向いている。" in unit_text(site, "ja")


def test_the_first_page_leads_to_both_languages(site):
    links = [link["href"] for link in soup(site / "index.html").select("a")]
    assert links == ["en/index.html", "ja/index.html"]


@pytest.fixture
def visit(chromium, site):
    """Open pages of the site, and see that they load nothing but what lies in its folder."""
    asked, contexts = [], []

    def open(path: str, size=DESKTOP, scheme="light"):
        context = chromium.new_context(viewport=size, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"file://{site}/{path}")
        return page

    yield open
    for context in contexts:
        context.close()
    elsewhere = [url for url in asked if not url.startswith((f"file://{site}/", "data:", "blob:"))]
    assert asked and elsewhere == []


@pytest.mark.parametrize(
    ("words", "found"), [("決定境界", True), ("学習則", True), ("重", True), ("核磁気共鳴", False)]
)
def test_search_finds_japanese_words_that_stand_on_a_page(visit, words, found):
    page = visit(f"ja/search.html?q={words}")
    page.locator(".search-summary").filter(has_text=re.compile("見つか|一致")).wait_for()
    titles = page.locator("#search-results li a").all_inner_texts()
    assert any("02 パーセプトロン" in title for title in titles) == found
    # whole words are highlighted on the page that is opened next
    assert page.evaluate("localStorage.getItem('sphinx_highlight_terms')") == words


def test_search_finds_english_words_on_english_pages(visit):
    page = visit("en/search.html?q=boundary")
    page.locator("#search-results li a").first.wait_for()
    titles = page.locator("#search-results li a").all_inner_texts()
    assert any(title.startswith("02 The perceptron") for title in titles)


def test_the_browser_cuts_a_question_as_python_cuts_the_pages(visit):
    from xraydojo.site.search import pairs

    page = visit("ja/search.html")
    for text in (
        "ROC 曲線下面積（AUC）",
        "3×3 のカーネル",
        "重み",
        "肺",
        "時々、U-Net を使う。",
        "データ拡張",
    ):
        assert page.evaluate("text => splitQuery(text)", text) == pairs(text)


def test_pairs_are_what_a_reader_would_cut():
    pytest.importorskip("sphinx")
    from xraydojo.site.search import pairs

    assert pairs("誤差逆伝播法と CNN") == ["誤差", "差逆", "逆伝", "伝播", "播法", "法と", "CNN"]
    assert pairs("肺 (lung)") == ["肺", "lung"]


def test_formulas_are_set_without_a_network(visit):
    page = visit(f"en/{UNIT_PAGE}")
    page.locator("mjx-container svg").first.wait_for()
    assert page.locator("mjx-container").count() >= 40
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0


@pytest.mark.parametrize("path", [f"ja/{UNIT_PAGE}", "en/guides/instructors.html"])
def test_a_phone_need_not_be_pushed_sideways(visit, path):
    page = visit(path, PHONE)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize(
    ("path", "size", "scheme"),
    [
        ("index.html", DESKTOP, "light"),
        (f"en/{UNIT_PAGE}", DESKTOP, "light"),
        (f"ja/{UNIT_PAGE}", PHONE, "dark"),
        ("ja/glossary.html", PHONE, "light"),
        ("en/index.html", DESKTOP, "dark"),
        ("ja/search.html?q=決定境界", DESKTOP, "light"),
    ],
)
def test_axe_finds_nothing_serious(visit, path, size, scheme):
    page = visit(path, size, scheme)
    page.wait_for_load_state("networkidle")
    page.add_script_tag(path=AXE)
    found = page.evaluate("async () => (await axe.run()).violations")
    grave = [
        (violation["id"], [node["html"][:120] for node in violation["nodes"][:3]])
        for violation in found
        if violation["impact"] in ("serious", "critical")
    ]
    assert grave == []
