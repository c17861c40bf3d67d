"""Grade many submissions, on all cores or on a cluster: each is a task of its own, and a lost worker costs a retry."""

import contextlib
import itertools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

import nbformat
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from xraydojo import DojoError
from xraydojo.grade import grade, warmth
from xraydojo.grade.report import Report
from xraydojo.grade.submission import SubmissionError, read_file
from xraydojo.language import L, current, speaking

# submissions that wait at each worker, so that none idles; the rest waits on the disk
_AHEAD = 2


@dataclass(frozen=True)
class Task:
    """A submission to grade.

    ``name`` is what reports and messages call it, ``unit`` the unit that it must be of (None: the one that it names), ``seed`` as in
    `xraydojo.grade.grade`.
    """

    path: Path
    name: str
    unit: str | None = None
    seed: str | None = None

    def refused(self, error: SubmissionError) -> SubmissionError:
        """Return an error under the submission's name."""
        return SubmissionError(Path(self.name), error.reason, error.reason)


class Store(Protocol):
    """Where reports are kept as they come, so that a batch that was stopped goes on where it was."""

    def kept(self, task: Task) -> Report | None:
        """Return the report of this very submission if it was kept before."""

    def keep(self, task: Task, report: Report) -> Report:
        """Keep a report, and return it as it was kept."""


def grade_all(
    tasks: Sequence[Task],
    store: Store,
    resume: bool = False,
    sandbox: bool = True,
    workers: int | None = None,
    scheduler: str | None = None,
) -> tuple[list[Report], list[DojoError]]:
    """Grade submissions and keep their reports, with a progress bar on standard error.

    Parameters
    ----------
    tasks : sequence of Task
    store : Store
    resume : bool
        Whether to leave alone what was graded before and has not changed.
    sandbox, workers, scheduler
        See `grade_many`.

    Returns
    -------
    list of Report
        In the order of the tasks; those that were left alone with them.
    list of DojoError
        For those that cannot be graded; each names one, and says what to do.
    """
    reports = {task: report for task in tasks if resume and (report := store.kept(task))}
    left = [task for task in tasks if task not in reports]
    refused = {}
    graded = grade_many(left, sandbox, workers, scheduler)
    for task, outcome in _with_progress(graded, tasks, len(reports)):
        if isinstance(outcome, Report):
            reports[task] = store.keep(task, outcome)
        else:
            refused[task] = outcome
    return [reports[task] for task in tasks if task in reports], [refused[t] for t in tasks if t in refused]


def _with_progress(graded: Iterator, tasks: Sequence[Task], done: int) -> Iterator:
    console = Console(stderr=True)
    if len(tasks) < 2 or not console.is_terminal:
        yield from graded
        return
    columns = *Progress.get_default_columns(), MofNCompleteColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task(L("Grading", "採点中"), total=len(tasks), completed=done)
        for outcome in graded:
            yield outcome
            progress.advance(bar)


def grade_many(
    tasks: Sequence[Task], sandbox: bool = True, workers: int | None = None, scheduler: str | None = None
) -> Iterator[tuple[Task, Report | DojoError]]:
    """Grade submissions, and yield each with its report, or with the error for which it has none, as they are done.

    A single one is graded at once; several by this process's threads, as learners' code and tests have processes of their own anyway, or by
    `dask.distributed` on a cluster.

    Parameters
    ----------
    tasks : sequence of Task
    sandbox : bool
        See `xraydojo.grade.grade`.
    workers : int, optional
        How many at a time on this machine; as many as it has cores when not said.
    scheduler : str, optional
        The address of a Dask scheduler, such as ``tls://host:8786``, instead of this machine. Its workers need XrayDojo and, for
        the sandbox, bubblewrap; certificates come from Dask's own configuration.

    Raises
    ------
    DojoError
        If the scheduler cannot be reached, or grading cannot begin at all.
    """
    if len(tasks) < 2 and scheduler is None:
        for task in tasks:
            yield task, _here(task, sandbox)
        return
    with _threads(workers) if scheduler is None else _cluster(scheduler) as (hand_over, places):
        yield from _follow(partial(hand_over, sandbox=sandbox), _AHEAD * places, iter(tasks))


