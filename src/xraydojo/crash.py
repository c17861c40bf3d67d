"""Friendly words for the commonest crashes: what happened, what the cause may be, and what to do next.

In a notebook of the course they stand in a box above the error, with the whole traceback one click away. The error itself stays an error for
Jupyter and for every program that runs notebooks.
"""

import builtins
import difflib
import html
import linecache
import os
import re
import sys
import traceback
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, ModuleType

from IPython import get_ipython
from IPython.display import display

from xraydojo import language, palette, place
from xraydojo.language import LANGUAGES, L, current

_MENU_EN = "menu Run > Run All Above Selected Cell"
_MENU_JA = "メニューの「実行」→「選択したセルの上にあるすべてを実行」"
# what people type for an ASCII sign, where Unicode's own rules do not say so
_MEANT = {"“": '"', "”": '"', "‘": "'", "’": "'", "、": ",", "。": ".", "−": "-", "ー": "-", "×": "*", "÷": "/", "「": '"', "」": '"'}  # fmt: skip
_LIBRARIES = ("numpy", "matplotlib", "keras", "tensorflow", "scipy", "skimage", "sklearn", "pydicom", "PIL", "ipywidgets", "xraydojo")  # fmt: skip

_unit = ""


@dataclass(frozen=True)
class Advice:
    """What to tell about an error: one or two sentences each; ``cause`` may be empty. ``calm``: nothing is wrong at all."""

    happened: str
    cause: str
    next: str
    calm: bool = False


@dataclass(frozen=True)
class Spot:
    """Where a learner's code stopped: line number and text in its cell, and the frame, None where there is none."""

    line: int = 0
    text: str = ""
    frame: FrameType | None = None


def spot(error: BaseException, namespace: dict) -> Spot:
    """Return the last line of the learner's own code that an exception passed."""
    found = Spot()
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_globals is namespace:
            text = linecache.getline(frame.f_code.co_filename, number).strip()
            found = Spot(number, text, frame)
    return found


def advise(error: BaseException, namespace: dict, unit: str = "") -> Advice | None:
    """Return what to say about an error, or None for one of an unknown kind.

    Parameters
    ----------
    error : BaseException
        As caught, with its traceback.
    namespace : dict
        The names of the notebook.
    unit : str
        The unit's id, by whose released notebook a missing name's cell is found.
    """
    try:
        where = spot(error, namespace)
        for kinds, explain in _EXPLAINERS:
            if isinstance(error, kinds) and (advice := explain(error, where, namespace, unit)):
                return advice
    except (
        Exception
    ):  # an object of the learner's that cannot even be looked at: the error itself must still be seen
        pass
    return None


def _interrupted(error, where, namespace, unit) -> Advice:
    return Advice(
        L("The cell was stopped.", "セルの実行を止めました。"),
        L(
            "That was the ■ button, or an interrupt from the menu. Nothing is broken, and what was computed before stays.",
            "■ ボタン（またはメニューの「割り込み」）が押されたためです。何も壊れておらず、それまでに計算したものは残っています。",
        ),
        L("Run the cell again whenever you like.", "続けたいときに、もう一度セルを実行してください。"),
        calm=True,
    )


def _syntax(error: SyntaxError, where, namespace, unit) -> Advice:
    line = error.lineno or 0
    if found := re.search(r"invalid (?:non-printable )?character.*?U\+([0-9A-F]{4,6})", error.msg or ""):
        return _full_width(chr(int(found[1], 16)), line)
    happened = L(f"Python cannot read line {line}.", f"{line} 行目を、Python が読み取れませんでした。")
    for pattern, cause, then in _SYNTAX:
        if re.search(pattern, error.msg or ""):
            return Advice(happened, L(*cause), L(*then))
    return Advice(
        happened,
        L(
            "Often a sign is missing or too many: a bracket, a comma, a quotation mark, a colon. Sometimes it is missing in the line above.",
            "記号（かっこ、カンマ、引用符、コロン）の不足や余りがよくある原因です。一つ上の行で抜けていることもあります。",
        ),
        L(
            "Compare the line with an example in the text, sign by sign, and run the cell again.",
            "本文の例と一文字ずつ見比べて直し、もう一度実行してください。",
        ),
    )


