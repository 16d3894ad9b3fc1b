"""promtool's unit tests of rules, on the server's own store, engine and rules. Enter: files of tests. Leave: what
passed, and of what did not, expected and got. Called by the command line."""

from hivesight.rule_tests.report import junit, text_lines
from hivesight.rule_tests.running import run_file
from hivesight.rule_tests.verdict import Difference, Failure, FileResult, TestResult

__all__ = ["Difference", "Failure", "FileResult", "TestResult", "junit", "run_file", "text_lines"]
