"""The drill on the demo: real faults in the reference hive, watched by a server of its own on somebody's rules and
routes, until the receivers were told, and told that it is over. A configuration enters, what was found for each rule
leaves. Called by the command line."""

from hivesight.demo.drill.faults import Fault, fault_for
from hivesight.demo.drill.hurry import hurried
from hivesight.demo.drill.performing import Play, perform

__all__ = ["Fault", "Play", "fault_for", "hurried", "perform"]
