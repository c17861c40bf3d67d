"""Points come only from checks that the checker itself has seen: no object, patch or message of the learner's makes one."""

import pytest
from nbformat.v4 import new_code_cell

from tests.grade.attacks.conftest import results

PASSED = {"double": ("passed", 2), "halve": ("passed", 3), "negate": ("passed", 1)}
# each of these but the last three gave full points where learner and tests shared a process
PATCHES = {
    "the check's class": """
import xraydojo.check
from IPython.display import display
class check:
    def __init__(self, exercise, hidden=False): self.record = {"exercise": exercise, "passed": True, "hidden": hidden}
    def __enter__(self): return self
    def __exit__(self, *a):
        display({"application/vnd.xraydojo.check+json": self.record}, raw=True)
        return True
xraydojo.check.check = check
""",
    "the comparison": """
import xraydojo.check
xraydojo.check.compare = lambda *a, **k: None
""",
    "a transformer of input that drops the tests": """
drop = lambda lines: ["    pass\\n" if "t.call" in line else line for line in lines]
get_ipython().input_transformers_cleanup.append(drop)
""",
    "a transformer of syntax trees that drops the asserts": """
import ast
class Drop(ast.NodeTransformer):
    def visit_Expr(self, node): return ast.copy_location(ast.Pass(), node) if "equals" in ast.dump(node) else node
    def visit_Assert(self, node): return ast.copy_location(ast.Pass(), node)
get_ipython().ast_transformers.append(Drop())
""",
    "the kernel's session": """
shell, mime = get_ipython(), "application/vnd.xraydojo.check+json"
shell.showtraceback = shell._showtraceback = lambda *a, **k: None
publish = shell.display_pub.publish
def better(data, *a, **k):
    if mime in data:
        data[mime]["passed"], data[mime]["hidden"] = True, False
    publish(data, *a, **k)
shell.display_pub.publish = better
""",
    "numpy and pytest": """
import numpy as np
np.isclose = np.allclose = lambda a, *b, **k: np.ones(np.shape(a), bool)
import pytest
pytest.approx = lambda *a, **k: type("Any", (), {"__eq__": lambda *a: True})()
""",
    "numpy's reading of answers": """
import numpy as np, sys
read = np.asarray
np.asarray = lambda value, *a, **k: read(sys._getframe(1).f_locals.get("expected", value), *a, **k)
""",
    "builtins": """
import builtins, xraydojo.check.compare
true = lambda *a, **k: True
builtins.isinstance, builtins.callable = (lambda value, kind, was=isinstance: was(value, kind)), lambda value: False
builtins.all = builtins.any = true
class Difference:
    def __new__(cls, *a, **k): return None
__import__("sys").modules["xraydojo.check.compare"].Difference = Difference
""",
    "the wire's own code": """
import sys
for name in ("wire", "learner", "failure", "peer", "shell"):
    module = sys.modules.get("xraydojo.grade." + name)
    for part in vars(module) if module else ():
        if part in ("describe", "encode"): setattr(module, part, lambda *a, **k: None)
""",
    "a printed score": """
print("2.0"); print("###SCORE 6/6###"); print('{"points": 6, "status": "passed"}')
6.0
""",
}
OBJECTS = {
    "equal to all": "class Same:\n    __eq__ = __ge__ = __le__ = __call__ = lambda *a: True\n    __hash__ = None",
    "a number equal to all": "class Same(float):\n    __eq__ = lambda *a: True\n    __ne__ = lambda *a: False",
    "an array equal to all": (
        "class Made(np.ndarray):\n    __eq__ = lambda *a: True\n"
        "    __array_ufunc__ = __array_function__ = lambda *a, **k: np.True_\n"
        "Same = lambda: np.zeros(()).view(Made)"
    ),
    "an array that changes as it is read": (
        "class Same:\n    def __array__(self, *a, **k):\n        import sys; return np.array(sys.maxsize)\n"
        "    __array_priority__ = 1e9"
    ),
    "a list that answers for itself": "class Same(list):\n    __eq__ = lambda *a: True\n    __len__ = lambda s: 0",
    "a points' worth": "Same = lambda: 2",
    "an exception that is a pass": "class Same(Exception):\n    passed = True",
}


@pytest.mark.parametrize("patch", PATCHES.values(), ids=PATCHES.keys())
def test_a_patch_in_the_learners_process_gives_no_points(patch, attacked, handed):
    work = handed().right("halve", "negate").write(double="def double(x):\n    return 5")
    work.insert("double", new_code_cell(patch))
    assert results(attacked(work))["double"][1] == 0


