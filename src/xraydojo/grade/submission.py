"""Read a submitted notebook; whatever is wrong with the file ends in one line that names it and says what to do."""

import json
import logging
import warnings
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.corpus.words import generate_corpus_id
from nbformat.v4 import nbbase

from xraydojo import DojoError
from xraydojo.language import LANGUAGES, L, current

LARGEST_FILE = 50_000_000  # bytes; a notebook full of figures has two million


class SubmissionError(DojoError):
    """A file that cannot be graded; the message names it and says what to do. ``reason`` is the message without the name."""

    def __init__(self, path: Path, en: str, ja: str):
        self.reason = L(en, ja)
        super().__init__(f"{path}: {self.reason}")


@dataclass(frozen=True)
class Submission:
    """A notebook as the learner handed it in, and the unit and language that it names.

    The cells of ``notebook`` have a type, a source, metadata, an id, and outputs that are valid in nbformat 4.5. They may be edited, copied,
    missing or in another order: see `xraydojo.grade.rebuild`.
    """

    path: Path
    notebook: NotebookNode
    unit: str
    language: str


def read_submission(path: Path | str) -> Submission:
    """Read a submitted notebook.

    Parameters
    ----------
    path : Path or str
        The notebook's file. Notebooks of the old formats 1 to 3 are converted by nbformat.

    Raises
    ------
    SubmissionError
        If there is no such file, or it is not a notebook of this course.
    """
    path = Path(path)
    raw = _parse(path, _decode(path, read_file(path)))
    cells = [cell for cell in map(_cell, raw.cells) if cell is not None]
    if not any(cell.source.strip() for cell in cells):
        raise SubmissionError(
            path,
            "the notebook has no cells; hand in the notebook in which you worked",
            "ノートブックにセルがありません。作業したノートブックを提出してください",
        )
    metadata = raw.get("metadata", {})
    named = metadata.get("xraydojo") if isinstance(metadata, dict) else None
    unit = named.get("unit") if isinstance(named, dict) else None
    if not isinstance(unit, str) or not unit:
        raise SubmissionError(
            path,
            "the notebook names no unit of XrayDojo; hand in a copy of a notebook from exercises/",
            "XrayDojo の単元のノートブックではありません。exercises/ のノートブックに書き込んだものを提出してください",
        )
    language = named.get("language")
    notebook = NotebookNode(cells=cells, metadata=NotebookNode(kernelspec=metadata.get("kernelspec")))
    return Submission(path, notebook, unit, language if language in LANGUAGES else current())


def read_file(path: Path) -> bytes:
    """Return the content of a file that was handed in; an ordinary one, and not too large.

    Raises
    ------
    SubmissionError
        If it is anything else.
    """
    if path.is_symlink():
        raise SubmissionError(
            path,
            "this is a symbolic link, which could lead to anybody's file; hand in the notebook itself",
            "シンボリックリンクです。リンク先は誰のファイルか分からないので、ノートブックそのものを提出してください",
        )
    if not path.exists():
        raise SubmissionError(
            path,
            "there is no such file; check the name and the folder",
            "ファイルがありません。名前とフォルダーを確かめてください",
        )
    if path.is_dir():
        raise SubmissionError(
            path,
            "this is a folder; name the notebook in it, a file ending in .ipynb",
            "フォルダーです。中にあるノートブック（.ipynb）を指定してください",
        )
    if not path.is_file():
        raise SubmissionError(
            path,
            "this is not an ordinary file; name a notebook",
            "通常のファイルではありません。ノートブックを指定してください",
        )
    size, most = path.stat().st_size, LARGEST_FILE // 1_000_000
    if size > LARGEST_FILE:
        raise SubmissionError(
            path,
            f"the file has {size / 1e6:.0f} MB, and {most} MB are the most; clear the outputs and save it again",
            f"ファイルが {size / 1e6:.0f} MB あり、上限の {most} MB を超えています。出力を消去して保存し直してください",
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise SubmissionError(
            path,
            f"the file cannot be read ({error.strerror}); check its permissions",
            f"ファイルを読めません（{error.strerror}）。アクセス権を確かめてください",
        ) from None


def _decode(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _not_a_notebook(path, "not UTF-8 text", "UTF-8 のテキストではありません") from None


def _not_a_notebook(path: Path, en: str, ja: str) -> SubmissionError:
    return SubmissionError(
        path,
        f"this is not a notebook ({en}); open it in JupyterLab, save it as .ipynb and hand that in",
        f"ノートブックではありません（{ja}）。JupyterLab で開いて .ipynb として保存し、それを提出してください",
    )


def _parse(path: Path, text: str) -> NotebookNode:
    """Return the notebook in nbformat 4, its parts not yet checked."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise _not_a_notebook(path, "not JSON", "JSON ではありません") from None
    version = content.get("nbformat") if isinstance(content, dict) else None
    if not isinstance(version, int):
        raise _not_a_notebook(path, "it names no nbformat", "nbformat の記載がありません")
    if not 1 <= version <= 4:
        raise SubmissionError(
            path,
            f"the notebook has the unknown format nbformat {version}; save it in JupyterLab as nbformat 4",
            f"ノートブックの形式 nbformat {version} には対応していません。JupyterLab で nbformat 4 として保存し直してください",
        )
    try:
        notebook = nbformat.from_dict(content) if version == 4 else _converted(text)
        if isinstance(notebook.cells, list):
            return notebook
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError, nbformat.ValidationError):
        pass
    raise _not_a_notebook(path, "its parts are damaged", "中身が壊れています")


def _converted(text: str) -> NotebookNode:
    """Return a notebook of an old format in nbformat 4."""
    log = logging.getLogger("traitlets")
    level = log.level
    # nbformat warns of what the conversion is there to mend
    log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return nbformat.reads(text, as_version=4)
    finally:
        log.setLevel(level)


def _cell(raw) -> NotebookNode | None:
    """Return a valid copy of one cell, or None for what is no cell. The learner's outputs are kept where they are valid."""
    kind = raw.get("cell_type") if isinstance(raw, dict) else None
    source = _text(raw.get("source", "")) if kind in ("code", "markdown", "raw") else None
    if source is None:
        return None
    cell = NotebookNode(cell_type=kind, id=generate_corpus_id(), metadata=NotebookNode(), source=source)
    if kind == "code":
        cell.update(execution_count=None, outputs=[])
    if isinstance(raw.get("metadata"), dict):
        cell.metadata = raw.metadata
    if isinstance(raw.get("id"), str):
        cell.id = raw.id
    if kind == "code" and isinstance(raw.get("outputs"), list):
        cell.outputs = [output for output in map(valid_output, raw.outputs) if output is not None]
    return cell


def valid_output(raw) -> NotebookNode | None:
    """Return a cell's output that is valid in nbformat 4.5, or None for what is none."""
    try:
        if raw.output_type == "stream":
            raw.text = _text(raw.text)
        else:
            for kind, content in raw.get("data", {}).items():
                if not kind.endswith("json"):
                    raw.data[kind] = _text(content)
        nbbase.validate(raw, ref="output")
    except (AttributeError, TypeError, nbformat.ValidationError):
        return None
    return raw


def _text(source) -> str | None:
    """Join a multi-line string; a lone surrogate, which no file can hold, becomes a question mark."""
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    return source.encode("utf-8", "replace").decode() if isinstance(source, str) else None
