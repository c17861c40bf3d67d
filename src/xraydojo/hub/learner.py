"""A learner's server: this runs as the learner, lays out the notebooks and the start page, and becomes JupyterHub's single-user server."""

import json
import os
import resource
import sys
import urllib.parse
from pathlib import Path

from xraydojo import language
from xraydojo.hub.kernelspecs import lay_kernelspecs
from xraydojo.language import L
from xraydojo.lesson import REPOSITORY, read_syllabus
from xraydojo.start import NOT_ON_SERVER, configure, environment, lay_page, renew

# by which NumPy's libraries, TensorFlow and PyTorch know how many threads to start
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
# what sends the checks of a learner who agreed to that
SHARING = "xraydojo.hub.sharing_server"
_SUBMIT_EN = """\
Save the notebook (Ctrl+S, on a Mac Command+S). Then open [Submit and feedback]({pages}): there each unit has a button. A few seconds later you see
your points and what to look at again. Until the due date you may hand in as often as you like; the last one counts."""

_SUBMIT_JA = """\
ノートブックを保存して（Ctrl+S、Mac では Command+S）、[提出とフィードバック]({pages}) のページを開きます。単元ごとに提出ボタンがあり、数秒で得点と見直すところが表示されます。\
期限までは何度でも提出でき、最後に提出したものが採点の対象になります。"""


def main() -> None:
    """Prepare the learner's folder and run the server."""
    told = json.loads(os.environ["XRAYDOJO_CLASS"])
    language.use(told["language"])
    os.umask(0o077)
    os.chmod(Path.home(), 0o700)
    page = prepare(Path.home(), told)
    gpu = told["gpu"]
    limit(told["memory"], told["cores"], gpu["memory"] if gpu else 0)
    serve(page, told["settings"])


def prepare(home: Path, told: dict) -> Path:
    """Lay out notebooks, start page and JupyterLab's settings in a learner's home; return the start page.

    Parameters
    ----------
    home : Path
    told : dict
        What `xraydojo.hub.configuration.server_environment` tells.
    """
    lang = told["language"]
    folder = home / "XrayDojo" / lang
    units = {unit["id"]: unit for unit in told["units"]}
    for news in renew(REPOSITORY / "exercises" / lang, folder, units):
        print(news)
    lab = home / "XrayDojo" / ".lab" / lang
    configure(lab, lang)
    lay_kernelspecs(lab / "data", told["gpu"] is not None)
    rows = [
        L(
            "| unit | reading (minutes) | exercises (minutes) | points | due | |",
            "| 単元 | 読む（分） | 演習（分） | 配点 | 期限 | |",
        ),
        "|---|---|---|---|---|---|",
    ]
    for entry in read_syllabus():
        if unit := units.get(entry.id):
            cells = (
                entry.link(),
                entry.reading_minutes,
                entry.exercise_minutes,
                f"{unit['points']:g}",
                unit["due"] or "",
                f"[{L('Submit, feedback', '提出・結果')}]({told['pages']}#{entry.id})",
            )
            rows.append(f"| {' | '.join(map(str, cells))} |")
    submit = L(_SUBMIT_EN, _SUBMIT_JA).format(pages=told["pages"])
    stop = L(
        "To stop, save and choose **File > Log Out**.",
        "終わるときは、保存して、メニューの **「ファイル」→「ログアウト」** を選びます。",
    )
    work = L(
        "Your notebooks are kept on the hub: log in from any computer and go on. When you need help, ask your instructor.",
        "あなたのノートブックはハブに保存され、どのパソコンからログインしても続きができます。困ったときは、講師に声をかけてください。",
    )
    return lay_page(folder, "\n".join(rows), submit, work, stop)


def limit(memory: int, cores: float, on_gpu: int = 0) -> None:
    """Let each process of the learner use so much memory and no more, and libraries as many threads as the learner has cores.

    A kernel over the limit gets a MemoryError; the machine stays well. (The sum over a learner's processes is for the system to limit.) A kernel
    on a GPU raises its own limit to ``on_gpu``; the others see no GPU.
    """
    resource.setrlimit(resource.RLIMIT_DATA, (memory, max(memory, on_gpu)))
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    for name in THREADS:
        os.environ[name] = str(max(1, int(cores)))


def serve(page: Path, settings: str) -> None:
    """Become the learner's server, opening on a page; ``settings`` is the folder of the class's settings for nbgrader."""
    lab = page.parents[1] / ".lab" / page.parent.name
    own = environment(lab) | {"JUPYTER_CONFIG_PATH": settings}
    os.environ.clear()
    os.environ.update(own)
    os.chdir(page.parent)
    sys.argv = [
        "jupyterhub-singleuser",
        f"--ServerApp.root_dir={page.parent}",
        f"--ServerApp.default_url=/lab/tree/{urllib.parse.quote(page.name)}",
        "--ServerApp.allow_root=True",  # a demo that root tries out
        f"--ServerApp.jpserver_extensions={dict.fromkeys(NOT_ON_SERVER, False) | {SHARING: True}}",
        "--AsyncMappingKernelManager.kernel_manager_class=xraydojo.hub.kernels.PrivateKernelManager",
    ]
    from jupyterhub.singleuser.app import main

    main()


if __name__ == "__main__":
    main()
