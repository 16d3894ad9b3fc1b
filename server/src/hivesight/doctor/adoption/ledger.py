"""The book in which is kept what becomes of each file, and where the copies go."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hivesight.doctor.adoption.adoption import Adoption, Change, Copy, Left
from hivesight.doctor.adoption.blocks import without_block
from hivesight.doctor.adoption.references import named, secrets_of
from hivesight.doctor.opening import MAX_BYTES
from hivesight.doctor.workspace import Document
from hivesight.model.diagnostics import Diagnostic
from hivesight.schema import joined
from hivesight.schema.loading import load_tree
from hivesight.sources.paths import matching

UNREADABLE: Final = f"no text in UTF-8 of up to {MAX_BYTES >> 20} MiB that can be read"
_WITHOUT_EFFECT: Final = frozenset(("config/unsupported", "alertmanager/unused"))


class Ledger:
    """root: the folder that the files lie below. adoption: what was decided so far; taken: of which files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.adoption = Adoption()
        self.taken: set[Path] = set()

    def renamed(
        self, document: Document, text: str, key: str, asked: Sequence[str], targets: Sequence[str]
    ) -> tuple[str, list[Change]]:
        """The text with a list of files that names the copies, where it would not find them as it is."""
        if all(self._stays(each, document.path.parent, targets) for each in asked):
            return text, []
        here = Path(self._target(document.path)).parent
        wanted = [_below(each, here) for each in targets]
        place, _ = load_tree(text, str(document.path)).root.find((key,))
        instead = (f"{key}:", *(f"  - {each}" for each in wanted)) if wanted else (f"{key}: []",)
        changed = without_block(text, place.line, place.col, instead)
        if changed is None:
            self.adoption.advice.append(f"{document.path}: {key} is to name {', '.join(wanted) or 'nothing'}.")
            return text, []
        why = "what it named is not there from the new directory, or does not carry over"
        original, _ = document.loaded.root.find((key,))
        return changed, [Change(original.line, f"{key} names the copies: {', '.join(wanted) or 'none'}", why)]

    def _stays(self, pattern: str, folder: Path, targets: Sequence[str]) -> bool:
        """Whether a pattern finds the copies of what it names, and nothing else, from the new directory."""
        found = [each for each in matching(joined(folder, pattern)) if each.is_file()]
        if not found:
            return "*" in pattern and not named(pattern, folder, self.root)
        return not Path(pattern).is_absolute() and all(self._target(each) in targets for each in found)

    def copy(
        self, path: Path, text: str, what: str, changes: Sequence[Change] = (), found: Sequence[Diagnostic] = ()
    ) -> str:
        """A file that carries over; the path that it gets. found: what its reader says of it."""
        target = self._target(path)
        if path.resolve() not in self.taken:
            self.taken.add(path.resolve())
            if target in self.adoption.files:
                self.adoption.left.append(Left(path, what, f"another file goes to {target}: rename one of them"))
                return target
            notes = [Change(each.line, each.message, "") for each in found if each.code in _WITHOUT_EFFECT]
            self.adoption.copies.append(Copy(path, target, text, what, tuple(changes), tuple(notes)))
        return target

    def copy_unread(self, path: Path, what: str) -> str | None:
        """A file that is copied unread."""
        text = text_of(path)
        if text is None:
            self.leave(path, what, UNREADABLE)
            return None
        return self.copy(path, text, what)

    def leave(self, path: Path, what: str, why: str) -> None:
        """A file that does not carry over."""
        self.taken.add(path.resolve())
        self.adoption.left.append(Left(path, what, why))

    def name_secrets(self, document: Document) -> None:
        """Note the files with secrets that a configuration names."""
        for path in secrets_of(document.loaded.value or {}):
            where = path if Path(path).is_absolute() else str(Path(self._target(document.path)).parent / path)
            self.adoption.secrets[where] = f"named in {document.path}"

    def _target(self, path: Path) -> str:
        """Where a file goes: as it lies below the root; what lies elsewhere goes beside the configuration."""
        full, root = path.resolve(), self.root.resolve()
        return str(full.relative_to(root)) if full.is_relative_to(root) else f"{path.parent.name}/{path.name}"


def _below(target: str, folder: Path) -> str:
    """A path below the new directory as a file in `folder` names it."""
    return str(Path(target).relative_to(folder)) if Path(target).is_relative_to(folder) else _up(target, folder)


def _up(target: str, folder: Path) -> str:
    return str(Path(*([".."] * len(folder.parts)), target))


def text_of(path: Path) -> str | None:
    """The file's text; None where it has none that can be copied."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
