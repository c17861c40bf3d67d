"""The `dojo` command: thin, each command calls one function."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from xraydojo import DojoError, language
from xraydojo.hub.cli import hub
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
def progress(
    lang: Annotated[str | None, typer.Option(help="ja or en; the system's language when not said.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Your own folder; ~/XrayDojo when not said.")] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write your record of completion as an HTML page to print."),
    ] = None,
    name: Annotated[str, typer.Option(help="Your name on that page.")] = "",
) -> None:
    """Show how far you are, and where to go on."""
    from xraydojo.certificate import write_certificate
    from xraydojo.progress import read, summary, units_in
    from xraydojo.road import table, totals, where

    try:
        language.use(lang)
    except ValueError as error:
        raise DojoError(error) from None
    folder = Path(folder or "~/XrayDojo").expanduser()
    stands = summary(read(folder), units_in(folder))
    if certificate:
        write_certificate(certificate, stands, name)
        console.print(
            L(f"your record of completion is in {certificate}", f"修了の記録を {certificate} に書き出しました"),
            soft_wrap=True, markup=False,
        )  # fmt: skip
        return
    console.print(table(stands))
    console.print(totals(stands), highlight=False, soft_wrap=True)
    console.print(where(stands), style="bold", highlight=False, markup=False, soft_wrap=True)


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
def site(
    units: Units = None,
    folder: Annotated[Path, typer.Option(help="For the pages; site when not said.")] = Path("site"),
) -> None:
    """Write the course as a web site, in both languages, with the figures of the solved notebooks."""
    from xraydojo.site import build

    for warning in build(_folders(units), folder):
        console.print(f"⚠ {warning}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    console.print(
        L(f"the site is in {folder}: open {folder / 'index.html'}", f"サイトを {folder} に書き出しました。{folder / 'index.html'} を開いてください"),
        soft_wrap=True, markup=False,
    )  # fmt: skip


@app.command()
def grade(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            help="Units of the class in this folder, all when none is named; or notebooks, folders, zips."
        ),
    ] = None,
    learner: Annotated[list[str] | None, typer.Option(help="Only this learner of the class.")] = None,
    test: Annotated[str | None, typer.Option(help="Only this exercise's mark; the others stay.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Leave alone what is graded and unchanged.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(help="How many at a time; one for each core when not said.")
    ] = None,
    scheduler: Annotated[str | None, typer.Option(help="A Dask scheduler's address, for a cluster.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the reports as JSON.")] = False,
    feedback: Annotated[
        Path | None, typer.Option(help="Write feedback on notebooks into this folder.")
    ] = None,
    sandbox: Annotated[
        bool, typer.Option("--sandbox/--no-sandbox", help="Isolate the learners' code.")
    ] = True,
) -> None:
    """Grade a class's submissions, or notebooks; those that cannot be graded are named, and end the command in exit status 1."""
    from xraydojo.grade import table
    from xraydojo.grade.assignments import grade_class, grade_notebooks

    how = {"resume": resume, "sandbox": sandbox, "workers": workers, "scheduler": scheduler}
    next_step = ""
    if any(Path(name).suffix in (".ipynb", ".zip") or Path(name).exists() for name in what or []):
        reports, refused = grade_notebooks([Path(name) for name in what], feedback, **how)
        if feedback:
            next_step = L(f" The feedback is in {feedback}.", f"フィードバックは {feedback} にあります。")
    else:
        reports, refused = grade_class(Path(), what or [], learner or [], test, **how)
        if reports:
            unit = reports[0].unit.partition("_")[0]
            next_step = L(
                f" The feedback is in feedback, the marks are in the gradebook. Next: dojo report {unit}",
                f"フィードバックは feedback フォルダーに、点数は成績表に入りました。次は dojo report {unit} です。",
            )
    if as_json:
        print(json.dumps([report.to_json() for report in reports], ensure_ascii=False, indent=2))
    elif reports:
        console.print(table(reports))
        graded = L(f"{len(reports)} graded.", f"{len(reports)} 件を採点しました。")
        console.print(graded + next_step, markup=False, highlight=False, soft_wrap=True)
    for error in refused:
        Console(stderr=True).print(f"✗ {error}", style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(1 if refused else 0)


@app.command()
def export(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="csv, moodle or canvas.")],
    units: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[UNIT]...",
            help="Units, all when none is named; for canvas, 02=4711 names an assignment there.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The file; grades_KIND.csv when not said.")] = None,
) -> None:
    """Write the class's marks for people, Moodle or Canvas; run it in the folder of the class."""
    from xraydojo.grade.course import ClassFolder
    from xraydojo.grade.export import export

    out = out or Path("grades.csv" if kind == "csv" else f"grades_{kind}.csv")
    for note in export(ClassFolder(Path()).gradebook, units, kind, out):
        console.print(f"⚠ {note}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    console.print(L(f"marks in {out}", f"{out} に成績を書き出しました"), markup=False, soft_wrap=True)


@app.command()
def report(
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="A unit, such as 02.")],
    out: Annotated[Path | None, typer.Option(help="The page; report_UNIT.html when not said.")] = None,
) -> None:
    """Write how the class did on a unit as one page; run it in the folder of the class."""
    from xraydojo.grade.class_report import class_report, read_results
    from xraydojo.grade.course import ClassFolder

    found = read_unit(find_unit(unit))
    out = out or Path(f"report_{found.id}.html")
    out.write_text(class_report(found, read_results(ClassFolder(Path()), found)), encoding="utf-8")
    console.print(L(f"report in {out}", f"{out} にレポートを書き出しました"), markup=False, soft_wrap=True)