def _here(task: Task, sandbox: bool) -> Report | SubmissionError:
    try:
        return replace(grade(task.unit, task.path, sandbox, task.seed), submission=task.name)
    except SubmissionError as error:
        return task.refused(error)


def _speaking(language: str, task: Task, sandbox: bool) -> Report | SubmissionError:
    with speaking(language):
        return _here(task, sandbox)


@contextlib.contextmanager
def _threads(workers: int | None) -> Iterator[tuple[Callable[..., Future], int]]:
    """Lend this process's threads: how to hand a submission over, and how many are graded at a time."""
    from dask.system import CPU_COUNT  # of the container, where there is one

    places = workers or CPU_COUNT
    threads = ThreadPoolExecutor(places)
    try:
        yield partial(threads.submit, _speaking, current()), places
    except BaseException:
        # what is being graded just now ends at once
        threads.shutdown(wait=False, cancel_futures=True)
        warmth.cool_down()
        raise
    threads.shutdown()


@contextlib.contextmanager
def _cluster(scheduler: str) -> Iterator[tuple[Callable[..., Future], int]]:
    """Lend the workers of a Dask cluster: how to hand a submission over, and how many are graded at a time."""
    from distributed import Client

    try:
        client = Client(scheduler, timeout=20, set_as_default=False)
    except (OSError, ValueError) as error:
        raise DojoError(
            L(
                f"the Dask scheduler {scheduler} does not answer ({error}); check the address and that it runs",
                f"Dask スケジューラー {scheduler} から応答がありません（{error}）。アドレスと、起動していることを確かめてください",
            )
        ) from None
    with client:
        workers = client.get_executor(pure=False)
        yield partial(_send, workers), max(1, sum(client.nthreads().values()))


def _send(workers: Executor, task: Task, sandbox: bool) -> Future:
    """Hand a submission over with its content, for another machine does not see this one's files."""
    try:
        content = read_file(task.path)
    except SubmissionError as error:
        refused = Future()
        refused.set_result(task.refused(error))
        return refused
    return workers.submit(_there, content, task.path.name, task.unit, task.seed, sandbox, current())


def _follow(
    hand_over: Callable[[Task], Future], ahead: int, tasks: Iterator[Task]
) -> Iterator[tuple[Task, Report | DojoError]]:
    """Keep every place busy, and yield what is done."""
    waiting = {hand_over(task): task for task in itertools.islice(tasks, ahead)}
    while waiting:
        for future in wait(waiting, return_when=FIRST_COMPLETED).done:
            task = waiting.pop(future)
            waiting |= {hand_over(following): following for following in itertools.islice(tasks, 1)}
            yield task, _result(future, task)


def _result(future, task: Task) -> Report | DojoError:
    if (error := future.exception()) is not None:
        if isinstance(error, DojoError):
            raise error
        return DojoError(
            L(
                f"{task.name}: not graded ({type(error).__name__}: {error}); grade it by itself",
                f"{task.name}：採点できませんでした（{type(error).__name__}: {error}）。これだけを採点してみてください",
            )
        )
    graded = future.result()
    if isinstance(graded, (Report, SubmissionError)):
        return graded
    if isinstance(graded, str):
        return SubmissionError(Path(task.name), graded, graded)
    plain, notebook = graded
    return replace(Report.from_json(plain), submission=task.name, notebook=nbformat.from_dict(notebook))


def _there(
    content: bytes, name: str, unit: str | None, seed: str | None, sandbox: bool, language: str
) -> tuple[dict, dict] | str:
    """Grade one submission in a worker, which may be on another machine; return plain data, or why it cannot be graded."""
    with tempfile.TemporaryDirectory(prefix="xraydojo-") as folder, speaking(language):
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            report = grade(unit, path, sandbox, seed)
        except SubmissionError as error:
            return error.reason
    return report.to_json(), dict(report.notebook)