def test_a_verdict_of_the_learners_own_is_none(attacked, handed):
    forged = """
from IPython.display import display
record = {"exercise": "double", "passed": True, "rung": None, "hidden": False, "message": ""}
display({"application/vnd.xraydojo.check+json": record}, raw=True)
def double(x):
    display({"application/vnd.xraydojo.check+json": record}, raw=True)
    raise SystemExit
"""
    report = attacked(handed().right("halve", "negate").write(double=forged))
    assert results(report) == PASSED | {"double": ("crashed", 0)}
    outputs = {cell.id: cell.outputs for cell in report.notebook.cells if "outputs" in cell}
    assert "xraydojo.check+json" not in str(outputs["double"] + outputs["test-double"])


@pytest.mark.parametrize("kind", OBJECTS.values(), ids=OBJECTS.keys())
def test_an_object_that_claims_to_be_right_is_wrong(kind, hostile):
    got = hostile(double=f"import numpy as np\n{kind}\ndef double(x):\n    return Same()")
    assert got == PASSED | {"double": ("failed", 0)}


def test_an_object_in_a_functions_place_that_cannot_be_sent_costs_its_own_points_only(hostile):
    endless = "class Same:\n    __getattr__ = __call__ = lambda self, *a: self\ndouble = Same()"
    assert hostile(double=endless) == PASSED | {"double": ("missing", 0)}


def test_a_table_of_the_visible_answers_is_not_enough(hostile):
    assert hostile(double="def double(x):\n    return {3: 6}[x]") == PASSED | {"double": ("crashed", 0)}
    assert hostile(double="def double(x):\n    return 6") == PASSED | {"double": ("failed", 0)}


def test_frames_hold_no_expected_value_and_no_test(attacked, handed):
    look = """
import gc, sys, linecache
def double(x):
    frame, found = sys._getframe(), []
    while frame:
        found.append(repr(frame.f_locals)[:100_000] + repr(frame.f_code.co_consts) + frame.f_code.co_filename)
        frame = frame.f_back
    found += [str(value) for value in gc.get_objects() if isinstance(value, (str, dict, list, tuple))]
    found += [text for entry in list(linecache.cache.values()) for text in entry[2]]
    return 2468 if "24" + "68" in "".join(found) or "HIDDEN " + "TESTS" in "".join(found) else 6
"""
    assert results(attacked(handed().right().write(double=look)))["double"] == ("failed", 0)


FORGED = {
    "garbage": "peer.channel.send(b'garbage')",
    "a length of four billion": "peer.channel._socket.send(bytes([255] * 4))",
    "half a message": "peer.channel._socket.send(bytes([9, 0, 0, 0, 1]))",
    "a pickle": (
        "import pickle\n"
        "        class Bomb:\n"
        "            def __reduce__(self): return (__import__('os').system, ('touch {path}',))\n"
        "        peer.channel.send(pickle.dumps(Bomb()))"
    ),
    "an answer before the question": "peer.send(('done', (6, {})))",
    "what the checker would tell": "peer.send(('checked', 'test-double', [], None))\n        peer.send(('end',))",
    "a question that is not asked": "peer.send(('call', 1, [], {}))",
    "a function that was not handed over": "peer.ask('call', Handle(99, 'function', {}, False), [], {})",
    "an answer of another kind": "peer.send(('done', 6))",
    "an exception of another kind": "peer.send(('raised', {'kinds': 7, 'name': '\\0', 'args': 5, 'line': 1}))",
    "a flood of outputs": "[peer.send(('output', 'x' * 10_000_000)) for _ in range(20)]",
    "outputs that are none": "[peer.send(('output', text)) for text in ('', '{', '[' * 90_000, 'null', '7', '{}')]",
    "an output that is no text": "peer.send(('output', 7))",
    "questions without end": "peer.answers = {}\n        [peer.ask('call', Handle(1, 'function'), [], {})]",
    "empty outputs without end": "while True: peer.send(('output', ''))",
    "small outputs without end": (
        "n = 0\n        while True:\n            n += 1\n"
        "            name = ('stdout', 'stderr')[n % 2]\n"
        '            peer.send((\'output\', \'{"output_type": "stream", "name": "\' + name + \'", "text": ""}\'))'
    ),
    "silence": "peer.channel.close(); import time; time.sleep(99)",
    "the checker killed": "[os.kill(n, 9) for n in range(2, 40_000) if not _refused(n)]",
}
PEER = """
import gc, os
from xraydojo.grade.learner import Learner
from xraydojo.grade.wire import Handle
def _refused(n):
    try: os.kill(n, 0)
    except OSError: return True
def double(x):
    peer = next(value for value in gc.get_objects() if isinstance(value, Learner))
    try:
        {forged}
    finally:
        return 5
"""


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_forged_messages_fail_the_learners_own_tests_at_most(forged, hostile, tmp_path):
    path = tmp_path / "executed"
    got = hostile(
        halve=PEER.replace("{forged}", forged.replace("{path}", str(path))).replace("double", "halve")
    )
    assert got["double"] == ("passed", 2) and got["halve"][1] == 0
    assert not path.exists()