def _full_width(sign: str, line: int) -> Advice:
    """Tell of a sign that a Japanese input method typed in full width."""
    plain = _MEANT.get(sign) or unicodedata.normalize("NFKC", sign)
    space = not sign.strip() or not sign.isprintable()
    named = L(f"the sign {sign}", f"記号「{sign}」")
    if space:
        named = (
            L("a full-width space", "全角のスペース")
            if sign == "\u3000"
            else L("an invisible sign", "目に見えない文字")
        )
    meant = L("an ordinary space", "半角のスペース") if space else f"`{plain}` " if plain.isascii() else ""
    then = L(
        f"Delete it and type {meant.strip() or 'the plain sign'} with the input method switched off.",
        f"それを消し、日本語入力を切って（半角英数にして）{meant or '半角の記号'}を入力し直してください。",
    )
    return Advice(
        L(f"Python cannot read line {line}: it holds {named}.", f"{line} 行目に{named}があり、Python が読み取れません。"),
        L(
            "Python reads only plain (half-width) signs outside quotation marks. Full-width ones look alike, and a full-width space cannot be seen at all.",
            "引用符の外では、Python は半角の記号しか読めません。全角の記号はよく似ていて、全角のスペースは目に見えません。",
        ),
        then,
    )  # fmt: skip


_INDENT = (
    "The lines inside def, for or if begin four spaces further right, all alike. Mark them and press Tab to move them right, Shift+Tab to move them left.",
    "def、for、if の中の行は、そろえて四文字分だけ右から始めます。行を選んで Tab を押すと右へ、Shift+Tab で左へ動きます。",
)
_AGAIN = ("Correct it and run the cell again.", "直して、もう一度実行してください。")
# by what Python says: the likely cause, and what to do
_SYNTAX = (
    (r"expected ':'",
     ("A colon is missing at the end of the line: def, for, if, else and while end in one.",
      "行の最後のコロン（:）が抜けています。def、for、if、else、while の行は : で終わります。"),
     _AGAIN),
    (r"never closed|unmatched|closing parenthesis",
     ("An opening and a closing bracket do not pair. Each ( [ { needs its own ) ] }.",
      "かっこの数が合っていません。開いたかっこ ( [ { には、対になる ) ] } が必要です。"),
     ("Click behind a bracket: Jupyter highlights its partner.",
      "かっこの後ろをクリックすると、対になるかっこに色が付きます。")),
    (r"incomplete input",
     ("The cell ends too early: an opening bracket ( [ { has no partner, or a line that ends in a colon has nothing below it.",
      "セルが途中で終わっています。開いたかっこ ( [ { が閉じていないか、コロン（:）で終わる行の下に何も書かれていません。"),
     ("Click behind a bracket: Jupyter highlights its partner. Close what is open, and run the cell again.",
      "かっこの後ろをクリックすると、対になるかっこに色が付きます。閉じていないかっこを閉じて、もう一度実行してください。")),
    (r"unterminated",
     ("A text in quotation marks does not end: the closing \" or ' is missing.",
      "引用符で囲んだ文字列が閉じていません。終わりの \" か ' が抜けています。"),
     _AGAIN),
    (r"Maybe you meant '=='|cannot assign|expression cannot contain assignment",
     ("= stores a value under a name that stands on its left. To compare, write ==.",
      "= は、左に書いた名前に値を入れる記号です。等しいかどうかを調べるときは == と書きます。"),
     _AGAIN),
    (r"forgot a comma",
     ("A comma is missing between two things in brackets.", "かっこの中の、二つのものの間にカンマ（,）が抜けています。"),
     _AGAIN),
    (r"expected an indented block",
     ("After a line that ends in a colon, something must stand further right.",
      "コロン（:）で終わる行の次には、右へずらした行（字下げ）が必要です。"),
     _INDENT),
    (r"indent|tabs and spaces",
     ("The line does not begin where the lines around it begin.", "行の始まる位置（字下げ）が、前後の行とそろっていません。"),
     _INDENT),
    (r"'(return|yield|break|continue)' outside|not properly in loop",
     ("A return stands outside its function, or a break outside its loop: mostly it is not far enough to the right.",
      "return が関数の外に、または break が繰り返しの外にあります。多くは字下げの不足です。"),
     _INDENT),
)  # fmt: skip


