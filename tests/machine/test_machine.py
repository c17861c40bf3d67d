"""The connection test: every row looks at something real, and a red one says what to do."""

import os
import shutil
import subprocess
import sys
from collections import namedtuple
from types import SimpleNamespace

import psutil
import pytest
from bs4 import BeautifulSoup

from xraydojo import language, machine
from xraydojo.machine import Row, Table


def row(name):
    """One look, as `machine.table` takes it."""
    return machine._look(getattr(machine, name))


def test_the_machine_that_runs_the_tests_is_ready():
    table = machine.table()
    assert table.ready, str(table)
    assert len(table) == 9
    assert sys.version.split()[0] in str(table)


def test_a_look_that_fails_is_a_red_row_with_advice_and_no_error(monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: 1 / 0)
    found = row("memory")
    assert found.ok is False
    assert "ZeroDivisionError" in found.value
    assert "./dojo start" in found.advice


@pytest.mark.parametrize(("lang", "said"), [("en", "restart the kernel"), ("ja", "カーネルを再起動")])
def test_too_little_memory_is_red_and_says_so_in_the_learners_language(monkeypatch, lang, said):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=0.5e9))
    language.use(lang)
    found = row("memory")
    assert (found.ok, "0.5 GB" in found.value) == (False, True)
    assert said in found.advice


def test_a_full_disk_is_red(monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10e9, 9.9e9, 0.1e9))
    found = row("disk")
    assert found.ok is False
    assert "1 GB" in found.advice


def test_a_keras_that_does_not_import_is_red_with_its_last_line(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "abacus")
    found = row("keras")
    assert found.ok is False
    assert "abacus" in found.value
    assert found.advice


def test_keras_is_asked_to_calculate():
    import keras  # the same version must be named

    found = row("keras")
    assert found.ok is True
    assert keras.__version__ in found.value


def test_films_that_cannot_be_read_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("XRAYDOJO_FILMS", str(tmp_path / "nowhere"))
    found = row("data")
    assert found.ok is False
    assert "nowhere" in found.value


def test_a_missing_font_is_red(monkeypatch):
    from matplotlib import font_manager

    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    assert row("font").ok is False


def _tool(folder, text, status):
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\necho '{text}'\nexit {status}\n")
    tool.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.skipif(os.name == "nt", reason="the tool is played by a shell script")
def test_a_gpu_is_named_by_its_own_tool(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", _tool(tmp_path, "NVIDIA H200", 0))
    assert row("gpu") == Row("GPU", "NVIDIA H200", True)


@pytest.mark.skipif(os.name == "nt", reason="the tool is played by a shell script")
def test_a_gpu_tool_without_its_driver_means_no_gpu_which_is_fine(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", _tool(tmp_path, "NVIDIA-SMI has failed", 9))
    found = row("gpu")
    assert found.ok is None
    assert "failed" not in found.value


def test_an_old_python_is_red(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 1))
    assert row("python").ok is False


def test_the_table_is_html_in_jupyter_with_everything_escaped():
    table = Table([Row("Films", "<script>alert(1)</script>", False, "a & b")])
    page = BeautifulSoup(table._repr_html_(), "html.parser")
    assert page.script is None
    cells = [cell.text for cell in page.find_all("td")]
    assert cells == ["✗", "Films", "<script>alert(1)</script>", "a & b"]


def test_the_summary_tells_ready_from_not_ready():
    fine, slow, bad = Row("a", "1", True), Row("b", "2", None), Row("c", "3", False, "mend")
    assert Table([fine, slow]).ready
    assert not Table([fine, bad]).ready
    assert "✗" in Table([fine, bad]).summary


def test_looking_does_not_import_tensorflow_into_the_kernel():
    code = "import sys; from xraydojo import machine; machine.table(); print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
