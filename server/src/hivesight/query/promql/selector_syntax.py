"""Selectors: `name{label="value", "utf-8 name"}` from tokens."""

from typing import Final

from hivesight.model.labels import METRIC_NAME
from hivesight.model.matcher import Matcher, MatchType
from hivesight.query.promql.ast import VectorSelector
from hivesight.query.promql.lexer import Kind, Token
from hivesight.query.promql.tokens import Tokens

_WORDS_FOR_NAMES: Final = frozenset({"and", "or", "unless", "by", "without", "offset"})


def starts_selector(token: Token) -> bool:
    """Whether a selector can begin here; some keywords are metric names, too."""
    if token.kind in (Kind.IDENTIFIER, Kind.METRIC, Kind.AGGREGATOR):
        return True
    if token.kind in (Kind.KEYWORD, Kind.OPERATOR):
        return token.text in _WORDS_FOR_NAMES
    return token.kind is Kind.PUNCTUATION and token.text == "{"


def parse_selector(tokens: Tokens, *, may_be_empty: bool = False) -> VectorSelector:
    """A selector without its modifiers. may_be_empty: one that every series meets will do."""
    start, name = tokens.next.start, ""
    matchers: list[Matcher] = []
    if not tokens.at("{"):
        token = tokens.take()
        name = tokens.query[token.start : token.end]
    if tokens.accept("{"):
        while not tokens.at("}"):
            token, matcher = tokens.next, _matcher(tokens)
            if isinstance(matcher, str):
                if name:
                    message = f'metric name must not be set twice: "{name}" or "{matcher}"'
                    tokens.fail(message, start, tokens.last_end)
                name = matcher
            else:
                matchers.append(matcher)
            if not tokens.accept(",") and not tokens.at("}"):
                tokens.unexpected("label matching", '"," or "}"')
        tokens.take()
    if name:
        for each in matchers:
            if each.name == METRIC_NAME and each.type is MatchType.EQUAL:
                message = f'metric name must not be set twice: "{name}" or "{each.value}"'
                tokens.fail(message, start, tokens.last_end)
        matchers.append(Matcher(METRIC_NAME, MatchType.EQUAL, name))
    elif not may_be_empty and all(each.matches("") for each in matchers):
        message = "vector selector must contain at least one non-empty matcher"
        tokens.fail(message, start, tokens.last_end)
    return VectorSelector(name=name, matchers=tuple(matchers), start=start, end=tokens.last_end)


def _matcher(tokens: Tokens) -> Matcher | str:
    """One condition, or the metric name as a lone string."""
    token = tokens.next
    if token.kind not in (Kind.IDENTIFIER, Kind.STRING):
        tokens.unexpected("label matching", 'identifier or "}"')
    tokens.take()
    label = tokens.string(token) if token.kind is Kind.STRING else token.text
    if token.kind is Kind.STRING and (tokens.at(",") or tokens.at("}")):
        if not label:
            tokens.fail("metric name must not be empty", token.start, token.end)
        return label
    operator = tokens.next
    if operator.kind is not Kind.OPERATOR or operator.text not in set(MatchType):
        tokens.unexpected("label matching", "label matching operator")
    tokens.take()
    value = tokens.next
    if value.kind is not Kind.STRING:
        tokens.unexpected("label matching", "string")
    tokens.take()
    try:
        return Matcher(label, MatchType(operator.text), tokens.string(value))
    except ValueError as error:
        tokens.fail(str(error), token.start, value.end)
