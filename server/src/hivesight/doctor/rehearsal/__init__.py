"""A server's alerting and notification in virtual time, as a rehearsal: alerts enter with their times, and what would
have been said to whom leaves, delivered to receivers of its own. Called by the drill and the back-test; the drill on
the demo takes its receivers alone."""

from hivesight.doctor.rehearsal.collector import Collector
from hivesight.doctor.rehearsal.delivery import Delivery, Held
from hivesight.doctor.rehearsal.message import Message
from hivesight.doctor.rehearsal.redirect import redirected
from hivesight.doctor.rehearsal.rehearsal import Rehearsal
from hivesight.doctor.rehearsal.witness import Witness

__all__ = ["Collector", "Delivery", "Held", "Message", "Rehearsal", "Witness", "redirected"]