def _unknown_name(error: NameError, where: Spot, namespace: dict, unit: str) -> Advice:
    name = error.name or (re.findall(r"'(\w+)'", str(error)) or ["?"])[0]
    if isinstance(error, UnboundLocalError):
        return _used_too_early(name)
    happened = L(f"Python does not know the name `{name}`.", f"`{name}` という名前が見つかりません。")
    inside = where.frame is not None and where.frame.f_code.co_name != "<module>"
    near = _nearest(name, where, namespace)
    definition = _definition(name, unit)
    if definition and not (inside and near and definition.kind in ("demo", "explore")):
        return _not_run(name, definition, namespace, happened)
    if near:
        return Advice(
            happened,
            L(f"Did you mean `{near}`? Capital and small letters count.", f"`{near}` の書き間違いではありませんか。大文字と小文字も区別されます。"),
            L(f"Correct the name in line {where.line} and run the cell again.", f"{where.line} 行目の名前を直して、もう一度実行してください。"),
        )  # fmt: skip
    return Advice(
        happened,
        L(
            "Either it is misspelt, or the line that makes it has not been run, or it is a text that needs quotation marks.",
            "つづりの間違いか、その名前を作る行がまだ実行されていないか、文字列を引用符で囲み忘れたかのいずれかです。",
        ),
        L(f"Look at line {where.line}; or run everything above first ({_MENU_EN}).", f"{where.line} 行目を見直すか、先に上のセルをすべて実行してください（{_MENU_JA}）。"),
    )  # fmt: skip


def _used_too_early(name: str) -> Advice:
    return Advice(
        L(f"`{name}` is used before it has a value.", f"`{name}` に値が入る前に使っています。"),
        L(
            f"Inside a function, a name that is assigned anywhere in it belongs to the function: here `{name}` gets its value too late, or only if some condition holds.",
            f"関数の中で代入する名前は、その関数だけのものです。`{name}` への代入がもっと後にあるか、条件が成り立つときにしか行われていません。",
        ),
        L(f"Give `{name}` a value at the beginning of the function, such as `{name} = 0`.", f"関数のはじめで `{name} = 0` のように値を入れてください。"),
    )  # fmt: skip


def _definition(name: str, unit: str):
    from xraydojo.outline import outline

    return outline(unit, current()).definitions.get(name) if unit else None


def _not_run(name: str, definition, namespace: dict, happened: str) -> Advice:
    """Tell of a name that an earlier cell makes; in a fresh kernel, that everything is still to be run."""
    if "xraydojo" not in namespace:  # every unit's first cell imports it
        return Advice(
            happened,
            L(
                "The kernel has been started anew, so nothing above has been run yet. What you wrote is all there.",
                "カーネルが起動（再起動）したばかりで、上のセルがまだ一つも実行されていません。書いたものはすべて残っています。",
            ),
            L(f"Run the notebook from the top: {_MENU_EN}. Then run this cell again.", f"先頭から実行しましょう。{_MENU_JA}を選び、そのあとでこのセルをもう一度実行してください。"),
        )  # fmt: skip
    section = definition.heading.replace("`", "")
    if definition.kind == "exercise":
        cause = L(f"You write `{name}` in the exercise “{section}”; that cell has not been run.", f"`{name}` は「{section}」で書く関数ですが、そのセルがまだ実行されていません。")  # fmt: skip
    else:
        cause = L(f"A cell under “{section}” makes `{name}`; it has not been run.", f"`{name}` は「{section}」のセルで作られますが、そのセルがまだ実行されていません。")  # fmt: skip
    return Advice(
        happened,
        cause,
        L(f"Run that cell, or everything above ({_MENU_EN}), and then this one again.", f"そのセルか、上のセルすべて（{_MENU_JA}）を実行してから、このセルをもう一度実行してください。"),
    )  # fmt: skip


def _nearest(name: str, where: Spot, namespace: dict) -> str | None:
    """Return the known name that is most like a misspelt one, the function's own before the notebook's."""
    own = list(where.frame.f_locals) if where.frame is not None else []
    for known in (own, [key for key in namespace if not key.startswith("_")], dir(builtins)):
        same = [other for other in known if other.lower() == name.lower() and other != name]
        if found := same or difflib.get_close_matches(name, [k for k in known if k != name], 1, 0.7):
            return found[0]
    return None


