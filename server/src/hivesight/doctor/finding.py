"""What the doctor finds: a diagnostic with a place, what to do about it, and the mechanical edit where there is one."""

from dataclasses import dataclass

from hivesight.model.diagnostics import Diagnostic, Severity


@dataclass(frozen=True, slots=True)
class Edit:
    """Text of a file that is to be replaced: `length` characters from `line` and `col` (both from 1), on one line; the
    line's end is one of them."""

    line: int
    col: int
    length: int
    replacement: str


@dataclass(frozen=True, slots=True)
class Finding:
    """diagnostic: where and why; its code is a check's of the catalogue, or that of the reader that refused the file.
    remedy: what to do, where the message does not say it. edit: what `--fix` does, None where a person must decide."""

    diagnostic: Diagnostic
    remedy: str = ""
    edit: Edit | None = None

    @property
    def severity(self) -> Severity:
        return self.diagnostic.severity

    @property
    def code(self) -> str:
        return self.diagnostic.code

    @property
    def place(self) -> tuple[str, int, int]:
        """For sorting: file, line, column."""
        return self.diagnostic.path, self.diagnostic.line, self.diagnostic.col
