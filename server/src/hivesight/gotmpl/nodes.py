"""The syntax tree of a template. Offsets are characters into the text that the tree was parsed from."""

from dataclasses import dataclass

Constant = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Literal:
    offset: int
    value: Constant | None


@dataclass(frozen=True, slots=True)
class Dot:
    offset: int


@dataclass(frozen=True, slots=True)
class Field:
    """`.A.B`: a chain on the dot."""

    offset: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """`$x.A.B`; the name keeps its `$`."""

    offset: int
    name: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Identifier:
    """A function's name."""

    offset: int
    name: str


@dataclass(frozen=True, slots=True)
class Chain:
    """`(pipeline).A.B` or `function.A.B`."""

    offset: int
    base: "Operand"
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Command:
    """A function, method or value with its arguments, separated by spaces."""

    offset: int
    operands: tuple["Operand", ...]


@dataclass(frozen=True, slots=True)
class Pipe:
    """Commands joined by `|`; variables are declared (`:=`) or assigned (`=`) the outcome."""

    offset: int
    variables: tuple[str, ...]
    declares: bool
    commands: tuple[Command, ...]


Operand = Literal | Dot | Field | Variable | Identifier | Chain | Pipe


@dataclass(frozen=True, slots=True)
class Text:
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class Action:
    offset: int
    pipe: Pipe


@dataclass(frozen=True, slots=True)
class If:
    offset: int
    pipe: Pipe
    body: "Body"
    orelse: "Body"


@dataclass(frozen=True, slots=True)
class With:
    offset: int
    pipe: Pipe
    body: "Body"
    orelse: "Body"


@dataclass(frozen=True, slots=True)
class Range:
    offset: int
    pipe: Pipe
    body: "Body"
    orelse: "Body"


@dataclass(frozen=True, slots=True)
class Call:
    """`{{template "name" pipeline}}`"""

    offset: int
    name: str
    pipe: Pipe | None


@dataclass(frozen=True, slots=True)
class Break:
    offset: int


@dataclass(frozen=True, slots=True)
class Continue:
    offset: int


Node = Text | Action | If | With | Range | Call | Break | Continue
Body = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """A named template: its body, and the name and text of the file that it stands in, for places in errors."""

    name: str
    body: Body
    file: str
    text: str

    @property
    def blank(self) -> bool:
        """Whether it has nothing but white space: such a one does not replace another (text/template.AddParseTree)."""
        return all(isinstance(node, Text) and not node.text.strip() for node in self.body)
