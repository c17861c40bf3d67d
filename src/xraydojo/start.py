"""Open the course: the learner's own copies, a start page, and JupyterLab with nothing in the way."""

import hashlib
import itertools
import json
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Collection
from pathlib import Path

from xraydojo import DojoError, certificate, language, progress, road, whole
from xraydojo.language import LANGUAGES, L
from xraydojo.lesson import REPOSITORY, read_syllabus
from xraydojo.place import RECORD

LONGEST_WAIT = 120  # seconds until JupyterLab answers, on a slow disk
AUTOSAVE = 10  # seconds between two looks whether a notebook is to be saved; JupyterLab itself takes longer when saving is slow
# what a learner does not need, or what asks questions before the course is seen: in the browser and on the server
NOT_IN_LAB = (
    "@jupyter/nbgrader",
    "@jupyter-notebook/lab-extension",
    "jupyterlab-jupytext",
    "@jupyterlab/apputils-extension:announcements",
    "@jupyterlab/extensionmanager-extension",
)
NOT_ON_SERVER = (
    "nbgrader.server_extensions.formgrader",
    "nbgrader.server_extensions.validate_assignment",
    "nbgrader.server_extensions.assignment_list",
    "nbgrader.server_extensions.course_list",
    "jupyterlab_jupytext",
)
# variables by which another project's set-up would reach the learner's JupyterLab and kernels
FOREIGN = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "PYTHONDONTWRITEBYTECODE",
    "JUPYTER_PATH",
    "JUPYTER_CONFIG_PATH",
)


def start(
    lang: str | None = None, folder: Path | None = None, browser: bool = True, port: int | None = None
) -> int:
    """Copy the exercises into the learner's own folder and run JupyterLab on it until Ctrl+C.

    Parameters
    ----------
    lang : {"en", "ja"}, optional
        The language of notebooks and of JupyterLab; the locale's when not said.
    folder : Path, optional
        The learner's own folder; ``~/XrayDojo`` when not said.
    browser : bool
        Whether to open the browser.
    port : int, optional
        The port of JupyterLab; when not said, the first free one from 8888 on.

    Returns
    -------
    int
        The exit status: 0.

    Raises
    ------
    DojoError
        If the language is unknown, the port is taken, no notebook is built, or JupyterLab does not start.
    """
    try:
        language.use(lang)
    except ValueError as error:
        raise DojoError(error) from None
    lang = language.current()
    released = REPOSITORY / "exercises" / lang
    folder = Path(folder or "~/XrayDojo").expanduser().resolve()
    home, lab = folder / lang, folder / ".lab" / lang
    if port is not None:
        _refuse_taken(port)
    for news in renew(released, home):
        print(news)
    page = write_start_page(home)
    configure(lab, lang)
    print(L("Starting JupyterLab …", "JupyterLab を起動しています…"), flush=True)
    return _run(home, lab, page, browser, port)


def renew(released: Path, home: Path, units: Collection[str] | None = None) -> list[str]:
    """Bring the learner's folder up to date with the released notebooks, never over the learner's work.

    A missing copy is made, an untouched one renewed. Beside a copy that was changed, a new release is laid under another name
    (``..._updated.ipynb``, ``..._updated2.ipynb``), once.

    Parameters
    ----------
    released, home : Path
        Folders that hold ``<unit>/<unit>.ipynb``: the course's and the learner's.
    units : collection of str, optional
        The units to give; all when not said.

    Returns
    -------
    list of str
        What to tell the learner: a line for each release laid beside a changed copy.

    Raises
    ------
    DojoError
        If nothing is released.
    """
    sources = sorted(released.glob("*/*.ipynb"))
    if not sources:
        raise DojoError(
            L(
                f"there are no notebooks in {released}; build them: ./dojo build",
                f"{released} にノートブックがありません。./dojo build で作ってください",
            )
        )
    record = home / RECORD
    given = _read_record(record)
    news = []
    for source in sources:
        if units is not None and source.parent.name not in units:
            continue
        copy = home / source.relative_to(released)
        _recover(copy)
        if place := _place_for(source, copy, given.setdefault(source.parent.name, {})):
            whole.write(place, source.read_bytes())
            given[source.parent.name][place.name] = _note(source)
            if place != copy:
                news.append(
                    L(
                        f"{copy.stem} has a new version. Yours stays as it is; the new one is {place.name}, beside it.",
                        f"{copy.stem} に新しい版があります。あなたのノートブックはそのまま残し、新しい版を隣に {place.name} として置きました。",
                    )
                )
    whole.write(record, json.dumps(given, indent=1).encode())
    return news