data = typer.Typer(no_args_is_help=True, help="Get data sets, and look at films.")
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


@data.command("phantom")
def phantom_films(
    out: Annotated[Path, typer.Option(help="A new folder; load_films reads it.")],
    count: Annotated[int, typer.Option(min=1, help="How many films.")] = 10,
    size: Annotated[int, typer.Option(min=32, max=2048, help="Rows and columns.")] = 512,
    seed: Annotated[int, typer.Option(min=0, help="Of the first film; the next ones follow.")] = 0,
) -> None:
    """Make films of the phantom: PNG with lung masks, and DICOM."""
    from xraydojo.data.embedded import write_films

    write_films(out, count, size, seed)
    console.print(
        L(f"{count} films, their lungs and an index in {out}", f"{out} に、画像 {count} 枚、肺のマスク、一覧を書き出しました"),
        soft_wrap=True,
    )  # fmt: skip


@data.command("pretrain")
def pretrain_backbone(
    out: Annotated[Path, typer.Option(help="An .npz file, which is replaced.")],
    films: Annotated[int | None, typer.Option(min=2, help="How many films; 4000 when not said.")] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="How often each is looked at; 14 when not said.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=2000, help="Of the first film.")] = None,
) -> None:
    """Train the backbone of unit 08 on films of the phantom, in some minutes."""
    from xraydojo.data import backbone

    given = {"films": films, "epochs": epochs, "seed": seed}
    digest = backbone.pretrain(out, **{name: value for name, value in given.items() if value is not None})
    console.print(f"{out} ({out.stat().st_size} bytes, SHA-256 {digest})", highlight=False, soft_wrap=True)


SetName = Annotated[str, typer.Argument(metavar="NAME", help="A data set, such as Directions01.")]


@data.command("list")
def list_sets() -> None:
    """List the data sets that the course knows."""
    from xraydojo.data import cards

    table = Table(
        L("name", "名前"),
        L("what it is", "内容"),
        L("can be loaded", "読み込み可"),
        L("built in", "内蔵データ"),
        L("your folder", "あなたのフォルダー"),
    )
    # a name is to be copied
    table.columns[0].no_wrap = True
    for card in cards.cards():
        folder = cards.chosen(card.name)
        table.add_row(
            *map(Text, (card.name, L(**card.title), "✓" * bool(card.loader), "✓" * card.embedded)),
            Text(str(folder or ""), overflow="fold"),
        )
    console.print(table)


@data.command("show")
def show_set(name: SetName) -> None:
    """Say what a data set is, on what terms, and how to cite it."""
    from xraydojo.data import cards

    console.print(_card_table(cards.card(name)))


@data.command("fetch")
def fetch_set(
    name: SetName, yes: Annotated[bool, typer.Option("--yes", help="Accept the licence.")] = False
) -> None:
    """Download a data set, after its licence was accepted."""
    from xraydojo.data import cards

    def accept(card) -> bool:
        console.print(_card_table(card))
        return yes or typer.confirm(L("Do you accept the licence?", "ライセンスに同意しますか？"))

    card = cards.card(name)
    console.print(Text(str(cards.fetch(card, accept))), soft_wrap=True)
    console.print(Text(L("When you publish, cite:", "成果の公表時は、次を引用してください：")))
    for publication in card.citation:
        console.print(Text(publication))


@data.command("use")
def use_set(
    name: SetName,
    source: Annotated[Path, typer.Option("--from", metavar="FILE", help="A zip or a folder of yours.")],
) -> None:
    """Use a zip or folder of your own as a data set."""
    from xraydojo.data import cards

    console.print(Text(str(cards.use(cards.card(name), source))), soft_wrap=True)


