"""Verdicts as JUnit XML, which build servers show as tests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias
from xml.etree import ElementTree

from relsim.analysis.claims import Verdict
from relsim.errors import ResultsError

Suites: TypeAlias = Sequence[tuple[str, Sequence[Verdict]]]  # slug of the scenario, verdicts

# What XML 1.0 cannot hold even when escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(suites: Suites, path: Path) -> None:
    """Writes one test case per claim: contradicted is a failure, not judged is skipped.

    Args:
        suites: the verdicts of each scenario.
        path: the file.

    Raises:
        ResultsError: the file cannot be written.
    """
    tree = ElementTree.ElementTree(junit_xml(suites))
    ElementTree.indent(tree)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tree.write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise ResultsError(f"{path} cannot be written: {error.strerror}.") from error


def junit_xml(suites: Suites) -> ElementTree.Element:
    """The XML: a suite per scenario, a case per claim."""
    everything = [verdict for _, some in suites for verdict in some]
    root = ElementTree.Element("testsuites", {"name": "relsim claims", **_counts(everything)})
    for slug, some in suites:
        suite = ElementTree.SubElement(root, "testsuite", {"name": slug, **_counts(some)})
        for verdict in some:
            _add_case(suite, slug, verdict)
    return root


def _counts(verdicts: Sequence[Verdict]) -> dict[str, str]:
    words = [verdict.verdict for verdict in verdicts]
    return {
        "tests": str(len(words)),
        "failures": str(words.count("contradicted")),
        "errors": "0",
        "skipped": str(words.count("not judged")),
    }


def _add_case(suite: ElementTree.Element, slug: str, verdict: Verdict) -> None:
    case = ElementTree.SubElement(suite, "testcase", {"classname": slug, "name": verdict.name})
    if verdict.verdict == "not judged":
        ElementTree.SubElement(case, "skipped", {"message": _xml_text(verdict.reason)})
        return
    if verdict.verdict == "contradicted":
        failure = ElementTree.SubElement(case, "failure", {"type": verdict.verdict})
        failure.set("message", _xml_text(verdict.says))
        failure.text = _xml_text(finding(verdict))
        return
    output = ElementTree.SubElement(case, "system-out")
    output.text = _xml_text(f"{verdict.says}\n{finding(verdict)}")


def finding(verdict: Verdict) -> str:
    """A judged claim's verdict in a line."""
    assert verdict.share is not None
    return (
        f"{verdict.verdict}: {verdict.test} in {verdict.share:.1%} of {verdict.runs:,} runs "
        f"(95 % interval {verdict.low:.1%} to {verdict.high:.1%}; required {verdict.required:.1%})"
    )


def _xml_text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