_SHAPES = re.compile(
    r"could not be broadcast|mismatch in its core dimension|not aligned|could not broadcast|must match exactly|same (?:number of )?dimension"
    r"|Incompatible shapes|Matrix size-incompatible|incompatible with the layer|inhomogeneous shape|cannot reshape|Dimensions must be equal",
    re.IGNORECASE,
)


def _shapes(error: Exception, where: Spot, namespace, unit) -> Advice | None:
    if not _SHAPES.search(str(error)):
        return None
    known = _shapes_in(where)
    if known:
        shown = L(", ", "、").join(f"`{name}` {shape}" for name, shape in known)
        happened = L(f"Shapes do not fit together: {shown}.", f"配列の形が合いません：{shown}。")
    else:
        found = re.findall(r"[(\[](?:None|\d+)?(?:, ?(?:None|\d+))*,?[)\]]", str(error))
        shown = L(" and ", " と ").join(dict.fromkeys(text for text in found if len(text) > 2))
        happened = L("Shapes do not fit together", "配列の形が合いません") + (L(f": {shown}.", f"：{shown}。") if shown else L(".", "。"))  # fmt: skip
    if "@" in where.text or "dot(" in where.text or "matmul" in str(error):
        cause = L(
            "In `a @ b`, the last number of a's shape must equal the first of b's: (4, 2) @ (2,) fits, (4, 2) @ (4,) does not.",
            "`a @ b` では、a の形の最後の数と b の形の最初の数が等しくなければなりません。(4, 2) @ (2,) は計算できますが、(4, 2) @ (4,) はできません。",
        )
    elif "reshape" in str(error):
        cause = L("`reshape` keeps the number of values: all numbers of the shape, multiplied, must give the same as before.", "`reshape` の前後で、値の個数（形の数字をすべて掛けたもの）は同じでなければなりません。")  # fmt: skip
    else:
        cause = L(
            "Compared from the right, the numbers of two shapes must be equal, or one of them 1: (4, 2) and (2,) fit, (4, 2) and (4,) do not.",
            "二つの形は、右から順に比べて、数が等しいか、どちらかが 1 でなければなりません。(4, 2) と (2,) は計算できますが、(4, 2) と (4,) はできません。",
        )
    return Advice(
        happened,
        cause,
        L(
            f"Print the shapes just before line {where.line}, such as `print(x.shape)`, and think which axis is which.",
            f"{where.line} 行目の直前に `print(x.shape)` のように書いて形を表示し、どの軸が何を表すか確かめてください。",
        ),
    )


def _shapes_in(where: Spot) -> list[tuple[str, tuple]]:
    """Return name and shape of each array that the line names."""
    if where.frame is None:
        return []
    found = {}
    for name in re.findall(r"[^\W\d]\w*", where.text):
        value = where.frame.f_locals.get(name, where.frame.f_globals.get(name))
        shape = getattr(value, "shape", None)
        if name not in found and isinstance(shape, (tuple, list)):
            found[name] = tuple(shape)
    return list(found.items())[:4]


def _index(error: IndexError, where: Spot, namespace, unit) -> Advice:
    found = re.search(r"index (-?\d+) is out of bounds for axis (\d+) with size (\d+)", str(error))
    if found:
        index, axis, size = (int(text) for text in found.groups())
        happened = L(
            f"Number {index} does not exist: axis {axis} has {size} entries, numbered from 0 to {size - 1}.",
            f"{index} 番はありません。軸 {axis} の要素は {size} 個で、番号は 0 から {size - 1} までです。",
        )
    elif "too many indices" in str(error):
        happened = L("There are more numbers in the brackets than the array has axes.", "[ ] の中の番号の数が、配列の軸の数より多くなっています。")  # fmt: skip
    else:
        happened = L("The number in the brackets is beyond the end.", "[ ] の中の番号が、並びの終わりを超えています。")  # fmt: skip
    return Advice(
        happened,
        L(
            "Counting begins at 0, so the last entry is number size - 1; or write -1 for it.",
            "番号は 0 から数えるので、最後の要素は「個数 - 1」番です。-1 と書くこともできます。",
        ),
        L(
            f"Look at line {where.line}: does a loop run one step too far? Print the shape or `len(...)`.",
            f"{where.line} 行目を見てください。繰り返しが一回多くありませんか。形や `len(...)` を表示して確かめましょう。",
        ),
    )


