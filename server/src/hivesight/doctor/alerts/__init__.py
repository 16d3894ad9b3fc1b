"""The alerts that the rules of a set can make, and how they look to those they are sent to."""
