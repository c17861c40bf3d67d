"""Isolate the learner's processes: bubblewrap around the warm parent, and namespaces of its own around each of its children.

The warm parent runs in bubblewrap, which shows it a read-only system without the course, the gradebook or anybody's files, and no
network. Each child leaves the parent's namespaces for its own (user, process ids, mounts, IPC, network), has an empty temporary folder of a
limited size, no capabilities and no way to get any. It is the first process of its namespace: when it ends, the kernel ends
all that it started.
"""

import ctypes
import os
import resource
import shutil
import signal
import sys
from pathlib import Path

import xraydojo
from xraydojo import DojoError
from xraydojo.language import L

HOME = "/tmp/home"
WORK = "/tmp/work"
NOBODY = 65534
# processes and threads; TensorFlow starts a few dozen
MOST_PROCESSES = 128
FILE_BYTES = 100_000_000
DISK_BYTES = 300_000_000
OPEN_FILES = 512

# Linux's sched.h, mount.h and prctl.h
_NEW_MOUNTS, _NEW_UTS, _NEW_IPC, _NEW_USER, _NEW_PIDS, _NEW_NET = (
    0x00020000,
    0x04000000,
    0x08000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
_NOSUID, _NODEV, _BIND, _RECURSIVE, _PRIVATE = 2, 4, 4096, 16384, 1 << 18
_SET_PARENT_DEATH_SIGNAL, _SET_DUMPABLE, _DROP_BOUNDING, _NO_NEW_PRIVILEGES = 1, 4, 24, 38
_SYSTEM = (
    "/usr",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/localtime",
    "/etc/mime.types",
    "/sys/devices/system/cpu",
)


def refuse_without_bubblewrap() -> None:
    """Raise `DojoError` where the sandbox cannot run, saying what to install."""
    if shutil.which("bwrap") is None:
        raise DojoError(
            L(
                "grading needs the sandbox bubblewrap, which runs on Linux (apt-get install bubblewrap);"
                " --no-sandbox grades without protection, and the report says so",
                "採点には Linux で動くサンドボックス bubblewrap が必要です（apt-get install bubblewrap）。"
                "--no-sandbox を付けると保護なしで採点し、レポートにもそう記録されます",
            )
        )


def refuse_without_linux() -> None:
    """Raise `DojoError` where processes cannot be forked and watched as on Linux."""
    if not hasattr(os, "pidfd_open"):
        raise DojoError(
            L(
                "grading runs on Linux only; on Windows, run it in WSL, elsewhere in a virtual machine or on a hub",
                "採点は Linux でのみ動きます。Windows では WSL、そのほかでは仮想マシンかハブで実行してください",
            )
        )


def command(program: list[str]) -> list[str]:
    """Return the command that runs a program of this Python in bubblewrap."""
    arguments = ["bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    if os.geteuid() == 0:
        # to become nobody, child by child: no limit of processes holds for root
        arguments += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        arguments += ["--unshare-user"]
    for folder in ("bin", "sbin", "lib", "lib32", "lib64"):
        if os.path.islink(f"/{folder}"):
            arguments += ["--symlink", os.readlink(f"/{folder}"), f"/{folder}"]
        elif os.path.isdir(f"/{folder}"):
            arguments += ["--ro-bind", f"/{folder}", f"/{folder}"]
    for path in _SYSTEM:
        arguments += ["--ro-bind-try", path, path]
    arguments += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp"]
    for path in _python():
        # bubblewrap would make the folders above for its own user only
        for parent in reversed(Path(path).parents[:-1]):
            arguments += ["--perms", "0755", "--dir", str(parent)]
        arguments += ["--ro-bind", path, path]
    for path in _fonts():
        arguments += ["--ro-bind", str(path), f"{HOME}/.cache/matplotlib/{path.name}"]
    arguments += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
    # as the first process of its namespace it takes all others with it when it ends
    return [*arguments, "--as-pid-1", "--new-session", "--", *program]


def _python() -> list[str]:
    """Return the folders of this Python, its packages and this package, those first that hold others."""
    package = str(Path(xraydojo.__file__).parent)
    folders = {sys.base_prefix, sys.prefix, os.path.realpath(sys.base_prefix), package}
    return sorted(folder for folder in folders if not folder.startswith("/usr/"))


def _fonts() -> list[Path]:
    """Return matplotlib's lists of this machine's fonts: to make one takes it a second."""
    import matplotlib

    return list(Path(matplotlib.get_cachedir()).glob("fontlist-*.json"))


def environment(isolated: bool, home: str) -> dict[str, str]:
    """Return what the learner's processes find in their environment: nothing of the grader's."""
    kept = {
        name: os.environ[name] for name in ("KERAS_BACKEND", "LANG", "LC_ALL", "TZ") if name in os.environ
    }
    return kept | {
        "HOME": HOME if isolated else home,
        "PATH": os.pathsep.join([str(Path(sys.prefix, "bin")), "/usr/bin", "/bin"]),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def hide() -> None:
    """Let nobody look into this process's memory: not even a child that got out."""
    _libc().prctl(_SET_DUMPABLE, 0, 0, 0, 0)


def end_with_parent() -> None:
    """Have the kernel end this process when its parent ends."""
    _libc().prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def leave() -> None:
    """Leave the parent's namespaces; the next child of this process is the first one in the new ones.

    Raises
    ------
    OSError
        If the kernel does not allow it.
    """
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    # the maps below belong to root while nobody may look into this process
    _libc().prctl(_SET_DUMPABLE, 1, 0, 0, 0)
    user, group = os.geteuid(), os.getegid()
    _check(_libc().unshare(_NEW_USER | _NEW_PIDS | _NEW_MOUNTS | _NEW_IPC | _NEW_NET | _NEW_UTS), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"1000 {user} 1"), ("gid_map", f"1000 {group} 1")):
        Path("/proc/self", name).write_text(text)


def settle(memory: int, cpu_seconds: int) -> None:
    """Make the first process of new namespaces a place to run a learner's code in: an empty disk, limits and no rights.

    Parameters
    ----------
    memory : int
        Bytes that each process may have on top of what the warm parent has.
    cpu_seconds : int
        Of each process.
    """
    _check(_libc().mount(b"none", b"/", None, _RECURSIVE | _PRIVATE, None), "mount /")
    # a course that stands below /tmp is still wanted when another folder is mounted there
    covered = {path: os.open(path, os.O_PATH) for path in _python() if path.startswith("/tmp/")}
    for path, size in (("/tmp", DISK_BYTES), ("/dev/shm", DISK_BYTES)):
        options = f"size={size},nr_inodes=10000,mode=1777".encode()
        _check(_libc().mount(b"tmpfs", path.encode(), b"tmpfs", _NOSUID | _NODEV, options), f"mount {path}")
    for path, opened in covered.items():
        os.makedirs(path)
        source = f"/proc/self/fd/{opened}".encode()
        _check(_libc().mount(source, path.encode(), None, _BIND | _RECURSIVE, None), f"mount {path}")
        os.close(opened)
    for folder in (HOME, WORK):
        os.mkdir(folder)
    os.chdir(WORK)
    _drop_rights()
    limit(memory, cpu_seconds)


def limit(memory: int, cpu_seconds: int) -> None:
    """Set the limits of this process and its children."""
    for kind, most in (
        (resource.RLIMIT_AS, _memory_now() + memory),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_NPROC, MOST_PROCESSES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def _drop_rights() -> None:
    for capability in range(64):
        _libc().prctl(_DROP_BOUNDING, capability, 0, 0, 0)
    _check(_libc().prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "prctl")
    # version 3, this process; no capability is effective, permitted or inheritable
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    _check(_libc().capset(header, none), "capset")


def _memory_now() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