def _arguments(error: TypeError, where: Spot, namespace, unit) -> Advice | None:
    text = str(error)
    if not re.search(r"missing \d+ required|takes .*positional|unexpected keyword|multiple values for", text):
        return None
    name = text.partition("(")[0].rpartition(".")[2]
    if found := re.search(r"missing \d+ required .*?: (.+)", text):
        names = [f"`{text}`" for text in re.findall(r"'(\w+)'", found[1])]
        cause = L(f"Not given: {', '.join(names)}.", f"足りない引数：{'、'.join(names)}")
    elif found := re.search(r"unexpected keyword argument '(\w+)'", text):
        cause = L(f"It has no argument called `{found[1]}`.", f"`{found[1]}` という引数はありません。")
    elif found := re.search(r"takes (?:from )?(\d+)(?: to (\d+))? positional .*but (\d+)", text):
        cause = L(f"It takes {found[2] or found[1]}, and got {found[3]}.", f"引数は {found[2] or found[1]} 個のはずですが、{found[3]} 個渡されています。")  # fmt: skip
    else:
        cause = L("One argument was given twice.", "同じ引数が二度渡されています。")
    return Advice(
        L(f"`{name}` was called with the wrong arguments.", f"`{name}` に渡した引数が合っていません。"),
        cause,
        L(
            f"Compare the call in line {where.line} with the line `def {name}(...)`. Did you change the names in the brackets of `def`?",
            f"{where.line} 行目の呼び出しと、`def {name}(...)` の行を見比べてください。`def` のかっこの中を書き換えていませんか。",
        ),
    )


def _none(error: Exception, where: Spot, namespace, unit) -> Advice | None:
    if "NoneType" not in str(error):
        return None
    return Advice(
        L("A value is missing: there is None, which means “nothing”.", "値がありません。「何もない」ことを表す None になっています。"),
        L(
            "Mostly a function has no `return`, or it prints its result instead of returning it.",
            "多くの場合、関数に `return` がないか、結果を `return` せずに `print` しているだけです。",
        ),
        L(
            f"See which value in line {where.line} is None. Does the function that makes it end in `return ...`, at the right indent?",
            f"{where.line} 行目のどの値が None なのかを調べましょう。それを作る関数は、正しい字下げの `return ...` で終わっていますか。",
        ),
    )  # fmt: skip


def _attribute(error: AttributeError, where: Spot, namespace, unit) -> Advice | None:
    if not error.name or error.obj is None:
        return None
    owner = L(f"The library `{error.obj.__name__}`", f"ライブラリ `{error.obj.__name__}` ") if isinstance(error.obj, ModuleType) else L(f"A value of type `{type(error.obj).__name__}`", f"`{type(error.obj).__name__}` 型の値")  # fmt: skip
    near = difflib.get_close_matches(error.name, [name for name in dir(error.obj) if not name.startswith("_")], 1)  # fmt: skip
    return Advice(
        L(f"{owner} has nothing called `{error.name}`.", f"{owner}に、`{error.name}` というものはありません。"),
        L(f"Did you mean `{near[0]}`? Capital and small letters count.", f"`{near[0]}` の書き間違いではありませんか。大文字と小文字も区別されます。")
        if near
        else L("The name behind the dot is misspelt, or what stands before the dot is something else than you think.", "ドット（.）の後ろの名前のつづりが違うか、ドットの前にあるものが、思っているものと違います。"),
        L(f"Correct line {where.line} and run the cell again.", f"{where.line} 行目を直して、もう一度実行してください。"),
    )  # fmt: skip


