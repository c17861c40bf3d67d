"""Search in Japanese, which has no spaces: every two signs that stand together are a word, on the page and in the question alike.

Sphinx cuts the pages into words by TinySegmenter but leaves what a reader types whole (Sphinx issue 13395), so that most questions find
nothing. Pairs need no dictionary and are cut the same by Python and by the browser.
"""

import re

from sphinx.search import SearchLanguage

# iteration mark, hiragana, katakana and its long-vowel mark, kanji
_SIGNS = "\u3005\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u9fff"
_RUNS = re.compile(rf"[{_SIGNS}]+|(?:(?![{_SIGNS}])\w)+")
_JAPANESE = re.compile(rf"[{_SIGNS}]")


def pairs(text: str) -> list[str]:
    """Return what a text is found by: pairs of Japanese signs that stand together, and words of other scripts.

    A run of a single Japanese sign is that sign.
    """
    found = []
    for run in _RUNS.findall(text):
        long = _JAPANESE.match(run) and len(run) > 2
        found += [run[i : i + 2] for i in range(len(run) - 1)] if long else [run]
    return found


class Japanese(SearchLanguage):
    """Sphinx's search, in pairs; single kanji are indexed besides, so that a question of one finds them."""

    lang = "ja"
    language_name = "Japanese"
    js_splitter_code = rf"""
function splitQuery(query) {{
  const runs = query.match(/[{_SIGNS}]+|(?:(?![{_SIGNS}])[\p{{L}}\p{{N}}_])+/gu) || [];
  return runs.flatMap(run =>
    /^[{_SIGNS}]{{3,}}$/.test(run) ? Array.from({{ length: run.length - 1 }}, (_, i) => run.slice(i, i + 2)) : [run]);
}}
"""

    def split(self, input: str) -> list[str]:
        """Return the words of a page."""
        return pairs(input) + re.findall(r"[\u3400-\u9fff]", input)
