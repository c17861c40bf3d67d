"""What the site needs of Sphinx beyond its own: the glossary and links to it, alternative texts, the other language, Japanese search."""

import base64
import hashlib
import json
from pathlib import Path, PurePosixPath
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from xraydojo.glossary import Finder, Term, groups, read_glossary
from xraydojo.language import LANGUAGES, LINE_END, L
from xraydojo.lesson import read_syllabus
from xraydojo.site.search import Japanese

GLOSSARY = "glossary"
UNITS = "units"
# in these no term is linked: headings, code, links, formulas, raw HTML, and what a notebook's code printed
_UNTOUCHED = (nodes.title, nodes.literal, nodes.literal_block, nodes.FixedTextElement, nodes.reference, nodes.math,
              nodes.math_block, nodes.raw, nodes.rubric)  # fmt: skip

# the section of the papers, whose titles are not the course's words
_REFERENCES = ("Going further", "さらに学ぶために")


def setup(app: Sphinx) -> dict[str, Any]:
    """Add all of it to Sphinx."""
    app.add_search_language(Japanese)
    app.add_directive("course-glossary", CourseGlossary)
    app.connect("doctree-read", describe_figures)
    app.connect("doctree-read", join_japanese_lines)
    app.connect("doctree-read", drop_empty_heads)
    app.connect("doctree-resolved", link_terms)
    app.connect("html-page-context", name_other_language)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class CourseGlossary(SphinxDirective):
    """The glossary, in the order of the page's language, with an anchor for each term."""

    def run(self) -> list[nodes.Node]:
        """Return a section for each head of the index."""
        sections = []
        titles = {entry.id: entry.title[self.config.language] for entry in read_syllabus()}
        for head, terms in groups(read_glossary(), self.config.language).items():
            section = nodes.section(ids=[nodes.make_id(f"head-{terms[0].anchor}")])
            section += nodes.title(text=head)
            entries = [self._entry(term, titles[term.unit]) for term in terms]
            section += nodes.definition_list("", *entries, classes=["glossary"])
            sections.append(section)
        return sections

    def _entry(self, term: Term, title: str) -> nodes.definition_list_item:
        language = self.config.language
        other = LANGUAGES[1 - LANGUAGES.index(language)]
        name, foreign = term.name(language), term.name(other)
        # for the search: a term is found before the pages that use it
        self.env.domains.standard_domain.note_object("term", name, term.anchor, location=self.get_location())
        head = nodes.term("", name, ids=[term.anchor])
        if language == "ja" and term.reading != term.ja:
            head += nodes.inline(text=f"（{term.reading}）", classes=["reading"])
        if foreign != name:
            head += nodes.inline(text=foreign, classes=["foreign", f"language-{other}"])
        body = nodes.paragraph(text=term.definition[language] + " ")
        body += self._first_use(term.unit, title)
        return nodes.definition_list_item("", head, nodes.definition("", body))

    def _first_use(self, unit: str, title: str) -> nodes.Node:
        words, page = L(f"Unit {unit[:2]}", f"単元{unit[:2]}"), f"{UNITS}/{unit}"
        if page not in self.env.found_docs:
            return nodes.inline(text=words, classes=["unit"])
        return nodes.reference("", words, refuri=f"{page}.html", reftitle=title, classes=["unit"])


def describe_figures(app: Sphinx, doctree: nodes.document) -> None:
    """Give each figure of a notebook the alternative text that its output carries; myst-nb leaves it out."""
    source = Path(doctree["source"])
    if source.suffix != ".ipynb":
        return
    texts = {}
    for cell in json.loads(source.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            if alt := output.get("metadata", {}).get("image/png", {}).get("alt"):
                # myst-nb names the file by its content
                picture = base64.b64decode(output["data"]["image/png"])
                texts[hashlib.sha256(picture).hexdigest()] = alt
    for image in doctree.findall(nodes.image):
        image["alt"] = texts.get(PurePosixPath(image["uri"]).stem, image.get("alt", ""))


def join_japanese_lines(app: Sphinx, doctree: nodes.document) -> None:
    """Join lines between two Japanese signs: a browser would set a space there, which Japanese does not have."""
    for parent in list(doctree.findall(nodes.TextElement)):
        signs = [node.astext() for node in parent.children]
        # MyST makes a line's end a node of its own
        for place in reversed(range(1, len(signs) - 1)):
            if signs[place] == "\n" and LINE_END.search("".join(signs[place - 1 : place + 2])):
                del parent[place]


def drop_empty_heads(app: Sphinx, doctree: nodes.document) -> None:
    """Take away the head of a table in which nothing stands: Markdown knows no table without one."""
    for head in list(doctree.findall(nodes.thead)):
        if not head.astext().strip():
            head.parent.remove(head)


def link_terms(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Link each term at its first use on a unit's page to the glossary."""
    if not page.startswith(f"{UNITS}/"):
        return
    # an earlier unit may use the same word for something else
    terms = [term for term in read_glossary() if term.unit <= page.removeprefix(f"{UNITS}/")]
    finder = Finder(terms, app.config.language)
    glossary = app.builder.get_relative_uri(page, GLOSSARY)
    linked: set[str] = set()
    for text in list(doctree.findall(nodes.Text)):
        if not _is_prose(text):
            continue
        pieces, end = [], 0
        for first, last, term in finder.find(text):
            if term.anchor in linked:
                continue
            linked.add(term.anchor)
            pieces += [
                nodes.Text(text[end:first]),
                _link(text[first:last], glossary, term, app.config.language),
            ]
            end = last
        if pieces:
            text.parent.replace(text, [*pieces, nodes.Text(text[end:])])


def _is_prose(text: nodes.Text) -> bool:
    node = text.parent
    while node is not None:
        if isinstance(node, _UNTOUCHED) or node.get("nb_element"):
            return False
        if isinstance(node, nodes.section) and node[0].astext() in _REFERENCES:
            return False
        node = node.parent
    return True


def _link(words: str, glossary: str, term: Term, language: str) -> nodes.reference:
    return nodes.reference(
        "",
        words,
        refuri=f"{glossary}#{term.anchor}",
        reftitle=term.definition[language],
        internal=True,
        classes=["term"],
    )


def name_other_language(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    """Tell the templates the other language, and where the same page is in it."""
    here = app.config.language
    other = LANGUAGES[1 - LANGUAGES.index(here)]
    up = "../" * (page.count("/") + 1)
    context["other_language"] = {"code": other, "name": {"en": "English", "ja": "日本語"}[other]}
    context["other_page"] = f"{up}{other}/{page}.html"
    context["L"] = L
