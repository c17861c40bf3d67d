"""What Sphinx makes one language of the site from: the notebooks with their outputs, the guides, the data cards, the glossary, the start page."""

import re
import shutil
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell

from xraydojo import progress, road
from xraydojo.build import ONWARD
from xraydojo.check.verdict import MIME
from xraydojo.data.cards import Card, cards
from xraydojo.language import L, current
from xraydojo.lesson import REPOSITORY, Entry, read_syllabus
from xraydojo.site.extension import GLOSSARY, UNITS
from xraydojo.site.outputs import Page

DOCS = REPOSITORY / "docs"
GUIDES = ("learners", "instructors", "administrators")
# the guides' own links to their other language; on the site every page has one
_TO_OTHER_LANGUAGE = re.compile(r"^\[(日本語|English)\]\(\w+(\.ja)?\.md\)\n+", re.M)


def write(folder: Path, pages: list[Page]) -> None:
    """Write the sources of the site in the current language.

    Parameters
    ----------
    folder : Path
        A new folder.
    pages : list of Page
        The notebooks in that language, with their outputs kept.
    """
    entries = [entry for entry in read_syllabus() if entry.id in {page.unit for page in pages}]
    (folder / UNITS).mkdir(parents=True)
    (folder / "guides").mkdir()
    for page in pages:
        nbformat.write(notebook(page), folder / UNITS / f"{page.unit}.ipynb")
    for name in GUIDES:
        _write_guide(folder / "guides", name)
    (folder / "data.md").write_text(_data(cards()), encoding="utf-8")
    (folder / f"{GLOSSARY}.md").write_text(_glossary(), encoding="utf-8")
    (folder / "index.md").write_text(_start(entries), encoding="utf-8")
    (folder / "road.svg").write_text(_road(entries), encoding="utf-8")


def notebook(page: Page) -> nbformat.NotebookNode:
    """Return a notebook as the site shows it: checks folded away but for what they say, and a word where a widget stands still."""
    shown = page.shown
    cells = []
    for cell in shown.cells:
        if cell.id == ONWARD:
            continue  # each page of the site has its own way on
        role = cell.metadata.get("xraydojo", {}).get("role")
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(MIME, None)  # the check's record, which no page shows
        if role in ("exercise", "test"):
            cell.metadata["tags"] = [role] + ["hide-input"] * (role == "test")
        cells.append(cell)
        if role == "explore" and "interact" in cell.source:
            cells.append(new_markdown_cell(_still(), id=f"{cell.id}-still"))
    shown.cells = cells
    return shown


def _still() -> str:
    words = L(
        "Here this stands still. In the notebook there are controls above it, and it follows them.",
        "ここでは止まっていますが、ノートブックでは上に操作部品が付き、動かすと図や数値が変わります。",
    )
    return f":::{{note}}\n{words}\n:::"


def _write_guide(folder: Path, name: str) -> None:
    text = (DOCS / L(f"{name}.md", f"{name}.ja.md")).read_text(encoding="utf-8")
    text = _TO_OTHER_LANGUAGE.sub("", text).replace(".ja.md)", ".md)")
    for picture in re.findall(r"\]\((screenshots/\w+\.png)\)", text):
        (folder / picture).parent.mkdir(exist_ok=True)
        shutil.copyfile(DOCS / picture, folder / picture)
    (folder / f"{name}.md").write_text(text, encoding="utf-8")


def _data(all_cards: list[Card]) -> str:
    """Return the page of the data cards."""
    head = L(
        "# Data sets\n\nThe course brings its own films, computed from a phantom. These are the sets that it knows besides; `./dojo data`"
        " fetches them, or takes those that you have.",
        "# データセット\n\nこの講座の画像は、ファントムから計算で作ったものです。このほかに、次のデータセットを扱えます。`./dojo data` で"
        "ダウンロードするか、お手元のものを使ってください。",
    )
    return "\n\n".join([head, *map(_card, all_cards)])


def _card(card: Card) -> str:
    unknown = L("unknown", "不明")
    licence = L(**card.licence) if card.licence else unknown
    rows = [
        (L("Name in the course", "講座での名前"), f"`{card.name}`"),
        (L("Page", "ページ"), f"<{card.page}>" if card.page else unknown),
        (L("Download", "ダウンロード"), f"<{card.url}>" if card.url else L("by hand", "手動")),
        ("SHA-256", f"`{card.sha256}`" if card.sha256 else unknown),
        (L("Licence", "ライセンス"), licence + (f" <{card.licence_url}>" if card.licence_url else "")),
        (L("Labels", "ラベル"), L(**card.labels) if card.labels else L("none", "なし")),
        (
            L("Read by", "読み込み関数"),
            f"`xraydojo.data.{card.loader}`" if card.loader else L("nothing", "なし"),
        ),
        (
            L("Computed films in its stead", "代わりになる内蔵データ"),
            L("yes", "あり") if card.embedded else L("no", "なし"),
        ),
    ]
    parts = [f"## {L(**card.title)}", _one_line(L(**card.description))]
    parts.append("\n".join(f"* **{name}**{L(': ', '：')}{_one_line(value)}" for name, value in rows))
    if card.layout:
        parts.append(f"{L('Files:', 'ファイル：')}\n\n```text\n{card.layout.strip()}\n```")
    if card.citation:
        parts.append(
            L("To cite:", "引用：")
            + "\n\n"
            + "\n".join(f"> {_linked(_one_line(text))}\n" for text in card.citation)
        )
    return "\n\n".join(parts)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _linked(text: str) -> str:
    return re.sub(r"https?://\S+", r"<\g<0>>", text)


