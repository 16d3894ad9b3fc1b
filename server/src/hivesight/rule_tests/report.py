"""Results as text, and as the XML that CI servers read (JUnit)."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from typing import Final

from hivesight.rule_tests.verdict import Failure, FileResult, TestResult

_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text_lines(result: FileResult) -> Iterator[str]:
    """A file's result for a reader: a line where all is well, and every difference where it is not."""
    yield from result.warnings
    if result.fault:
        yield result.fault
        yield f"{result.path}: not run"
        return
    for test in result.tests:
        for failure in test.failures:
            yield from _failure(result, test, failure)
    count = f"{len(result.tests)} test{'' if len(result.tests) == 1 else 's'}"
    yield f"{result.path}: {count} passed" if not result.failed else f"{result.path}: {result.failed} of {count} failed"


def _failure(result: FileResult, test: TestResult, failure: Failure) -> Iterator[str]:
    yield f"{result.path}:{failure.line}: test {test.name!r}: {failure.what}"
    yield from (f"  {line}" for line in _body(failure))
    yield ""


def _body(failure: Failure) -> Iterator[str]:
    if failure.reason:
        yield from failure.reason.split("\n")
    for each in failure.differences:
        yield each.subject
        yield f"  expected  {each.expected}"
        yield f"  got       {each.got}"


def junit(results: Sequence[FileResult]) -> bytes:
    """A suite a file, a case a test; a file that could not be run is a suite with one error."""
    root = ET.Element("testsuites")
    for result in results:
        suite = ET.SubElement(
            root,
            "testsuite",
            name=_clean(result.path),
            tests=str(len(result.tests)),
            failures=str(result.failed),
            errors=str(int(bool(result.fault))),
            time=f"{sum(each.seconds for each in result.tests):.3f}",
        )
        if result.fault:
            case = ET.SubElement(suite, "testcase", name="the file", classname=_clean(result.path))
            ET.SubElement(case, "error", message="not run").text = _clean(result.fault)
        for test in result.tests:
            case = ET.SubElement(
                suite, "testcase", name=_clean(test.name), classname=_clean(result.path), time=f"{test.seconds:.3f}"
            )
            for failure in test.failures:
                where = f"{result.path}:{failure.line}: {failure.what}"
                said = ET.SubElement(case, "failure", message=_clean(where))
                said.text = _clean("\n".join(_body(failure)))
    ET.indent(root)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def _clean(text: str) -> str:
    """The text without what XML has no way to write."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
