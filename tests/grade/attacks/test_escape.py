"""The learner's code sees a bare system, and reaches neither the course nor the grader nor the world."""

import os
import socket
import subprocess
import sys
import textwrap

import pytest
from nbformat.v4 import new_code_cell

import xraydojo
from tests.grade.attacks.conftest import printed
from xraydojo import DojoError
from xraydojo.grade import SubmissionError, grade, sandbox, warmth
from xraydojo.lesson import COURSE, REPOSITORY

SECRET = "top-secret-4711"


@pytest.fixture
def says(attacked, handed):
    """Return a function that runs a cell in a clean submission, and returns what it prints."""

    def ran(source):
        report = attacked(handed().right().insert("double", new_code_cell(textwrap.dedent(source))))
        assert report.points == 6
        return printed(report)

    return ran


def test_neither_the_course_nor_the_gradebook_nor_other_submissions_are_there(says, tmp_path, clean, unit):
    gradebook = tmp_path / "gradebook.db"
    gradebook.write_text(SECRET)
    said = says(f"""
        import os
        for path in {[str(p) for p in (COURSE, REPOSITORY / "solutions", unit.folder, gradebook, clean, "/etc/shadow", "/root/.bashrc")]}:
            print(os.path.exists(path))
        for folder, folders, files in os.walk("/"):
            folders[:] = [name for name in folders if os.path.join(folder, name) not in {["/proc", "/sys", "/usr", sys.prefix, sys.base_prefix]}]
            for file in files:
                if file.endswith((".ipynb", ".db", "lesson.py", "wrong_answers.py")): print(f"{{folder}}/{{file}}")
        try:
            with open({str(gradebook)!r}, "w") as file: file.write("A+")
        except OSError as error: print(type(error).__name__)
    """)
    assert "True" not in said and SECRET not in said and "lesson.py" in said
    found = {
        word for word in said.split() if word.endswith((".ipynb", ".db", "lesson.py", "wrong_answers.py"))
    }
    package = os.path.dirname(xraydojo.__file__)
    assert found == {"/tmp/work/work.ipynb", f"{package}/lesson.py"}
    assert gradebook.read_text() == SECRET and "FileNotFoundError" in said


def test_secrets_of_the_environment_stay_with_the_grader(says, monkeypatch):
    monkeypatch.setenv("XRAYDOJO_SEED", SECRET)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    said = says("""
        import glob, os, subprocess
        print(os.environ, subprocess.run(["env"], capture_output=True, text=True).stdout)
        for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline"):
            try: print(path, open(path, "rb").read())
            except OSError as error: print(path, type(error).__name__)
    """)
    assert "PATH" in said and SECRET not in said


def test_nothing_outside_the_own_folder_can_be_written(says):
    said = says(f"""
        import os
        for path in ["/", "/usr", "/etc", "/dev", "/dev/mqueue", "/proc/sys/kernel", {os.path.dirname(xraydojo.__file__)!r}, {sys.prefix!r}]:
            try:
                open(os.path.join(path, "x"), "w")
                print("wrote", path)
            except OSError: pass
        open("/tmp/x", "w").write("fine"); print("own")
    """)
    assert said == "own\n"


def test_what_one_submission_writes_the_next_does_not_find(says):
    look = """
        import os
        for path in "/tmp/left", "/dev/shm/left", "/tmp/home/left":
            print(os.path.exists(path), open(path, "w").write("x"))
    """
    assert says(look) == says(look) == "False 1\n" * 3


def test_the_network_is_out_of_reach(says):
    with socket.create_server(("127.0.0.1", 0)) as server:
        said = says(f"""
            import socket
            for address in (("127.0.0.1", {server.getsockname()[1]}), ("1.1.1.1", 53), ("::1", 80)):
                try: print("reached", socket.create_connection(address, timeout=1))
                except OSError as error: print("refused")
            try: socket.getaddrinfo("example.org", 80); print("resolved")
            except OSError: print("unresolved")
        """)
    assert said == "refused\n" * 3 + "unresolved\n"