def _glossary() -> str:
    head = L(
        "# Glossary\n\nThe terms of the course in English and Japanese. Each unit links a term where it first uses it.",
        "# 用語集\n\nこの講座の用語を、五十音順に日本語と英語で示します。各単元のページでは、用語が最初に出てくるところに、ここへのリンクがあります。",
    )
    return head + "\n\n```{course-glossary}\n```\n"


def _road(entries: list[Entry]) -> str:
    """Return the road as one who begins sees it."""
    return road.picture(progress.summary({}, {entry.id for entry in entries}))


def _start(entries: list[Entry]) -> str:
    minutes = sum(entry.reading_minutes + entry.exercise_minutes for entry in entries)
    rows = [
        f"| [{entry.id[:2]} {entry.title[current()]}]({UNITS}/{entry.id}.ipynb) | {entry.reading_minutes} | {entry.exercise_minutes} |"
        for entry in entries
    ]
    described = road.described(progress.summary({}, {entry.id for entry in entries}))
    return L(_START_EN, _START_JA).format(
        units="\n".join(rows),
        unit_pages="\n".join(f"{UNITS}/{entry.id}" for entry in entries),
        guide_pages="\n".join(f"guides/{name}" for name in GUIDES),
        hours=road.hours(minutes),
        described=described,
    )


_START_EN = """\
# XrayDojo

Learn deep learning for medical images by doing. XrayDojo is a course of interactive notebooks on chest radiographs, from the perceptron on,
made for radiological technologists and students. You write a few lines, run the check below them, and are told at once, in words and
pictures, whether they are right and what to think about next.

These pages show the notebooks with their figures, as they look once every exercise is solved. To write and to be checked, open the course
on your own machine.

```{{image}} road.svg
:alt: {described}
:class: road
```

## Two commands

You need Python 3.11, 3.12 or 3.13 and a copy of the course, nothing else: no GPU, no account, no data to download.

```console
$ ./dojo start        # sets everything up and opens the course
$ ./dojo test         # sets everything up and runs the tests
```

On Windows: `py dojo start`. The first start takes a few minutes; from then on it takes seconds.

## The units

| unit | reading (minutes) | exercises (minutes) |
|---|---|---|
{units}

Together {hours}.

## Where to go next

* You learn: [the learners' guide](guides/learners.md)
* You teach: [the instructors' guide](guides/instructors.md): hand out, collect, grade, give feedback
* You install: [the administrators' guide](guides/administrators.md): for a class room, without a network, and the hub
* A word is new to you: [the glossary](glossary.md), English and Japanese
* You have films: [the data sets](data.md) that the course reads

```{{toctree}}
:caption: Units
:hidden:

{unit_pages}
```

```{{toctree}}
:caption: Guides
:hidden:

{guide_pages}
```

```{{toctree}}
:caption: Look up
:hidden:

glossary
data
```
"""

_START_JA = """\
# XrayDojo

手を動かして学ぶ、医用画像のためのディープラーニング講座です。胸部X線画像を題材に、パーセプトロンから一歩ずつ進みます。診療放射線技師と学生のための、
対話型のノートブックです。数行のコードを書いて、すぐ下の確認セルを実行すると、正しいかどうか、次に何を考えればよいかを、言葉と図でその場で知らせます。

このサイトでは、すべての演習を解いたときの図や数値とともに、ノートブックを読むことができます。自分でコードを書いて確かめるには、お使いのパソコンで講座を開いてください。

```{{image}} road.svg
:alt: {described}
:class: road
```

## 二つのコマンド

必要なのは、Python 3.11、3.12、3.13 のいずれかと、この講座のフォルダーだけです。GPU も、アカウントも、データのダウンロードも要りません。

```console
$ ./dojo start        # 準備をすべて行い、講座を開きます
$ ./dojo test         # 準備をすべて行い、テストを実行します
```

Windows では `py dojo start` です。最初の起動には数分かかりますが、二回目からは数秒です。

## 単元

| 単元 | 読む（分） | 演習（分） |
|---|---|---|
{units}

合わせて{hours}です。

## 次に読むもの

* 学ぶ方：[学ぶ方へ](guides/learners.md)
* 教える方：[講師の方へ](guides/instructors.md)（配布、回収、採点、フィードバック）
* 導入する方：[管理者の方へ](guides/administrators.md)（教室での利用、ネットワークのない環境、ハブ）
* 知らない用語があるとき：[用語集](glossary.md)（日本語と英語）
* 画像をお持ちの方：講座で扱える[データセット](data.md)

```{{toctree}}
:caption: 単元
:hidden:

{unit_pages}
```

```{{toctree}}
:caption: ガイド
:hidden:

{guide_pages}
```

```{{toctree}}
:caption: 調べる
:hidden:

glossary
data
```
"""
