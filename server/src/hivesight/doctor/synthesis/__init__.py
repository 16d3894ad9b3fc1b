"""Data for a rule that nobody has seen fire: from its expression to series that make it true."""

from hivesight.doctor.synthesis.scenario import Impossible, Scenario
from hivesight.doctor.synthesis.synthesize import synthesize
from hivesight.doctor.synthesis.unit_test import unit_test

__all__ = ["Impossible", "Scenario", "synthesize", "unit_test"]
