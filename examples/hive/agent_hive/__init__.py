"""The reference hive: real agents, in real processes on loopback, that review Python files.

`python -m agent_hive.supervisor --dir DIR` starts it. See the README beside this package.
"""