def _recover(copy: Path) -> None:
    """Take back what JupyterLab had put aside when it was ended in the middle of saving a notebook: a file beside it, named ``.~...``."""
    aside = copy.with_name(f".~{copy.name}")
    if aside.exists():
        try:
            json.loads(copy.read_bytes())
            aside.unlink()
        except (OSError, ValueError):
            os.replace(aside, copy)


def _place_for(source: Path, copy: Path, given: dict[str, dict[str, str]]) -> Path | None:
    """Return where a release belongs, never over work; None if the learner has it already.

    ``given`` holds, for each file name, the note (see `_note`) of the release that was written there.
    """
    release = _note(source)
    if not copy.exists():
        return copy
    if _note(copy) == release:  # true of an untouched copy whose record was lost, too
        given[copy.name] = release
    if release in given.values():
        return None
    beside = (
        copy.with_stem(f"{copy.stem}_updated{number}") for number in itertools.chain([""], itertools.count(2))
    )
    for place in itertools.chain([copy], beside):
        if not place.exists() or _note(place)["work"] == given.get(place.name, {}).get("work"):
            return place


def _note(notebook: Path) -> dict[str, str]:
    """Return digests of a notebook's bytes and of the work in it: what its cells say, for opening alone changes the rest."""
    content = notebook.read_bytes()
    try:
        cells = [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(content)["cells"]]
        work = json.dumps(cells).encode()
    except (ValueError, KeyError, TypeError):  # not a notebook any more: then all of it is work
        work = content
    return {"release": hashlib.sha256(content).hexdigest(), "work": hashlib.sha256(work).hexdigest()}


def _read_record(record: Path) -> dict[str, dict[str, dict[str, str]]]:
    """Return what was given so far, by unit and file; nothing if the record is missing or damaged."""
    try:
        given = json.loads(record.read_bytes())
        return {unit: {name: dict(note) for name, note in files.items()} for unit, files in given.items()}
    except (FileNotFoundError, ValueError, AttributeError, TypeError):
        return {}


def write_start_page(home: Path) -> Path:
    """Write the page on which JupyterLab opens, in the current language, from the syllabus; return its path."""
    entries = [entry for entry in read_syllabus() if (home / entry.id).is_dir()]
    rows = [
        L("| unit | reading (minutes) | exercises (minutes) |", "| 単元 | 読む（分） | 演習（分） |"),
        "|---|---|---|",
        *(f"| {entry.link()} | {entry.reading_minutes} | {entry.exercise_minutes} |" for entry in entries),
    ]
    first = home / entries[0].id / f"{entries[0].id}.ipynb"
    grade = f"{_command()} grade {_quoted(first)} --feedback feedback"
    stop = L(
        "To stop, save, close the browser and press Ctrl+C in the window in which you started the course.",
        "終わるときは、保存してブラウザーを閉じ、講座を起動したウィンドウで Ctrl+C を押します。",
    )
    docs = REPOSITORY / "docs" / L("learners.md", "learners.ja.md")
    work = L(
        f"Your notebooks lie in `{home}`. More is told in `{docs}`.",
        f"あなたのノートブックは `{home}` にあります。詳しい説明は `{docs}` にあります。",
    )
    return lay_page(home, "\n".join(rows), L(_GRADE_EN, _GRADE_JA).format(grade=grade), work, stop)


