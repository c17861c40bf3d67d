"""Feedback is one page that shows a learner where they stand and runs nothing that the learner's cells put out."""

import base64
import io
import re

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell
from PIL import Image

from xraydojo.grade import feedback, grade
from xraydojo.grade.feedback import clean
from xraydojo.grade.formula import formula

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
HOSTILE = """from IPython.display import HTML, Image, Javascript, Markdown, SVG, display
display(HTML('<script>alert(1)</script><b onclick="alert(2)">bold</b><img src=x onerror=alert(3)>'))
display(HTML('<a href="javascript:alert(4)">a</a><a href=" java\\nscript:alert(4)">b</a><iframe src="https://evil.example"></iframe>'))
display(HTML('<p style="background:url(https://evil.example/a)">c</p><style>@import "https://evil.example/b";</style>'))
display(HTML('<svg onload=alert(5)></svg><math><mtext><form><input autofocus onfocus=alert(6)></form></mtext></math>'))
display(HTML('<object data="https://evil.example"></object><embed src="https://evil.example"><base href="https://evil.example">'))
display(HTML('<meta http-equiv="refresh" content="0;url=https://evil.example"><link rel=stylesheet href="https://evil.example">'))
display(HTML('<img src="https://evil.example/c.png" srcset="https://evil.example/d.png 2x"><video src="https://evil.example/e">'))
display(HTML('</pre></div></main></body></html><script>alert(7)</script>'))
display(Javascript('alert(8)'))
display(SVG('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(9)</script></svg>'))
display(Markdown('<script>alert(10)</script> [x](javascript:alert(11)) ![y](https://evil.example/f.png)'))
display({'image/png': 'x" onerror="alert(12)'}, raw=True)
display({'image/png': 'A PICTURE'}, metadata={'image/png': {'width': '1 onerror=alert(13)', 'alt': '"><script>alert(14)</script>'}}, raw=True)
print('<script>alert(15)</script>')
raise ValueError('<script>alert(16)</script>')
""".replace("A PICTURE", base64.b64encode(PNG).decode())


def parsed(page):
    return BeautifulSoup(page, "html.parser")


def assert_harmless(page):
    soup = parsed(page)
    assert (
        soup.find_all(
            ["script", "iframe", "object", "embed", "base", "link", "form", "input", "svg", "math", "video"]
        )
        == []
    )
    assert len(soup.find_all("style")) == 1
    for tag in soup.find_all(True):
        assert not [name for name in tag.attrs if name.startswith("on") or name == "srcset"], tag
        assert re.match(r"#|https?://|mailto:", tag.get("href", "#")), tag
        assert tag.get("src", "data:image/").startswith("data:image/"), tag
        assert "url(" not in tag.get("style", ""), tag
    for style in soup.find_all("style"):
        assert "url(" not in style.text and "@import" not in style.text
    refresh = [meta.get("http-equiv") for meta in soup.find_all("meta") if meta.get("http-equiv")]
    assert refresh == ["Content-Security-Policy"]


@pytest.fixture(scope="module")
def report(unit, course, tmp_path_factory):
    """Return the report of one submission with a bit of everything, in Japanese."""
    from tests.grade.conftest import Handed

    path = course / "exercises" / "ja" / "05_numbers" / "05_numbers.ipynb"
    work = Handed(path, tmp_path_factory.mktemp("handed")).right("double")
    work.write(
        halve="def halve(x):\n    print('seen', x)\n    return x + 1",
        negate="def negate(x):\n    return 1 / 0",
    )
    work.insert("halve", new_code_cell(HOSTILE)).remove("test-double")
    work.insert("halve", new_markdown_cell("my <script>alert(17)</script> notes"))
    return grade(unit, work.in_file("山田 <b>太郎.ipynb"))


@pytest.fixture(scope="module")
def page(report):
    return feedback(report)


def test_the_page_shows_score_marks_messages_and_repairs_in_the_learners_language(page):
    soup = parsed(page)
    assert soup.html["lang"] == "ja" and "数" in soup.h1.text
    assert soup.select_one(".score").text == "2 / 6 点"
    assert [item["class"] for item in soup.select(".tests li")] == [["passed"], ["failed"], ["crashed"]]
    assert [mark.text for mark in soup.select(".mark")] == [
        "✓ 正解",
        "✗ まだ正解ではありません",
        "✗ エラーで停止",
    ]
    assert "1.5 になるはずですが、4 になっています。" in soup.select(".tests li")[1].text
    assert "double の確認セルがなかったので、元に戻しました。" in soup.text