def _not_callable(error: TypeError, where: Spot, namespace, unit) -> Advice | None:
    if not (found := re.search(r"'(.+?)' object is not callable", str(error))):
        return None
    return Advice(
        L(f"Something that is no function ({found[1]}) was called with ( ).", f"関数ではないもの（{found[1]}）に ( ) を付けて呼び出しています。"),
        L(
            "To take entries out of an array or list, write [ ]. Or a name such as `sum` or `print` was given another value.",
            "配列やリストから要素を取り出すときは [ ] を使います。または、`sum` や `print` のような名前に別の値を入れてしまっています。",
        ),
        L(f"Look at line {where.line}. If you have overwritten a name, restart the kernel and run from the top.", f"{where.line} 行目を見てください。名前を上書きしてしまったときは、カーネルを再起動して先頭から実行します。"),
    )  # fmt: skip


def _module(error: ModuleNotFoundError, where: Spot, namespace, unit) -> Advice:
    name = (error.name or "?").partition(".")[0]
    happened = L(f"There is no library called `{name}` here.", f"`{name}` というライブラリが見つかりません。")
    if name in _LIBRARIES:
        return Advice(
            happened,
            L(
                "The course brings it, so this notebook is running in another Python than the course's.",
                "この講座に含まれているライブラリです。ノートブックが、講座とは別の Python で動いています。",
            ),
            L(
                "Close JupyterLab and open the course by `./dojo start` (on Windows `py dojo start`).",
                "JupyterLab を終了し、`./dojo start`（Windows では `py dojo start`）で講座を開き直してください。",
            ),
        )
    near = difflib.get_close_matches(name, _LIBRARIES, 1) or difflib.get_close_matches(
        name, sys.stdlib_module_names, 1
    )
    return Advice(
        happened,
        L(f"Did you mean `{near[0]}`?", f"`{near[0]}` の書き間違いではありませんか。")
        if near
        else L("It is misspelt, or it is not part of the course.", "つづりの間違いか、この講座には含まれないライブラリです。"),
        L(
            "Every exercise can be solved with what the first cell imports.",
            "どの演習も、先頭のセルで読み込んだものだけで解けます。",
        ),
    )  # fmt: skip


def _file(error: FileNotFoundError, where: Spot, namespace, unit) -> Advice:
    path = Path(str(error.filename or ""))
    near = []
    if path.name and path.parent.is_dir():
        near = difflib.get_close_matches(path.name, sorted(os.listdir(path.parent)), 1)
    here = Path.cwd()
    return Advice(
        L(f"There is no file or folder {path}.", f"{path} というファイル（フォルダー）はありません。"),
        L(f"Did you mean {near[0]}?", f"{near[0]} の書き間違いではありませんか。")
        if near
        else L(f"A name without a folder is looked for beside the notebook, in {here}.", f"フォルダーを付けない名前は、ノートブックと同じ場所（{here}）で探されます。"),
        L(
            "Check name, ending and folder in JupyterLab's file list on the left.",
            "名前、拡張子、フォルダーを、JupyterLab の左側のファイル一覧で確かめてください。",
        ),
    )  # fmt: skip


def _memory(error, where: Spot, namespace, unit) -> Advice | None:
    if not isinstance(error, MemoryError) and not re.search(
        r"ResourceExhausted|out of memory|OOM when", f"{type(error).__name__} {error}", re.IGNORECASE
    ):
        return None
    return Advice(
        L("The memory is full.", "メモリが足りなくなりました。"),
        L(
            "This cell needs too much at a time, or other notebooks still hold theirs.",
            "このセルが一度に多くのメモリを使おうとしたか、ほかのノートブックがメモリを使ったままになっています。",
        ),
        L(
            "Menu Kernel > Shut Down All Kernels, open this notebook again and run it from the top. In code of yours, take fewer films or a smaller batch.",
            "メニューの「カーネル」→「すべてのカーネルをシャットダウン」を選び、このノートブックを先頭から実行し直してください。自分のコードでは、画像の枚数やバッチサイズを減らします。",
        ),
    )


def _unwritten(error: NotImplementedError, where: Spot, namespace, unit) -> Advice | None:
    if type(error) is not NotImplementedError or where.frame is None:
        return None
    name = where.frame.f_code.co_name
    return Advice(
        L(f"`{name}` is not written yet.", f"`{name}` がまだ書かれていません。"),
        L("Its cell still says `raise NotImplementedError()`.", "そのセルに `raise NotImplementedError()` の行が残っています。"),
        L("Write your code in place of that line, and run the cell.", "その行を消して自分のコードを書き、セルを実行してください。"),
    )  # fmt: skip