def lay_page(home: Path, units: str, submit: str, work: str, stop: str) -> Path:
    """Write the start page: the table of the units, how to run cells, how to submit, where the work is, and how to stop; return its path.

    Parameters
    ----------
    home : Path
        The folder of the learner's notebooks.
    units, submit, work, stop : str
        Markdown in the current language.
    """
    page = home / _page_name()
    text = L(_PAGE_EN, _PAGE_JA).format(
        progress=_BEGIN + _END,
        units=units,
        submit=submit,
        work=work,
        stop=stop,
    )
    whole.write(page, text.encode())
    _refresh(home, progress.summary(progress.read(home.parent), progress.units_in(home.parent)))
    return page


def _page_name() -> str:
    return L("start_here.md", "はじめに.md")


def refresh(folder: Path) -> None:
    """Bring the start pages in a learner's folder up to date with what is recorded there; what else they say stays.

    Parameters
    ----------
    folder : Path
        The learner's own folder, which holds ``en`` or ``ja`` or both.
    """
    marks, units = progress.read(folder), progress.units_in(folder)
    for lang in LANGUAGES:
        with language.speaking(lang):
            if (folder / lang / _page_name()).exists():
                _refresh(folder / lang, progress.summary(marks, units))


def _refresh(home: Path, summary: progress.Summary) -> None:
    """Write where the learner stands between the marks of the start page, and the record of completion once there is one."""
    page = home / _page_name()
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if begin and end:  # else the page is not as it was laid: leave it alone
        renewed = f"{before}{begin}\n{road.block(summary)}\n{end}{after}"
        if renewed != text:
            whole.write(page, renewed.encode())
    if summary.done:
        whole.write(home / certificate.FILE, certificate.certificate(summary).encode())


def _command() -> str:
    """Return what to type in a terminal for the `dojo` command, from any folder."""
    if Path(sys.prefix) != REPOSITORY / ".venv":
        return "dojo"
    return ("py " if os.name == "nt" else "") + _quoted(REPOSITORY / "dojo")


def _quoted(path: Path) -> str:
    return f'"{path}"' if os.name == "nt" else shlex.quote(str(path))


# between these the start page tells where the learner stands
_BEGIN, _END = "<!-- progress -->", "<!-- end of progress -->"

_GRADE_EN = """\
Save the notebook (Ctrl+S, on a Mac Command+S). In a terminal, this grades the first unit, with cases that the checks do not show:

```
{grade}
```

Then open the HTML file in the folder `feedback`. In a class, hand the notebook in as your instructor says."""

_GRADE_JA = """\
ノートブックを保存します（Ctrl+S、Mac では Command+S）。ターミナルで次のように入力すると、確認セルに出てこない例題も含めて、最初の単元が採点されます。

```
{grade}
```

そのあと、`feedback` フォルダーの中の HTML ファイルを開いてください。講習や授業では、講師の案内に従って提出してください。"""

_PAGE_EN = """\
# Welcome to XrayDojo

You learn deep learning for medical images here by doing: you write a few lines, run the check below them, and are told at once whether they are right.

{progress}

Click the picture to go on where you were, or a unit in the table: its notebook opens. You can go in your own order, too.

{units}

## How to run a cell

1. Read from the top. Click a cell with code and press **Shift+Enter**: it runs, and the next cell is chosen. In the first seconds, while it says **No Kernel** at the top right, nothing runs yet.
2. In an exercise, write your code in place of `raise NotImplementedError()`, and run the cell.
3. Then run the check right below it. A green box means that your answer is right; an orange one says what to think about next. Try as often as you like.
4. When something seems stuck: menu **Kernel > Restart Kernel…**, and run the cells from the top again. What you wrote stays.

## To submit, and to get feedback

{submit}

## Your work, and help

{work} Notebooks are saved whenever a cell has run, and every few seconds besides. An update of the course never overwrites a notebook that you have changed.

{stop} (This page is written anew at every start, and the picture after every check.)
"""

