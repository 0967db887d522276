"""What an uncertain number is called in sentences, by the names of its scenario."""

from __future__ import annotations

from relsim.analysis.interests import interest_label, state_name
from relsim.scenario.effects import EffectPart
from relsim.scenario.names import TieRef
from relsim.scenario.schema import Scenario
from relsim.words import possessive

REFERENCE = "reference."
OF_EFFECTS = {"by": "the change", "to": "the setting"}


def number_name(scenario: Scenario, path: str) -> str:
    """An uncertain number in words, as in "Pakistan's tie to the United States".

    Args:
        scenario: where it stands.
        path: as ``Ensemble.data`` names it, such as ``states.PAK.ties.USA.weight``. One that is
            of no known kind is called by its path.
    """
    if path.startswith(REFERENCE):
        return f"{number_name(scenario, path.removeprefix(REFERENCE))}, as the opening was read"
    match path.split("."):
        case ["states", code, "ties", other, _]:
            return interest_label(f"{code}.ties.{other}", scenario)
        case ["states", code, "issues", issue, kind]:
            question = scenario.issues[issue].label or issue
            owner = possessive(state_name(code, [scenario]))
            return f"{owner} {kind} {'of' if kind == 'salience' else 'on'} {question}"
        case ["states", code, "capacity", domain]:
            owner = possessive(state_name(code, [scenario]))
            return f"{owner} capacity ({_domain(scenario, domain)})"
        case ["states", code, "traits", trait]:
            return f"{possessive(state_name(code, [scenario]))} {trait}"
        case ["parameters", name]:
            return f"the parameter {name.replace('_', ' ')}"
        case ["ties", tie, domain]:
            of = _tie(scenario, TieRef.read(tie))
            return f"the opening of {of} ({_domain(scenario, domain)})"
        case ["domains", domain, _]:
            return f"the weight of the domain {_domain(scenario, domain)}"
        case ["context", variable, end]:
            return f"{scenario.context[variable].label or variable} at the {end}"
        case ["events", event, "chance"]:
            return f"the chance of {event_name(scenario, event)}"
        case ["events", event, "effects", index, key]:
            target = _target(scenario, scenario.events[event].effects[int(index)])
            if key in OF_EFFECTS:
                return f"{OF_EFFECTS[key]} of {target} by {event_name(scenario, event)}"
            key = key.replace("_", "-")
            return f"the {key} of the effect on {target} of {event_name(scenario, event)}"
    return path


def event_name(scenario: Scenario, event: str) -> str:
    """An event by its label, in quotation marks."""
    return f"“{scenario.events[event].label or event}”"


def _domain(scenario: Scenario, domain: str) -> str:
    known = scenario.domains.get(domain)
    return (known.label if known is not None else "") or domain


def _tie(scenario: Scenario, tie: TieRef) -> str:
    """A tie by the names of its states, as in "Pakistan towards Russia (economic)"."""
    between = " towards " if tie.one_sided else " – "
    states = between.join(state_name(code, [scenario]) for code in (tie.first, tie.second))
    return f"{states} ({_domain(scenario, tie.domain)})" if tie.domain else states


def _target(scenario: Scenario, effect: EffectPart) -> str:
    """The tie that an effect pushes, or the number that it changes, in words."""
    if effect.ties:
        return _tie(scenario, effect.ties[0])
    number = effect.numbers[0]
    match number.kind, number.state, number.key:
        case "context", _, str(variable):
            return scenario.context[variable].label or variable
        case "parameter", _, str(name):
            return number_name(scenario, f"parameters.{name}")
        case "weight", state, other:
            return number_name(scenario, f"states.{state}.ties.{other}.weight")
        case ("stance" | "salience") as kind, state, issue:
            return number_name(scenario, f"states.{state}.issues.{issue}.{kind}")
        case "trait", state, trait:
            return number_name(scenario, f"states.{state}.traits.{trait}")
        case _, state, domain:
            return number_name(scenario, f"states.{state}.capacity.{domain or 'all domains'}")
