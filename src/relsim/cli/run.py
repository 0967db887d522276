"""relsim run."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from relsim.cli.application import EXIT_CONTRADICTED, EXIT_PROBLEMS, fail
from relsim.cli.inputs import (
    MOST_RUNS,
    Anywhere,
    Cluster,
    Files,
    Out,
    Settings,
    SwitchedOff,
    SwitchedOn,
    UntilClear,
    Workers,
    all_settings,
    checked_scenarios,
    refuse,
    refuse_both,
    whole,
)
from relsim.cli.output import say, warn, watching
from relsim.results.folder import FAILURES, FIGURE_CHOICES, REPORT
from relsim.words import counted, measured, signed

if TYPE_CHECKING:
    from relsim.analysis.claims import Verdict, VerdictWord
    from relsim.ensemble.chunks import Size
    from relsim.results.family import Family
    from relsim.results.folder import FigureChoice
    from relsim.results.question import Question
    from relsim.results.result import Result

GIB = 2**30
WORTH_SAYING = GIB
COLOURS: dict[VerdictWord, str] = {
    "supported": "green",
    "contradicted": "red",
    "not distinguishable": "yellow",
    "not judged": "dim",
}


def run(
    files: Files,
    runs: Annotated[
        int | None,
        typer.Option(
            parser=whole(high=MOST_RUNS),
            metavar="N",
            help="Number of runs; with --until-clear, at most.",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(parser=whole(0), metavar="N", help="Seed of the ensemble.")
    ] = None,
    settings: Settings = None,
    on: SwitchedOn = None,
    off: SwitchedOff = None,
    out: Out = Path("results"),
    record: Annotated[
        str,
        typer.Option(
            help="What to keep: watched (pairs alone), overall (of all pairs), domains, postures "
            "or accounts (parts of the pulls)."
        ),
    ] = "domains",
    thin: Annotated[
        int,
        typer.Option(
            parser=whole(), metavar="N", help="Keep levels at every Nth step and the end."
        ),
    ] = 1,
    until_clear: UntilClear = False,
    workers: Workers = None,
    cluster: Cluster = None,
    force: Annotated[bool, typer.Option(help="Repeat a finished result.")] = False,
    force_size: Annotated[
        bool, typer.Option("--force-size", help="Start even where the disk has too little room.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the folders.")] = False,
    extends_anywhere: Anywhere = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 where a claim is contradicted.")
    ] = False,
    reports: Annotated[
        bool, typer.Option("--reports", help="Of several files, draw figures and page for each.")
    ] = False,
    figures: Annotated[
        str | None,
        typer.Option(
            metavar="main|all|none",
            help="Which figures to write as files: main (fans, differences, claims; the default), "
            "all or none. The page shows its charts in any case.",
        ),
    ] = None,
    no_page: Annotated[
        bool,
        typer.Option("--no-page", help="Write data and tables alone, without page and figures."),
    ] = False,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the verdicts as JUnit XML.")
    ] = None,
) -> None:
    """Simulate scenarios: an ensemble of futures with tables, figures and verdicts for each."""
    from relsim.ensemble.executors import chosen
    from relsim.ensemble.record import RECORD_LEVELS
    from relsim.results.job import Execution
    from relsim.results.manifest import run_command
    from relsim.results.question import Question, note_on_changes
    from relsim.results.run import run_question

    if record not in RECORD_LEVELS:
        raise typer.BadParameter(f"one of {', '.join(RECORD_LEVELS)}", param_hint="--record")
    if figures not in (None, *FIGURE_CHOICES):
        raise typer.BadParameter("one of main, all, none", param_hint="--figures")
    choice: FigureChoice = figures or "main"
    if no_page:
        refuse({"--figures": figures, "--reports": reports}, "not with --no-page")
    if len(files) > 1:
        refuse({"--no-page": no_page}, "not with several files, which share a page")
        if not reports:
            refuse({"--figures": figures}, "of several files only with --reports")
    refuse_both(workers, cluster)
    settings = all_settings(settings, on, off)
    scenarios = checked_scenarios(files, settings, extends_anywhere, quiet=quiet)
    for file, scenario in zip(files, scenarios, strict=True):
        if not quiet and (note := note_on_changes(scenario)):
            warn(f"{file}: {note}")
    questions = [
        Question.of(scenario, runs, seed, record, thin, until_clear=until_clear)
        for scenario in scenarios
    ]
    if not force_size and (refused := too_large(questions, out)):
        fail(refused, EXIT_PROBLEMS)
    console = Console(quiet=quiet)
    if not until_clear and (line := size_line(questions, workers)):
        console.print(line, highlight=False)
    together = [files] * len(files) if until_clear else [[file] for file in files]
    commands = [
        run_command(named, runs, seed, record, thin, settings, until_clear=until_clear)
        for named in together
    ]
    total = sum(question.runs for question in questions)
    with chosen(workers, cluster) as executor, watching(console, total) as watcher:
        execution = Execution(out, executor, force, commands[0], watcher)
        if len(questions) == 1:
            views = not no_page
            result = run_question(questions[0], execution, views=views, figures=choice)
            results, family = [result], None
        else:
            from relsim.results.family import run_family

            family = run_family(questions, execution, commands, reports=reports, figures=choice)
            results = list(family.results)
    folders = [result.folder for result in results] + ([family.folder] if family else [])
    if quiet:
        for folder in folders:
            typer.echo(str(folder))
    else:
        _report(results, family, console)
    if junit is not None:
        from relsim.cli.junit import write_junit

        write_junit([(result.scenario.slug, result.claims) for result in results], junit)
    verdicts = [claim.verdict for result in results for claim in result.claims]
    if check and "contradicted" in verdicts:
        raise typer.Exit(EXIT_CONTRADICTED)


def _report(results: list[Result], family: Family | None, console: Console) -> None:
    """Prints the levels, the verdicts, and where the results are."""
    console.print(closing_table(results[0]) if family is None else family_table(family))
    claims = [(result.scenario.slug, claim) for result in results for claim in result.claims]
    if claims:
        console.print(claims_table(claims, scenarios=family is not None))
        until_clear = results[0].manifest["looking"] is not None
        say(console, claims_lines([claim for _, claim in claims], until_clear=until_clear))
    say(console, closing_lines(results[0]) if family is None else family_lines(family))


def closing_table(result: Result) -> Table:
    """A row for each watched pair: start, median and 80 % band at the end, P(up)."""
    from relsim.results.result import overall_at_ends

    scenario = result.scenario
    time = scenario.time
    table = Table(title=escape(scenario.title), title_justify="left", title_style="bold")
    table.add_column("pair", justify="left")
    for name in (str(time.start), str(time.end), "80 % of runs", "P(up)"):
        table.add_column(name, justify="right")
    for pair, (start, end) in overall_at_ends(result).items():
        band = f"{signed(end['q0.1'])} to {signed(end['q0.9'])}"
        table.add_row(pair, signed(start["q0.5"]), signed(end["q0.5"]), band, f"{end['p_up']:.2f}")
    return table


def claims_table(claims: Sequence[tuple[str, Verdict]], *, scenarios: bool = False) -> Table:
    """Each claim: in how many runs it holds, what it asks for, how large the effect is.

    Args:
        claims: verdicts, each with the slug of its scenario.
        scenarios: whether to name those.
    """
    table = Table(
        title="Claims, under the scenario's assumptions", title_justify="left", box=SIMPLE_HEAD
    )
    table.add_column("claim", justify="left", overflow="fold")
    for name in ("holds, of asked", "median (80 %)"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", justify="left", min_width=len("distinguishable"))
    heading = None
    for scenario, claim in claims:
        if scenarios and scenario != heading:
            heading = scenario
            table.add_section()
            table.add_row(Text(scenario, style="bold underline"))
        text = Text.assemble((claim.name, "bold"), f"\n{claim.says}")
        word = Text(claim.verdict, style=COLOURS[claim.verdict])
        table.add_row(text, _share(claim), _effect(claim), word)
    return table


def _share(claim: Verdict) -> str:
    if claim.share is None or claim.low is None:
        return "–"
    return f"{claim.share:.1%} of {claim.required:.0%}\n{100 * claim.low:.1f} to {claim.high:.1%}"


def _effect(claim: Verdict) -> str:
    if claim.effect is None:
        return "–"
    middle, low, high = (
        measured(value, claim.unit) for value in (claim.effect, claim.effect_low, claim.effect_high)
    )
    return f"{middle}{' months' if claim.unit == 'months' else ''}\n{low} to {high}"


def claims_lines(claims: Sequence[Verdict], *, until_clear: bool) -> list[str]:
    """Why some claims were not judged, and what to do about those that the runs do not decide."""
    lines = [f"{claim.name} is not judged: {claim.reason}" for claim in claims if claim.reason]
    undecided = sum(claim.verdict == "not distinguishable" for claim in claims)
    if undecided and not until_clear:
        lines.append(
            f"{counted(undecided, 'claim')} {'is' if undecided == 1 else 'are'} not decided by "
            "these runs. --until-clear adds runs, by bounds that allow for looking again; judging "
            "again and again as here decides wrongly too often."
        )
    return lines


def closing_lines(result: Result) -> list[str]:
    """Where the result is, and what to know about it."""
    from relsim.results.manifest import looking_sentences

    content = result.manifest
    weights = content["event_weights"]
    sized = sum(weight["overridden"] for weight in weights)
    lines = [
        f"Overall cooperation, −1 to 1, median of {content['runs']:,} runs from seed "
        f"{content['seed']}."
    ]
    if sized:
        own = "has a size of its own" if sized == 1 else "have sizes of their own"
        acts = counted(len(weights), "coded act")
        lines.append(f"{sized} of {acts} {own} instead of that of the Goldstein scale.")
    lines += [words for _, words in _changed([result])]
    lines += looking_sentences(content) + failure_lines([result])
    if result.reused:
        lines.append("This question was answered before; --force asks it again.")
    else:
        lines.append(f"Simulated in {content['seconds']['simulate']:.2f} s.")
    page = result.folder / REPORT
    return [*lines, *[f"Report: {page}"] * page.exists(), f"Results: {result.folder}"]


def family_lines(family: Family) -> list[str]:
    """Where the common page is, and what to know about the results."""
    from relsim.results.manifest import looking_sentences

    base = family.results[family.base]
    content = base.manifest
    reused = sum(result.reused for result in family.results)
    again = f" {reused} were answered before; --force asks again." if reused else ""
    return [
        f"{len(family.results)} scenarios of {content['runs']:,} runs from seed "
        f"{content['seed']}.{again}",
        *looking_sentences(content),
        *(f"{slug}: {words}" for slug, words in _changed(family.results)),
        *failure_lines(family.results),
        f"Report: {family.report}",
        f"Results: {family.folder}",
    ]


def _changed(results: Sequence[Result]) -> list[tuple[str, str]]:
    """How interests were taken, of each scenario in which some have changed, by its name."""
    from relsim.scenario.interests import changed_interests, interests_in_words

    scenarios = [result.scenario for result in results]
    return [
        (scenario.slug, interests_in_words(scenario))
        for scenario in scenarios
        if changed_interests(scenario)
    ]


def failure_lines(results: Sequence[Result]) -> list[str]:
    """How many runs of each result failed, and where the reasons are."""
    return [
        f"{result.manifest['failures']:,} of {result.manifest['runs']:,} runs failed and are left "
        f"out; see {result.folder / FAILURES}"
        for result in results
        if result.manifest.get("failures")
    ]


def family_table(family: Family) -> Table:
    """A row for each scenario: the median at the end of each pair that the base watches."""
    from relsim.ensemble.simulate import spelled_by
    from relsim.scenario.titles import titles

    base = family.results[family.base]
    own, time = base.scenario, base.scenario.time
    pairs = own.pair_names(own.watched_pairs)
    title = f"Median overall cooperation in {time.end}"
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("scenario", justify="left")
    for pair in pairs:
        table.add_column(pair, justify="right")
    names = titles([result.scenario for result in family.results], numbered=True)
    for result, name in zip(family.results, names, strict=True):
        recorded = spelled_by(own, result.ensemble.data[["overall"]]).indexes["pair"]
        shared = [pair for pair in pairs if pair in recorded]
        medians = result.summary(shared)["overall"].sel(statistic="q0.5")
        ends = spelled_by(own, medians).isel(time=-1)
        cells = [signed(float(ends.sel(pair=pair)), 3) if pair in shared else "–" for pair in pairs]
        table.add_row(escape(f"{name} (base)" if result is base else name), *cells)
    return table


def size_line(questions: Sequence[Question], workers: int | None = None) -> str:
    """The disk and memory that ensembles will take; empty if it is little.

    Args:
        questions: what is simulated.
        workers: how many simulate at once; as many as there are cores by default.
    """
    sizes = _sizes(questions, workers)
    disk, memory = sum(size.disk for size in sizes), max(size.memory for size in sizes)
    if disk + memory < WORTH_SAYING:
        return ""
    return f"This will take about {_gib(disk)} on disk and {_gib(memory)} of memory."


def too_large(questions: Sequence[Question], out: Path) -> str:
    """Why ensembles do not fit on the disk of a folder of results, which need not be there yet;
    empty if they do."""
    disk = sum(size.disk for size in _sizes(questions))
    above = (out.absolute(), *out.absolute().parents)
    free = shutil.disk_usage(next(folder for folder in above if folder.is_dir())).free
    if disk <= free:
        return ""
    return (
        f"This would take about {_gib(disk)} on disk, where {_gib(free)} are free. Ask for fewer "
        "runs, keep less with --record watched or --thin, choose another place with --out, or "
        "start all the same with --force-size."
    )


def _sizes(questions: Sequence[Question], workers: int | None = None) -> list[Size]:
    from relsim.ensemble.chunks import size_of

    return [
        size_of(question.compiled, question.runs, question.record, question.thin, workers)
        for question in questions
    ]


def _gib(size: float) -> str:
    return f"{size / GIB:,.1f} GiB"
