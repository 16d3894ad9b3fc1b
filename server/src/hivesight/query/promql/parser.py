"""A Pratt parser for PromQL. Enters: query text; leaves: a checked syntax tree, or BadQuery with Prometheus' wording
and place. Nesting is bounded, so that no query can exhaust the stack of the parser or of whoever walks the tree."""

from typing import Final

from hivesight.query.promql.ast import (
    COMPARISONS,
    PARAMETER_AGGREGATORS,
    SET_OPERATORS,
    TRIMS,
    Aggregate,
    Binary,
    Call,
    Card,
    Expr,
    Matching,
    NumberLiteral,
    Paren,
    StringLiteral,
    Unary,
    ValueType,
)
from hivesight.query.promql.check import check, type_of
from hivesight.query.promql.faults import parse_fault
from hivesight.query.promql.lexer import Kind
from hivesight.query.promql.literals import parse_number
from hivesight.query.promql.postfix import parse_postfix
from hivesight.query.promql.selector_syntax import parse_selector, starts_selector
from hivesight.query.promql.signatures import SIGNATURES
from hivesight.query.promql.tokens import Tokens

MAX_QUERY_LENGTH: Final = 131_072
MAX_NESTING: Final = 100

_PRECEDENCE: Final = {
    "or": 1,
    "and": 2,
    "unless": 2,
    **dict.fromkeys(COMPARISONS | TRIMS, 3),
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "%": 5,
    "atan2": 5,
    "^": 6,
}
_UNARY_PRECEDENCE: Final = 5


def parse(query: str) -> Expr:
    """The syntax tree of a query. Raises BadQuery."""
    if len(query) > MAX_QUERY_LENGTH:
        raise parse_fault(
            query[:1], f"the query has {len(query)} characters, more than {MAX_QUERY_LENGTH}: split it up", 0
        )
    tokens = Tokens(query)
    if tokens.finished:
        tokens.fail("no expression found in input", 0, 0)
    expr = _Parser(tokens).expression(0)
    if not tokens.finished:
        tokens.unexpected("", "")
    check(expr, query)
    return expr


