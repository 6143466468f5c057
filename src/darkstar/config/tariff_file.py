"""Another tariff in a file of its own: the section `tariff:` as `darkstar.yaml` has it."""

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from darkstar.config.document import read_document
from darkstar.config.fields import Section
from darkstar.config.problems import sentences
from darkstar.config.tariff import TariffSections, power_tariffs_of, tariffs_of
from darkstar.domain.errors import ConfigError
from darkstar.domain.power_tariff import PowerTariff
from darkstar.domain.tariffs import Tariffs


class _TariffFile(Section):
    tariff: TariffSections


def read_tariff(
    path: Path, environ: Mapping[str, str], tz: ZoneInfo
) -> tuple[Tariffs, tuple[PowerTariff, ...]]:
    """What energy costs on top of the market's price, and what the months' highest draws cost, VAT included.

    Raises:
        ConfigError: there is no such file, or no sound `tariff:` in it.
    """
    if not path.is_file():
        raise ConfigError(
            f"There is no file {path}.", remedy="Name one that holds `tariff:` as darkstar.yaml does."
        )
    document = read_document(path, environ)
    try:
        sections = _TariffFile.model_validate({"tariff": document.get("tariff")}).tariff
    except ValidationError as error:
        raise ConfigError(f"{path}: {' '.join(sentences(error, document))}") from None
    return tariffs_of(sections, tz), power_tariffs_of(sections)