def test_each_exercise_is_linked_to_its_cell(page):
    soup = parsed(page)
    links = [link["href"] for link in soup.select(".tests a")]
    assert links == ["#double", "#halve", "#negate"]
    for link in links:
        assert len(soup.select(link)) == 1 and "def" in soup.select_one(link).text


def test_a_learners_output_is_harmless(page):
    assert_harmless(page)


def test_the_words_of_a_hostile_output_are_still_readable(page):
    soup = parsed(page)
    assert "bold" in soup.text and "<script>alert(15)</script>" in soup.text and "ValueError" in soup.text
    assert soup.find("title").text and "山田 <b>太郎" in soup.text


def test_the_policy_forbids_scripts_and_remote_loads(page):
    policy = parsed(page).find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'" and rules["img-src"] == "data:"
    assert "script-src" not in rules


def test_figures_are_kept_with_their_text(page):
    pictures = [image for image in parsed(page).find_all("img") if "src" in image.attrs]
    assert [base64.b64decode(image["src"].split(",")[1]) for image in pictures] == [PNG]
    assert pictures[0]["alt"] == '"><script>alert(14)</script>'


def test_hidden_tests_are_not_shown_nor_what_was_printed_while_they_ran(page):
    assert "HIDDEN" not in page and "1234" not in page and "2468" not in page and "hidden=True" not in page
    assert 'check("halve")' in parsed(page).text
    assert "seen 3" not in parsed(page).text


def test_a_page_without_outputs_of_a_learner_is_in_english_for_an_english_notebook(unit, handed):
    soup = parsed(feedback(grade(unit, handed().right().in_file())))
    assert soup.html["lang"] == "en" and "6 / 6 points" in soup.text
    assert [mark.text for mark in soup.select(".mark")] == ["✓ correct"] * 3
    assert "put right" not in soup.text


@pytest.mark.parametrize(
    "html",
    [
        '<img src="data:image/svg+xml;base64,PHN2Zz4=">',
        '<img src="data:text/html,<script>alert(1)</script>">',
        '<a href="data:text/html,<script>alert(1)</script>">x</a>',
        '<p style="background:u\\72l(https://evil.example)">x</p>',
        '<p style="position:fixed;top:0">x</p>',
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
        "<!--><img src=x onerror=alert(1)>-->",
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
        '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    ],
)
def test_known_tricks_are_cleaned(html):
    cleaned = str(clean(html))
    assert_harmless(f'<meta http-equiv="Content-Security-Policy"><style></style>{cleaned}')
    assert "position" not in cleaned and "72l" not in cleaned


def test_a_checks_own_colours_and_picture_survive_the_cleaning():
    box = '<div style="border-left:6px solid #009E73;background:#E9F6F1;padding:8px">ok</div>'
    assert "background: #E9F6F1" in clean(box).replace(":#", ": #")
    picture = '<img alt="a" src="data:image/png;base64,AAAA" style="max-width:100%">'
    assert parsed(clean(picture)).img["src"] == "data:image/png;base64,AAAA"


def test_a_formula_is_a_picture_that_reads_as_its_tex_and_stands_on_the_line():
    picture = parsed(formula(r"w_1 x_1 + b \ge 0")).img
    assert picture["alt"] == r"w_1 x_1 + b \ge 0"
    data = base64.b64decode(picture["src"].removeprefix("data:image/png;base64,"))
    image = Image.open(io.BytesIO(data))
    style = dict(rule.split(":") for rule in picture["style"].split(";"))
    # 192 dots and 96 CSS pixels are an inch each
    assert float(style["height"].removesuffix("px")) == pytest.approx(image.height / 2, abs=0.1)
    assert -6 < float(style["vertical-align"].removesuffix("px")) < 0


@pytest.mark.parametrize(
    "tex", [r"\begin{cases} 1 & z \ge 0 \end{cases}", "{" * 200, "重み", "a$b", '"><script>', "x" * 1000]
)
def test_a_formula_that_cannot_be_set_stays_tex(tex):
    code = parsed(formula(tex)).code
    assert code.text == tex and parsed(formula(tex)).find("script") is None