_PAGE_JA = """\
# XrayDojo へようこそ

ここでは、手を動かしながら、医用画像のためのディープラーニングを学びます。数行のコードを書いて、すぐ下の確認セルを実行すると、正しいかどうかがその場でわかります。

{progress}

図をクリックすると続きのノートブックが、表の単元名をクリックするとその単元のノートブックが開きます。順番を変えて進んでもかまいません。

{units}

## セルの実行のしかた

1. 上から順に読みます。コードのセルをクリックして **Shift+Enter**（Shift キーを押しながら Enter キー）を押すと、セルが実行され、次のセルに移ります。開いてから数秒のあいだ、右上に **No Kernel** と表示されているうちは、まだ実行できません。
2. 演習のセルでは、`raise NotImplementedError()` の行を消して自分のコードを書き、実行します。
3. 続けて、すぐ下の確認セルを実行します。緑の枠なら正解です。橙の枠には、次に考えることが書いてあります。何度でもやり直せます。
4. 動かなくなったと感じたら、メニューの **「カーネル」→「カーネルを再起動…」** を選び、もう一度上から実行してください。書いたものは消えません。

## 提出とフィードバック

{submit}

## あなたのノートブックと、困ったとき

{work}ノートブックは、セルを実行するたびに、また数秒ごとに、自動的に保存されます。講座を更新しても、あなたが手を入れたノートブックは上書きされません。

{stop}（このページは起動するたびに新しく作られ、図は確認セルを実行するたびに更新されます。）
"""


def configure(lab: Path, lang: str) -> None:
    """Write the settings of the learner's JupyterLab into the folder ``lab``; what the learner has changed since stays.

    Parameters
    ----------
    lab : Path
        The folder of JupyterLab's settings, work spaces and logs, for one language.
    lang : {"en", "ja"}
        The language of JupyterLab's menus.
    """
    whole.write(
        lab / "config" / "labconfig" / "page_config.json",
        json.dumps({"disabledExtensions": {name: True for name in NOT_IN_LAB}}, indent=1).encode(),
    )
    _lay_extension(lab / "data" / "labextensions" / "xraydojo")
    settings = {
        "translation-extension/plugin": {"locale": "ja_JP" if lang == "ja" else "default"},
        "docmanager-extension/plugin": {
            "defaultViewers": {"markdown": "Markdown Preview"},
            # what is typed is lost with the browser only if it is younger than that
            "autosaveInterval": AUTOSAVE,
        },
        # a check names the line in which the learner's code stopped
        "notebook-extension/tracker": {"codeCellConfig": {"lineNumbers": True}},
    }
    for plugin, values in settings.items():
        file = lab / "settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        if not file.exists():
            whole.write(file, json.dumps(values, indent=1).encode())


def _lay_extension(folder: Path) -> None:
    """Give the learner's JupyterLab what shows the start page as it is now, and saves a notebook whenever a cell has run."""
    script = Path(__file__).with_name("lab_extension.js").read_bytes()
    about = {
        "name": "xraydojo",
        "version": "1.0.0",
        "jupyterlab": {
            "extension": True,
            "_build": {"load": "static/lab_extension.js", "extension": "./extension"},
        },
    }
    whole.write(folder / "package.json", json.dumps(about, indent=1).encode())
    whole.write(folder / "static" / "lab_extension.js", script)


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        # as JupyterLab does: a port that is only just free again is free
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise DojoError(
                L(
                    f"port {port} cannot be used ({error}); choose another, or leave --port out",
                    f"ポート {port} は使えません（{error}）。別の番号にするか、--port を付けずに実行してください",
                )
            ) from None


