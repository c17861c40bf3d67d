"""The `dojo` command: thin, each command calls one function."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from xraydojo import DojoError
from xraydojo.language import L
from xraydojo.lesson import REPOSITORY, find_unit, read_syllabus, read_unit

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Learn deep learning for medical images by doing.",
)
console = Console()
Units = Annotated[list[str] | None, typer.Argument(help="Units, such as 02; all when none is named.")]


def main() -> None:
    """Run the command; an error that a person can mend ends in one line and exit status 1."""
    # nbgrader looks for alembic beside this Python
    os.environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + os.environ.get("PATH", "")
    try:
        app()
    except (DojoError, OSError) as error:
        Console(stderr=True).print(
            f"dojo: {error}", style="red", markup=False, highlight=False, soft_wrap=True
        )
        sys.exit(1)


def _folders(units: list[str] | None) -> list[Path]:
    return [find_unit(name) for name in units or [entry.id for entry in read_syllabus()]]


@app.command()
def start(
    lang: Annotated[str | None, typer.Option(help="ja or en; the system's language when not said.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Your own folder; ~/XrayDojo when not said.")] = None,
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
    port: Annotated[
        int | None, typer.Option(help="The port of JupyterLab; a free one when not said.")
    ] = None,
) -> None:
    """Open the course: copy the exercises into your own folder and start JupyterLab."""
    from xraydojo.start import start

    raise typer.Exit(start(lang, folder, browser, port))


@app.command()
def build(
    units: Units = None, check: Annotated[bool, typer.Option(help="Only say which notebooks differ.")] = False
) -> None:
    """Build the notebooks from the lessons."""
    from xraydojo.build import build

    built = [
        notebook
        for folder in track(_folders(units), L("Building", "構築中"), console=console, transient=True)
        for notebook in build(folder)
    ]
    stale = [notebook for notebook in built if not notebook.is_current]
    for notebook in stale:
        if not check:
            notebook.write()
        said = "differs from its lesson; run: ./dojo build" if check else "written"
        console.print(f"{notebook.path.relative_to(REPOSITORY)} {said}", highlight=False, soft_wrap=True)
    console.print(f"{len(built)} notebooks, {len(stale)} {'differ' if check else 'written'}")
    raise typer.Exit(1 if check and stale else 0)


@app.command()
def prove(units: Units = None) -> None:
    """Run every wrong and right answer against the tests and print the table."""
    from xraydojo.prove import prove

    problems = []
    for folder in _folders(units):
        unit = read_unit(folder)
        table = Table(
            "exercise", "wrong", "rejected", "with hint", "right", "accepted", "seconds", title=unit.id
        )
        for proof in prove(unit):
            table.add_row(
                proof.exercise,
                *map(str, (proof.wrong, proof.rejected, proof.hinted, proof.right, proof.accepted)),
                f"{proof.seconds:.2f}",
            )
            problems += proof.problems
        console.print(table)
    for problem in problems:
        console.print(f"✗ {problem}", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(1 if problems else 0)


@app.command()
def grade(
    files: Annotated[list[Path], typer.Argument(help="Submitted notebooks.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the reports as JSON.")] = False,
    feedback: Annotated[Path | None, typer.Option(help="Write feedback as HTML into this folder.")] = None,
) -> None:
    """Grade submitted notebooks; files that cannot be graded are named, and end the command in exit status 1."""
    from xraydojo.grade import grade_files, table

    reports = grade_files(files, feedback)
    if as_json:
        print(json.dumps([report.to_json() for report in reports], ensure_ascii=False, indent=2))
    elif reports:
        console.print(table(reports))
    raise typer.Exit(0 if len(reports) == len(files) else 1)


data = typer.Typer(no_args_is_help=True, help="Look at films.")
app.add_typer(data, name="data")


@data.command()
def view(
    file: Annotated[Path, typer.Argument(help="A DICOM file.")],
    out: Annotated[Path | None, typer.Option(help="Write the film as an 8-bit PNG.")] = None,
) -> None:
    """Say what a DICOM film is, and show it as the standard asks: bones bright, by its own window."""
    from xraydojo.data import dicom

    dataset = dicom.read(file)
    if out:
        dicom.write_png(dataset, out)
    table = Table(L("attribute", "属性"), L("value", "値"), title=Text(file.name))
    for name, value in dicom.facts(dataset):
        table.add_row(Text(name), Text(value))
    console.print(table)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(context: typer.Context) -> None:
    """Run the project's tests; further arguments go to pytest."""
    raise typer.Exit(
        subprocess.run([sys.executable, "-m", "pytest", *context.args], cwd=REPOSITORY).returncode
    )
