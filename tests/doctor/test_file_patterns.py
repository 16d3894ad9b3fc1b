from pathlib import Path

import pytest

from hivesight.doctor.file_patterns import named_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules" / "deep").mkdir(parents=True)
    for name in ("b.yml", "a.yml", "deep/c.yml"):
        (tmp_path / "rules" / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("rules/*.yml", ["a.yml", "b.yml"]),
        ("rules/a.yml", ["a.yml"]),
        ("rules/**", ["a.yml", "b.yml"]),
        ("rules/d*", []),
        ("rules/[ab].yml", ["a.yml", "b.yml"]),
        ("rules/[", []),
        ("none/*.yml", []),
        ("", []),
    ],
)
def test_what_a_pattern_names(pattern: str, found: list[str], folder: Path) -> None:
    assert [path.name for path in named_files(pattern, folder) or ()] == found


@pytest.mark.parametrize(
    "pattern", ["/not/here/*.yml", "/not/here/a.yml", "a\0b", "C:\\rules\\a.yml", f"/{'a' * 300}/b.yml"]
)
def test_what_cannot_be_known_from_here(pattern: str, folder: Path) -> None:
    assert named_files(pattern, folder) is None
