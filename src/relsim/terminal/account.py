"""What is said of an account: sentences for each direction, then every part in a table."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table
from rich.text import Text

from relsim.analysis.account import LEAST, Account, Story, story
from relsim.scenario.interests import changed_interests, interests_in_words
from relsim.words import signed

RUNS_SHOWN = 8  # of those that failed


def told(account: Account, direction: str, month: str | None, domain: str) -> Group:
    """One direction at a month: the words, then the parts."""
    words = story(account, direction, month, domain)
    return Group(_words(words), parts_table(account, direction, month, domain), "")


def _words(words: Story) -> Group:
    listed = Table.grid(padding=(0, 1))
    for sentence in words.changes:
        listed.add_row("  ·", Text(sentence))
    rest = (Text(words.level), Text(words.note, style="dim"))
    return Group(Text(words.title, style="bold"), Text(words.lead), listed, *rest)


def parts_table(account: Account, direction: str, month: str | None, domain: str) -> Table:
    """Each part at a month, largest change first: level and change, with their spread over
    runs. Parts that would read 0.000 throughout are counted in one row; the sum is the pull."""
    here = account.at(month).sel(direction=direction, domain=domain)
    views = [("level", "mean"), ("level", "sd"), ("change", "mean"), ("change", "sd")]
    columns = [here.sel(view=view, statistic=statistic) for view, statistic in views]
    pull = [float(column["pull"]) for column in columns]
    rows = {
        str(part): [float(column["contribution"].sel(part=part)) for column in columns]
        for part in here["part"].values
    }
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("part", overflow="fold")
    for name in _columns(account):
        table.add_column(name, justify="right", no_wrap=True)
    seen = {part: row for part, row in rows.items() if max(map(abs, row)) >= LEAST}
    for part in sorted(seen, key=lambda name: (-abs(seen[name][2]), -abs(seen[name][0]))):
        label = account.part_label(part, direction, account.step(month)).strip("“”")
        table.add_row(Text(label), *_cells(account, seen[part]))
    unseen = len(rows) - len(seen)
    if unseen:
        table.add_row(Text(f"{unseen} others, each below {LEAST}", style="dim"))
    table.add_section()
    table.add_row("sum: the pull", *_cells(account, pull))
    return table


def _columns(account: Account) -> list[str]:
    level = "pull" if account.against is None else "pull here"
    if account.runs == 1:
        return [level, "change"]
    return [level, "± runs", "change", "± runs"]


def _cells(account: Account, row: list[float]) -> list[str]:
    level, level_sd, change, change_sd = row
    if account.runs == 1:
        return [signed(level, 3), signed(change, 3)]
    return [signed(level, 3), f"{level_sd:.3f}", signed(change, 3), f"{change_sd:.3f}"]


def explanation(account: Account) -> str:
    """What the columns of the tables are."""
    spread = "" if account.runs == 1 else ", and standard deviations over runs"
    said = [f"Pull units. Change {account.baseline}{spread}."]
    if account.against is None and changed_interests(account.scenario):
        said.append(
            f"{interests_in_words(account.scenario)} Their parts stand as changed at the opening "
            "already; --against the base shows the change."
        )
    return "\n".join([*said, *failure_lines(account)])


def failure_lines(account: Account) -> list[str]:
    """Which runs failed, and where the first of them did; nothing where none did."""
    if not account.failed:
        return []
    count, first = len(account.failed), [f"{run:,}" for run in account.failed[:RUNS_SHOWN]]
    more = ", …" if count > len(first) else ""
    asked = account.runs + count
    said = f"{count:,} of {asked:,} runs failed and are left out: {', '.join(first)}{more}."
    if not account.failures:
        return [said]
    shown = account.failures[0]
    return [said, f"Run {shown.run}: {shown.error}", *(f"  {call}" for call in shown.trace)]