def _run(home: Path, lab: Path, page: Path, browser: bool, port: int | None) -> int:
    """Run JupyterLab, say where it answers, and stop it cleanly when asked by Ctrl+C or a signal."""
    token = secrets.token_urlsafe(24)
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # SIGHUP: the terminal was closed
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    with (lab / "jupyterlab.log").open("wb") as log:
        server = subprocess.Popen(
            _jupyterlab(home, page, browser, port),
            cwd=home,
            env=environment(lab) | {"JUPYTER_TOKEN": token},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl+C is ours alone: JupyterLab would ask "y/n"
            **({"creationflags": 0x200} if os.name == "nt" else {"start_new_session": True}),
        )
    url = None
    try:
        url = _await(server, lab, token)
        print(
            L(
                f"The course is open:\n\n    {url}?token={token}\n\nYour work is in {home}. To stop, press Ctrl+C here.",
                f"講座を開きました：\n\n    {url}?token={token}\n\nあなたのノートブックは {home} にあります。終わるときは、ここで Ctrl+C を押してください。",
            ),
            flush=True,
        )
        while server.poll() is None:
            time.sleep(0.3)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    finally:
        _stop(server, url, token)
    print(L("JupyterLab has stopped.", "JupyterLab を終了しました。"))
    return 0


def _jupyterlab(home: Path, page: Path, browser: bool, port: int | None) -> list[str]:
    """Return the command line of the learner's JupyterLab."""
    return [
        *(sys.executable, "-m", "jupyterlab"),
        f"--ServerApp.root_dir={home}",
        f"--ServerApp.open_browser={browser}",
        f"--LabApp.default_url=/lab/tree/{urllib.parse.quote(page.name)}",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.allow_root=True",
        f"--ServerApp.jpserver_extensions={dict.fromkeys(NOT_ON_SERVER, False)}",
        *([f"--ServerApp.port={port}", "--ServerApp.port_retries=0"] if port is not None else []),
    ]


def environment(lab: Path) -> dict[str, str]:
    """Return an environment in which JupyterLab and its kernels see the settings in the folder ``lab``, the course's, and no others."""
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    return kept | {
        "JUPYTER_PREFER_ENV_PATH": "0",  # the course's settings before those that libraries bring
        "JUPYTER_CONFIG_DIR": str(lab / "config"),
        "JUPYTER_DATA_DIR": str(lab / "data"),
        "JUPYTER_RUNTIME_DIR": str(lab / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(lab / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(lab / "workspaces"),
        "IPYTHONDIR": str(lab / "ipython"),
    }


def _await(server: subprocess.Popen, lab: Path, token: str) -> str:
    """Return the address of JupyterLab once it answers there."""
    end = time.monotonic() + LONGEST_WAIT
    while server.poll() is None and time.monotonic() < end:
        for note in (lab / "runtime").glob("jpserver-*.json"):
            try:
                said = json.loads(note.read_bytes())
                if said["token"] == token and _ask(said["url"] + "api/status", token):
                    return said["url"]
            except (OSError, ValueError):  # half written, or not answering yet
                pass
        time.sleep(0.1)
    log = lab / "jupyterlab.log"
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "-")
    raise DojoError(
        L(
            f"JupyterLab did not start ({last}); see {log}",
            f"JupyterLab が起動しませんでした（{last}）。詳細は {log} にあります",
        )
    )


def _ask(url: str, token: str, method: str = "GET") -> bool:
    """Ask the server of this machine, past any proxy; return whether it answered with success."""
    request = urllib.request.Request(url, method=method, headers={"Authorization": f"token {token}"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=5) as answer:
        return answer.status == 200


def _stop(server: subprocess.Popen, url: str | None, token: str) -> None:
    """Stop JupyterLab and its kernels, by request if it listens, else by signal."""
    if server.poll() is not None:
        return
    try:
        _ask(f"{url}api/shutdown", token, "POST") if url else server.terminate()
        server.wait(10)
    except (OSError, subprocess.TimeoutExpired):
        server.kill()
        server.wait()