class _Parser:
    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.depth = 0
        self.in_info = False
        """Whether the selector of info metrics is being read, which names conditions alone."""

    def expression(self, weakest: int) -> Expr:
        """An expression whose operators all bind tighter than `weakest`."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            self.tokens.fail(f"the query is nested more than {MAX_NESTING} levels deep", self.tokens.next.start)
        left = self._operand()
        while (token := self.tokens.next).kind is Kind.OPERATOR:
            precedence = _PRECEDENCE.get(token.text, 0)
            if precedence <= weakest:
                break
            left = self._binary(left, precedence)
        self.depth -= 1
        return left

    def _operand(self) -> Expr:
        token = self.tokens.next
        if token.kind is Kind.OPERATOR and token.text in "+-":
            return self._unary()
        return parse_postfix(self.tokens, self._primary())

    def _unary(self) -> Expr:
        sign = self.tokens.take()
        operand = self.expression(_UNARY_PRECEDENCE)
        if isinstance(operand, NumberLiteral):
            value = -operand.value if sign.text == "-" else operand.value
            return NumberLiteral(value=value, duration=operand.duration, start=sign.start, end=operand.end)
        return Unary(op=sign.text, expr=operand, start=sign.start, end=operand.end)

    def _primary(self) -> Expr:
        token = self.tokens.next
        following = self.tokens.after_next
        match token.kind:
            case Kind.NUMBER:
                self.tokens.take()
                return NumberLiteral(value=parse_number(token.text), start=token.start, end=token.end)
            case Kind.DURATION:
                seconds = self.tokens.duration_ms("", "") / 1000
                return NumberLiteral(value=seconds, duration=True, start=token.start, end=token.end)
            case Kind.STRING:
                self.tokens.take()
                return StringLiteral(value=self.tokens.string(token), start=token.start, end=token.end)
            case Kind.AGGREGATOR if following.text in ("(", "by", "without") and following.kind is not Kind.STRING:
                return self._aggregate()
            case Kind.IDENTIFIER if following.kind is Kind.PUNCTUATION and following.text == "(":
                return self._call()
            case Kind.PUNCTUATION if token.text == "(":
                self.tokens.take()
                inner = self.expression(0)
                close = self.tokens.expect(")", "", "")
                return Paren(expr=inner, start=token.start, end=close.end)
            case _:
                if not starts_selector(token):
                    self.tokens.unexpected("", "")
                return parse_selector(self.tokens, may_be_empty=self.in_info)

    def _call(self) -> Expr:
        name = self.tokens.take()
        if name.text not in SIGNATURES:
            self.tokens.fail(f'unknown function with name "{name.text}"', name.start, name.end)
        args = self._arguments("function call args", info=name.text == "info")
        return Call(func=name.text, args=args, start=name.start, end=self.tokens.last_end)

    def _arguments(self, context: str, *, info: bool = False) -> tuple[Expr, ...]:
        self.tokens.expect("(", context, '"("')
        args: list[Expr] = []
        outer = self.in_info
        while not self.tokens.at(")"):
            self.in_info = info and len(args) == 1
            args.append(self.expression(0))
            self.in_info = outer
            if not self.tokens.accept(","):
                break
            if self.tokens.at(")"):
                self.tokens.fail(f"trailing commas not allowed in {context}", self.tokens.last_end - 1)
        self.tokens.expect(")", "", "")
        return tuple(args)

    def _aggregate(self) -> Expr:
        op = self.tokens.take()
        grouping: tuple[str, ...] | None = None
        without = False
        if self.tokens.at("by") or self.tokens.at("without"):
            without = self.tokens.take().text == "without"
            grouping = self._label_list()
        args = self._arguments("aggregation")
        if grouping is None and (self.tokens.at("by") or self.tokens.at("without")):
            without = self.tokens.take().text == "without"
            grouping = self._label_list()
        end = self.tokens.last_end
        if not args:
            self.tokens.fail("no arguments for aggregate expression provided", op.start, end)
        wanted = 2 if op.text in PARAMETER_AGGREGATORS else 1
        if len(args) != wanted:
            message = f"wrong number of arguments for aggregate expression provided, expected {wanted}, got {len(args)}"
            self.tokens.fail(message, op.start, end)
        return Aggregate(
            op=op.text,
            expr=args[-1],
            param=args[0] if wanted == 2 else None,
            grouping=grouping or (),
            without=without,
            start=op.start,
            end=end,
        )

    def _label_list(self) -> tuple[str, ...]:
        tokens = self.tokens
        tokens.expect("(", "grouping opts", '"("')
        labels: list[str] = []
        while not tokens.at(")") or tokens.next.kind is not Kind.PUNCTUATION:
            token = tokens.next
            written = tokens.query[token.start : token.end]
            if token.kind is Kind.STRING:
                labels.append(tokens.string(token))
                if not labels[-1]:
                    tokens.fail(f"invalid label name for grouping: {token.text}", token.start, token.end)
            elif written.isidentifier() and written.isascii():
                labels.append(written)
            else:
                tokens.unexpected("grouping opts", "label")
            tokens.take()
            if not tokens.accept(","):
                break
        tokens.expect(")", "grouping opts", '"," or ")"')
        return tuple(labels)

    def _binary(self, left: Expr, precedence: int) -> Expr:
        op = self.tokens.take()
        returns_bool = self.tokens.accept("bool")
        if returns_bool and op.text not in COMPARISONS:
            self.tokens.fail("bool modifier can only be used on comparison operators", op.start, op.end)
        matching = self._matching(op.text)
        right = self.expression(precedence - 1 if op.text == "^" else precedence)
        sides = (type_of(left), type_of(right))
        vectors = sides == (ValueType.VECTOR, ValueType.VECTOR)
        fills = matching.fill_left is not None or matching.fill_right is not None
        if not vectors and (matching.labels or fills):
            self.tokens.fail("vector matching only allowed between instant vectors", left.start, right.end)
        return Binary(
            op=op.text,
            lhs=left,
            rhs=right,
            returns=ValueType.VECTOR if ValueType.VECTOR in sides else ValueType.SCALAR,
            returns_bool=returns_bool,
            matching=matching if vectors else None,
            start=left.start,
            end=right.end,
        )

    def _matching(self, op: str) -> Matching:
        tokens = self.tokens
        start = tokens.next.start
        on, labels = False, tuple[str, ...]()
        if tokens.at("on") or tokens.at("ignoring"):
            on = tokens.take().text == "on"
            labels = self._label_list()
        card, include = Card.MANY_TO_MANY if op in SET_OPERATORS else Card.ONE_TO_ONE, ()
        if (tokens.at("group_left") or tokens.at("group_right")) and tokens.last_end > start:
            word = tokens.take()
            if op in SET_OPERATORS:
                tokens.fail(f'no grouping allowed for "{op}" operation', word.start, word.end)
            card = Card.MANY_TO_ONE if word.text == "group_left" else Card.ONE_TO_MANY
            if tokens.at("("):
                include = self._label_list()
        fill_left, fill_right = self._fill(op)
        if on and (both := sorted(set(labels) & set(include))):
            tokens.fail(f'label "{both[0]}" must not occur in ON and GROUP clause at once', start, tokens.last_end)
        return Matching(
            card=card,
            on=on,
            labels=labels,
            include=include,
            fill_left=fill_left,
            fill_right=fill_right,
            start=start,
            end=tokens.last_end,
        )

    def _fill(self, op: str) -> tuple[float | None, float | None]:
        tokens = self.tokens
        found: dict[str, float] = {}
        while tokens.next.text.lower() in ("fill", "fill_left", "fill_right") and tokens.after_next.text == "(":
            word = tokens.take()
            if op in SET_OPERATORS:
                tokens.fail("filling in missing series not allowed for set operators", word.start, word.end)
            tokens.take()
            sign = -1 if tokens.at("-") else 1
            if tokens.at("-") or tokens.at("+"):
                tokens.take()
            if tokens.next.kind is not Kind.NUMBER:
                tokens.unexpected("fill modifier", "number")
            value = sign * parse_number(tokens.take().text)
            tokens.expect(")", "fill modifier", '")"')
            sides = ("fill_left", "fill_right") if word.text.lower() == "fill" else (word.text.lower(),)
            found.update(dict.fromkeys(sides, value))
        return found.get("fill_left"), found.get("fill_right")