_EXPLAINERS: tuple[tuple[type | tuple, Callable], ...] = (
    (KeyboardInterrupt, _interrupted),
    (SyntaxError, _syntax),
    (NameError, _unknown_name),
    (ModuleNotFoundError, _module),
    (FileNotFoundError, _file),
    (NotImplementedError, _unwritten),
    (Exception, _memory),
    (Exception, _shapes),
    (IndexError, _index),
    (TypeError, _arguments),
    ((TypeError, AttributeError), _none),
    (AttributeError, _attribute),
    (TypeError, _not_callable),
)


class Box:
    """The friendly words as Jupyter shows them: a box with the traceback folded away; elsewhere plain text."""

    def __init__(self, advice: Advice, trace: str):
        self.advice, self.trace = advice, trace

    def __str__(self):
        return "\n".join(part for part in (self.advice.happened, self.advice.cause, self.advice.next) if part)

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": str(self), "text/html": self._html()}

    def _html(self) -> str:
        calm = self.advice.calm
        box = (
            palette.box(palette.BLUE, palette.CALM_SHADE)
            if calm
            else palette.box(palette.RED, palette.WRONG_SHADE)
        )
        lines = [f'<div style="font-weight:bold">{marked_code(self.advice.happened)}</div>']
        lines += [f"<div>{marked_code(self.advice.cause)}</div>"] if self.advice.cause else []
        lines.append(f'<div style="margin-top:6px">→ {marked_code(self.advice.next)}</div>')
        return f'<div class="xraydojo-crash" style="{box}">{"".join(lines)}{folded_trace(self.trace)}</div>'


def marked_code(text: str) -> str:
    """Return text as HTML, with what stands between backticks set as code."""
    return re.sub(
        r"`([^`]+)`", r'<code style="background:transparent;color:inherit">\1</code>', html.escape(text)
    )


def folded_trace(trace: str) -> str:
    """Return a traceback as HTML, one click away."""
    words = L("The whole error message (traceback)", "エラーメッセージの全文（トレースバック）")
    return (
        f'<details style="margin-top:6px"><summary style="cursor:pointer">{words}</summary>'
        f'<pre style="overflow:auto">{html.escape(trace)}</pre></details>'
    )


def install(unit: str = "") -> None:
    """Show friendly words for the errors of this notebook from now on; do nothing outside one, or where nbgrader grades.

    Parameters
    ----------
    unit : str
        The unit's id; when not said, the name of the notebook's folder.
    """
    global _unit
    if place.in_notebook():
        _unit = unit or Path.cwd().name
        get_ipython().set_custom_exc((Exception, KeyboardInterrupt), _show)


def load_ipython_extension(shell) -> None:
    """Install at a kernel's start, so that a cell run before the first one is explained, too."""
    if (lang := Path.cwd().parent.name) in LANGUAGES:
        language.use(lang)
    install()


def _show(shell, kind, error, trace, tb_offset=None) -> None:
    """Take an exception from IPython and show it; the reply to whoever runs the cell holds the whole traceback, as ever."""
    shown = None
    try:
        if not hasattr(error, "_render_traceback_"):  # a check's verdict has said it all
            shown = _shown(shell, kind, error, trace, tb_offset)
    except Exception:  # whatever went wrong here, the learner's error comes first
        pass
    if shown is None:
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
        return
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, trace
    box, whole = shown
    display(box)
    shell._showtraceback(kind, error, [_headline(kind, error)])
    shell._last_traceback = whole


def _shown(shell, kind, error, trace, tb_offset) -> tuple[Box, list[str]] | None:
    """Return the box for an error and its whole traceback, or None if there is nothing to add to the traceback."""
    advice = advise(error, shell.user_ns, _unit)
    if advice is None:
        return None
    if isinstance(error, SyntaxError):
        whole = shell.SyntaxTB.structured_traceback(kind, error, [])
    else:
        whole = shell.InteractiveTB.structured_traceback(kind, error, trace, tb_offset=tb_offset)
    return Box(advice, _without_colors(whole)), whole


def _headline(kind: type, error: BaseException) -> str:
    said = str(error)
    return f"{kind.__name__}: {said}" if said else kind.__name__


def _without_colors(lines: Iterable[str]) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(lines))
