"""What a secret looks like in a text. Pure data.

Every pattern matches in time linear in the text: a match begins only where none of the same rule could have gone on,
what repeats without a bound cannot fail after it, and no repetition is inside of another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

REDACTED: Final = "[redacted]"


@dataclass(frozen=True, slots=True)
class Rule:
    """`pattern` in a text becomes `replacement`, counted as `kind`. Those of the table are tried only on texts
    whose lower-case form has one of `hints`."""

    kind: str
    pattern: re.Pattern[str]
    replacement: str = REDACTED
    hints: tuple[str, ...] = ()


RULES: Final = (
    Rule(
        "private_key",
        re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[^-]*(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----)?"),
        hints=("private key-----",),
    ),
    Rule("url", re.compile(r"(?<=://)[^\s/@:?#]{0,256}:[^\s/@]{0,512}@"), REDACTED + "@", ("://",)),
    Rule(
        "authorization",
        re.compile(r"(?i)(\bauthorization[\"']?\s{0,4}[:=]\s{0,4}[\"']?)(?:[A-Za-z]{1,20} {1,4})?[^\s\"',;\[]+"),
        r"\1" + REDACTED,
        ("authorization",),
    ),
    Rule("bearer", re.compile(r"(?i)\b(bearer\s{1,4})[A-Za-z0-9._~+/=-]{16,}"), r"\1" + REDACTED, ("bearer",)),
    Rule("jwt", re.compile(r"(?<![\w-])eyJ[\w-]{8,}(?:\.[\w-]+)?(?:\.[\w-]*)?"), hints=("eyj",)),
    Rule(
        "api_key",
        re.compile(
            r"(?<![A-Za-z0-9_-])(?:(?:sk|rk)[-_][\w-]{16,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}"
            r"|xox[a-z]-[\w-]{10,}|hf_\w{20,}|AIza[\w-]{30,})"
        ),
        hints=(
            "sk-",
            "sk_",
            "rk-",
            "rk_",
            "ghp_",
            "gho_",
            "ghu_",
            "ghs_",
            "ghr_",
            "github_pat_",
            "glpat-",
            "xox",
            "hf_",
            "aiza",
        ),
    ),
    Rule(
        "aws_key",
        re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Z0-9])"),
        hints=("akia", "asia", "abia", "acca"),
    ),
    Rule(
        "cookie",
        re.compile(r"(?i)(\bcookie\\?[\"']?\s{0,4}[:=]\s{0,4}[\"']?)[^\r\n\"']+"),
        r"\1" + REDACTED,
        ("cookie",),
    ),
    Rule(
        "assignment",
        re.compile(
            r"(?i)((?<![a-z])(?:password|passwd|pwd|passphrase|secret|api[_-]?key|access[_-]?key|private[_-]?key"
            r"|(?:access|auth|refresh|id|session|client)[_-]?token|client[_-]?secret"
            # A bare token with a number is how many there are.
            r"|token(?=\\?[\"']?\s{0,4}[:=]\s{0,4}\\?[\"']?[^\s\"'&,;\d\[]))"
            # Up to the quote that ends it; without one, up to what ends a word.
            r"\\?[\"']?\s{0,4}[:=]\s{0,4}\\?[\"']?)(?!\[redacted\])(?:(?<=\")[^\"]+|(?<=')[^']+|[^\s\"'&,;]+)"
        ),
        r"\1" + REDACTED,
        ("pass", "pwd", "secret", "key", "token"),
    ),
)
EMAIL: Final = Rule(
    "email", re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"), "[e-mail]", ("@",)
)
