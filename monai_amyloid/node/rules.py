"""The rules of the config: which fits a study, and where its result goes."""

from fnmatch import fnmatchcase

from monai_amyloid.node.queue.outcome import Graded, SendingPlan
from monai_amyloid.node.queue.studies import Study
from monai_amyloid.node.settings import NodeSettings, Rule
from monai_amyloid.pet.header.tracer_names import tracer_label

# Refusals that a person decides: which of several images is taken.
_TO_CHOOSE = ("several_pet_images",)


def fitting_rule(settings: NodeSettings, study: Study, tracer: str | None) -> Rule | None:
    """The first rule that fits a study; None where none does.

    Args:
        settings: Config of the node.
        study: Study that is looked at.
        tracer: BIDS label of the tracer of its result; None before it is graded, when rules that
            ask for a tracer do not fit.
    """
    return next((rule for rule in settings.rule if _fits(rule, study, tracer)), None)


def sending_plan(
    settings: NodeSettings, study: Study, graded: Graded, tracer: str | None
) -> SendingPlan:
    """What becomes of a result.

    Args:
        settings: Config of the node.
        study: Study that was graded.
        graded: Result of the study.
        tracer: BIDS label of the tracer of the result; None where it has none.
    """
    if any(found.code in _TO_CHOOSE for found in graded.reason):
        return SendingPlan(held=True)
    rule = fitting_rule(settings, study, tracer)
    names = tuple(each.name for each in settings.destination)
    if rule is not None and rule.send_to is not None:
        names = rule.send_to
    outcome = getattr(settings.sending, graded.status)
    if outcome == "keep":
        names = ()
    return SendingPlan(names, held=outcome == "hold" and bool(names))


def _fits(rule: Rule, study: Study, tracer: str | None) -> bool:
    if rule.modality and rule.modality not in study.modalities.split(","):
        return False
    if rule.tracer and tracer_label(rule.tracer) != tracer:
        return False
    if rule.calling_title and not fnmatchcase(study.calling_title, rule.calling_title):
        return False
    lines = study.description.lower().split("\n")
    return not rule.description or any(
        fnmatchcase(line, rule.description.lower()) for line in lines
    )
