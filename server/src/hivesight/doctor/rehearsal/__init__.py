"""A server's alerting and notification in virtual time, as a rehearsal: alerts enter with their times, and what would
have been said to whom leaves, delivered to receivers of its own. Called by the drill and the back-test."""

from hivesight.doctor.rehearsal.delivery import Delivery, Held
from hivesight.doctor.rehearsal.message import Message
from hivesight.doctor.rehearsal.rehearsal import Rehearsal

__all__ = ["Delivery", "Held", "Message", "Rehearsal"]
