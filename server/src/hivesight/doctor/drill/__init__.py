"""The drill: every alerting rule is made to fire, and it is followed until its receivers were told, and told that it is
over. Rules and an Alertmanager file enter, what was found for each rule leaves. Called by the command line."""

from hivesight.doctor.drill.drilled import Drilled, Kind, Passage, Problem
from hivesight.doctor.drill.drilling import Setting, drill
from hivesight.doctor.drill.hearing import Hearing, Telling
from hivesight.doctor.drill.subject import RuleSet, Subject
from hivesight.doctor.drill.unit_tests import UnitTests

__all__ = [
    "Drilled",
    "Hearing",
    "Kind",
    "Passage",
    "Problem",
    "RuleSet",
    "Setting",
    "Subject",
    "Telling",
    "UnitTests",
    "drill",
]
