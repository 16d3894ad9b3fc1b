"""The built web bundle under `static/`, and the code that serves it."""
