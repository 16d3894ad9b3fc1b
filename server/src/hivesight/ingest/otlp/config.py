"""The `otlp` section of `prometheus.yml`, as Prometheus 3.5 reads it."""

from typing import Annotated, Final

from hivesight.schema import Text, parsed, section

STRATEGIES: Final = (
    "UnderscoreEscapingWithSuffixes",
    "UnderscoreEscapingWithoutSuffixes",
    "NoUTF8EscapingWithSuffixes",
    "NoTranslation",
)


def _strategy(text: str) -> str:
    if text not in STRATEGIES:
        raise ValueError(f"unknown translation_strategy {text!r}; known: {', '.join(STRATEGIES)}")
    return text


@section
class OtlpConfig:
    """How metrics that arrive by OTLP become series."""

    promote_all_resource_attributes: bool = False
    promote_resource_attributes: tuple[Text, ...] = ()
    ignore_resource_attributes: tuple[Text, ...] = ()
    translation_strategy: Annotated[str, parsed(_strategy)] = STRATEGIES[0]
    keep_identifying_resource_attributes: bool = False
    convert_histograms_to_nhcb: bool = False
    promote_scope_metadata: bool = False

    def __post_init__(self) -> None:
        if self.promote_all_resource_attributes and self.promote_resource_attributes:
            raise ValueError("promote_all_resource_attributes and promote_resource_attributes exclude each other")
        if self.ignore_resource_attributes and not self.promote_all_resource_attributes:
            raise ValueError("ignore_resource_attributes has a meaning with promote_all_resource_attributes alone")
        for names in (self.promote_resource_attributes, self.ignore_resource_attributes):
            if len(set(names)) != len(names) or not all(names):
                raise ValueError("a resource attribute is named twice, or is empty")

    @property
    def escapes(self) -> bool:
        """Whether what the classic name grammar does not know becomes underscores."""
        return self.translation_strategy.startswith("Underscore")

    @property
    def suffixes(self) -> bool:
        """Whether units and types become suffixes."""
        return self.translation_strategy.endswith("WithSuffixes")

    def promotes(self, name: str) -> bool:
        """Whether this resource attribute becomes a label of every series."""
        if self.promote_all_resource_attributes:
            return name not in self.ignore_resource_attributes
        return name in self.promote_resource_attributes
