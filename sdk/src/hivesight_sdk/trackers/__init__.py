"""What agents call: decorators and blocks that measure what runs inside of them, and recordings of single facts.

`tracking` has the mechanics, every other module one subject. What is measured goes to the families of `semconv`
and, while tracing is on, into a span. Nothing here raises into the host.
"""