def test_no_right_can_be_had_and_no_other_process_touched(says):
    said = says("""
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        print("mount", libc.mount(b"tmpfs", b"/usr", b"tmpfs", 0, None))
        print("ptrace", libc.ptrace(16, 2, None, None), libc.ptrace(16, os.getppid(), None, None))
        print("root", [name for name in ("setuid", "setgid") if getattr(libc, name)(0) == 0])
        killed = []
        for number in range(2, 40_000):
            try: os.kill(number, 9); killed.append(number)
            except OSError: pass
        print("killed", killed, os.getpid())
        status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
        print({status[name].strip() for name in ("CapPrm", "CapEff", "CapBnd", "CapInh", "CapAmb")}, status["NoNewPrivs"].strip())
        for number in [name for name in os.listdir("/proc") if name.isdigit()]:
            for file in ("mem", "maps", "environ", "fd"):
                path = f"/proc/{number}/{file}"
                try:
                    os.listdir(path) if file == "fd" else open(path, "rb").read(1)
                    if number != os.readlink("/proc/self"): print("open", path)
                except OSError: pass
        print(sorted(os.listdir("/proc/self/fd"), key=int))
    """)
    lines = said.splitlines()
    assert lines[:2] == ["mount -1", "ptrace -1 -1"] and "killed [] 1" in lines and "root []" in lines
    assert "{'0000000000000000'} 1" in lines and "open" not in said


def test_a_new_user_namespace_gives_nothing_back(says):
    said = says(f"""
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(0x10000000 | 0x00020000) == 0:
            for path in (b"/", b"/usr", {sys.prefix!r}.encode()):
                print("remounted", libc.mount(None, path, None, 32 | 4096, None))
                print("uncovered", libc.umount2(path, 2))
            try: open({os.path.dirname(xraydojo.__file__)!r} + "/x", "w"); print("wrote")
            except OSError: print("refused")
        else: print("refused")
    """)
    assert (
        "wrote" not in said and "remounted 0" not in said and "uncovered 0" not in said and "refused" in said
    )


def test_a_module_beside_the_notebook_shadows_nothing(attacked, handed):
    work = handed().right()
    for folder in (work.folder, work.folder / "clean"):
        folder.mkdir(exist_ok=True)
        (folder / "numpy.py").write_text("raise SystemExit")
        (folder / "xraydojo.py").write_text("raise SystemExit")
    shadow = "for name in ('numpy', 'random', 'xraydojo'): open(f'{name}.py', 'w').write('raise SystemExit')"
    work.insert("setup-2", new_code_cell(shadow)).insert(
        "double", new_code_cell("import numpy; print(numpy.pi)")
    )
    report = attacked(work)
    assert report.points == 6 and printed(report).startswith("3.14")


def test_a_symbolic_link_handed_in_is_refused(unit, clean, tmp_path):
    link = tmp_path / "stolen.ipynb"
    link.symlink_to(clean)
    with pytest.raises(SubmissionError, match="link"):
        grade(unit, link)
    assert grade(unit, clean).points == 6


def test_without_the_sandbox_grading_refuses_and_says_what_to_install(unit, clean, monkeypatch):
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    with pytest.raises(DojoError, match="apt-get install bubblewrap"):
        grade(unit, clean)


def test_where_namespaces_are_forbidden_grading_refuses_and_says_so(unit, clean, monkeypatch):
    warmth.cool_down()
    monkeypatch.setattr(sandbox, "command", lambda program: ["bwrap", "--no-such-option"])
    with pytest.raises(DojoError, match="no-such-option.*user namespaces"):
        grade(unit, clean)
    warmth.cool_down()


def test_a_child_that_cannot_be_isolated_is_no_fault_of_the_learners(unit, clean, monkeypatch):
    warmth.cool_down()
    allowed = sandbox.command

    def forbidden(program):
        if os.geteuid() != 0:
            return [*allowed([])[:-1], "--disable-userns", "--", *program]
        return [word for word in allowed(program) if word not in ("--cap-add", "CAP_SETUID", "CAP_SETGID")]

    monkeypatch.setattr(sandbox, "command", forbidden)
    with pytest.raises(DojoError, match="the sandbox cannot be started here .*not permitted"):
        grade(unit, clean)
    warmth.cool_down()


def test_the_instructors_explicit_word_grades_without_it_and_the_report_says_so(unit, clean):
    report = grade(unit, clean, sandbox=False)
    assert report.points == 6 and report.sandbox is False


@pytest.mark.skipif(os.geteuid() != 0, reason="all these tests are run by an ordinary user")
def test_an_ordinary_user_is_isolated_too(course, clean):
    """Root plays an ordinary user: in a namespace in which it is one."""
    program = f"""
from xraydojo.grade import grade
from xraydojo.lesson import read_unit
from pathlib import Path
import os
report = grade(read_unit(Path({str(course / "05_numbers")!r})), {str(clean)!r})
print(os.geteuid(), report.points, report.sandbox)
"""
    user = ["bwrap", "--unshare-user", "--uid", "1000", "--gid", "1000", "--dev-bind", "/", "/"]
    done = subprocess.run([*user, sys.executable, "-c", program], capture_output=True, text=True, timeout=100)
    assert (done.stdout, done.stderr) == ("1000 6 True\n", "")