@data.command("verify")
def verify_set(name: SetName) -> None:
    """Load a data set that is here, to see that it is whole."""
    from xraydojo.data import cards

    folder = cards.verify(cards.card(name))
    console.print(Text(L(f"{folder} can be read", f"{folder} を正しく読み込めました")), soft_wrap=True)


def _card_table(card) -> Table:
    unknown = L("unknown", "不明")
    licence = [L(**card.licence) if card.licence else unknown, card.licence_url]
    table = Table(L("field", "項目"), L("value", "値"), title=Text(L(**card.title)))
    # else rich cuts off Japanese, which has no spaces to break at
    table.columns[1].overflow = "fold"
    for field, value in (
        (L("name", "名前"), card.name),
        (L("description", "説明"), L(**card.description)),
        (L("page", "ページ"), card.page),
        (L("download", "ダウンロード"), card.url),
        ("SHA-256", card.sha256),
        (L("licence", "ライセンス"), "\n".join(filter(None, licence))),
        (L("citation", "引用"), "\n".join(card.citation)),
        (L("layout", "構成"), card.layout),
        (L("labels", "ラベル"), L(**card.labels) if card.labels else None),
        (L("loader", "読み込み関数"), f"xraydojo.data.{card.loader}" if card.loader else L("none", "なし")),
        (L("built in", "内蔵データ"), L("yes", "あり") if card.embedded else L("no", "なし")),
    ):
        table.add_row(Text(field), Text((value or unknown).strip()))
    return table


app.add_typer(hub, name="hub")

bench = typer.Typer(no_args_is_help=True, help="Measure.")
app.add_typer(bench, name="bench")


@bench.command("data")
def bench_data(
    real: Annotated[Path | None, typer.Option(help="Real films beside which the phantom is put.")] = None,
    out: Annotated[Path, typer.Option(help="For the pictures.")] = Path("bench"),
) -> None:
    """Measure the phantom: speed, memory, and how like real films it is."""
    from xraydojo.bench.data import measure

    table = Table(L("measured", "測定項目"), L("phantom", "ファントム"), L("real films", "実際の画像"))
    for row in measure(real, out):
        table.add_row(*row)
    console.print(table)
    console.print(L(f"pictures in {out}", f"図は {out} にあります"), soft_wrap=True)


@bench.command("grading")
def bench_grading(
    count: Annotated[int, typer.Option(help="Submissions of each unit.")] = 40,
    units: Units = None,
) -> None:
    """Grade the same class by stock nbgrader and by XrayDojo; leave the machine alone meanwhile."""
    from xraydojo.bench.grading import HEADINGS, UNITS, measure

    table = Table(*HEADINGS)
    with tempfile.TemporaryDirectory(prefix="xraydojo-") as folder:
        for row in measure(count, Path(folder), [find_unit(name).name for name in units or UNITS]):
            table.add_row(*row)
    console.print(table)


@bench.command("segmentation")
def bench_segmentation(
    real: Annotated[
        Path | None, typer.Option(help="Real films with lung masks, as load_films reads them.")
    ] = None,
    out: Annotated[Path, typer.Option(help="For the pictures.")] = Path("bench"),
    epochs: Annotated[int | None, typer.Option(min=1, help="At most so many, for a quick trial.")] = None,
) -> None:
    """Train the U-Net of unit 09 on embedded films, and measure its lungs on others and on real ones."""
    from xraydojo.bench.segmentation import measure

    table = Table(
        L("network", "ネットワーク"),
        L("embedded test films", "内蔵のテスト用画像"),
        L("real films", "実際の画像"),
    )
    for row in measure(real, out, epochs):
        table.add_row(*row)
    console.print(table)
    console.print(L(f"pictures in {out}", f"図は {out} にあります"), soft_wrap=True)


@bench.command("attacks")
def bench_attacks() -> None:
    """Show what dishonest notebooks earn by stock nbgrader and by XrayDojo."""
    from xraydojo.bench.attacks import measure

    table = Table(L("attack", "攻撃"), L("due", "本来の点"), "nbgrader", "XrayDojo")
    with tempfile.TemporaryDirectory(prefix="xraydojo-") as folder:
        for row in measure(Path(folder)):
            table.add_row(*row)
    console.print(table)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(context: typer.Context) -> None:
    """Run the project's tests; further arguments go to pytest."""
    parallel = ["-n", "auto", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder"]
    command = [sys.executable, "-m", "pytest", *parallel, *context.args]
    raise typer.Exit(subprocess.run(command, cwd=REPOSITORY).returncode)
