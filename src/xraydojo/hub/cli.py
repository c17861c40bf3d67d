"""`dojo hub`: thin, each command calls one function."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

hub = typer.Typer(
    help="Run a class in the browser: JupyterHub, from one course.yaml.", invoke_without_command=True
)
Folder = Annotated[Path, typer.Option(help="The folder of the hub; course.yaml is in its folder class.")]


@hub.callback()
def demo(
    context: typer.Context,
    demo: Annotated[bool, typer.Option("--demo", help="A hub to try out, on this machine.")] = False,
    lang: Annotated[str | None, typer.Option(help="Of the demo: ja or en.")] = None,
    folder: Annotated[Path, typer.Option(help="Of the demo.")] = Path("~/XrayDojo-hub"),
) -> None:
    """Run a class in the browser: JupyterHub, from one course.yaml."""
    if context.invoked_subcommand is not None:
        return
    if not demo:
        typer.echo(context.get_help())
        raise typer.Exit(2)
    from xraydojo.hub.demo import demo

    raise typer.Exit(demo(folder, lang))


@hub.command()
def generate(folder: Folder = Path()) -> None:
    """Write the configurations of JupyterHub and nbgrader."""
    from xraydojo.hub.generate import generate
    from xraydojo.hub.site import Site

    for path in generate(Site(folder.resolve())):
        typer.echo(path)


@hub.command()
def doctor(folder: Folder = Path()) -> None:
    """Say what is wrong with a hub, and what to do about it."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from xraydojo.hub.doctor import doctor
    from xraydojo.hub.site import Site
    from xraydojo.language import L

    findings = doctor(Site(folder.resolve()))
    table = Table("", L("check", "確認項目"), L("what is wrong", "問題"), L("what to do", "対処"))
    for finding in findings:
        trouble = finding.trouble
        said = (trouble.found, trouble.remedy) if trouble else ("", "")
        table.add_row(
            "✗" if trouble else "✓", *(Text(text, overflow="fold") for text in (finding.title, *said))
        )
    Console().print(table)
    raise typer.Exit(1 if any(finding.trouble for finding in findings) else 0)


@hub.command()
def capacity(folder: Folder = Path()) -> None:
    """Estimate how many learners this machine carries."""
    from xraydojo.hub.capacity import capacity
    from xraydojo.hub.course import read_course
    from xraydojo.hub.site import Site
    from xraydojo.language import L

    course = read_course(Site(folder.resolve()).course_file)
    found, size = capacity(course), len(course.learners)
    typer.echo(
        L(
            f"{found.memory / 1e9:.0f} GB of memory, {found.cores} cores: about {found.learners} learners at work at once. "
            f"The class has {size}: all servers run after about {found.minutes_to_start:.0f} min (start them before the class), "
            f"and when all submit at once, the last is graded after about {found.minutes_to_grade:.0f} min.",
            f"メモリー {found.memory / 1e9:.0f} GB、{found.cores} コア：同時に作業できるのは約 {found.learners} 人です。"
            f"この授業は {size} 人です。全員のサーバーが起動するまで約 {found.minutes_to_start:.0f} 分かかり（授業の前に起動しておけます）、"
            f"全員が同時に提出すると、最後の人の採点が終わるまで約 {found.minutes_to_grade:.0f} 分です。",
        )
    )
    raise typer.Exit(1 if found.learners < size else 0)


roster = typer.Typer(no_args_is_help=True, help="Who learns in the class.")
hub.add_typer(roster, name="roster")


@roster.command("add")
def roster_add(
    name: Annotated[str, typer.Argument(help="The account.")],
    full_name: Annotated[str, typer.Option()] = "",
    email: Annotated[str, typer.Option()] = "",
    folder: Folder = Path(),
) -> None:
    """Add a learner to course.yaml."""
    from xraydojo.hub.roster import add

    _change_roster(folder, add, name, full_name, email)


@roster.command("remove")
def roster_remove(
    names: Annotated[list[str], typer.Argument(help="Accounts.")], folder: Folder = Path()
) -> None:
    """Remove learners from course.yaml; their work and marks stay."""
    from xraydojo.hub.roster import remove

    _change_roster(folder, remove, names)


@roster.command("import")
def roster_import(
    table: Annotated[Path, typer.Argument(help="CSV with the columns name, full_name, email.")],
    folder: Folder = Path(),
) -> None:
    """Add the learners of a CSV file to course.yaml."""
    from xraydojo.hub.roster import import_csv

    _change_roster(folder, import_csv, table)


def _change_roster(folder: Path, change: Callable, *how) -> None:
    """Change the learners of a hub's class, and say what came of it."""
    from xraydojo.hub.course import read_course
    from xraydojo.hub.site import Site
    from xraydojo.language import L

    site = Site(folder.resolve())
    before = {learner.name for learner in read_course(site.course_file).learners}
    after = {learner.name for learner in change(site.course_file, *how).learners}
    added, removed = len(after - before), len(before - after)
    said = L(
        f"{added} added, {removed} removed: the class has {len(after)} learners.",
        f"{added} 人を加え、{removed} 人を外しました。受講者は {len(after)} 人です。",
    )
    if added and site.passwords.exists():
        said += L(
            " This is a demo: start it again, and it shows their passwords.",
            "お試しのハブなので、起動し直すと、加えた人のパスワードが表示されます。",
        )
    elif added:
        said += L(
            " They can log in now, no restart is needed.", "ハブを起動し直さなくても、もうログインできます。"
        )
    typer.echo(said)
