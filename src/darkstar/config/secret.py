"""A value that nobody should see: it stands in no message, no log and no `repr`."""

from dataclasses import dataclass, field

from darkstar.domain.errors import ConfigError


@dataclass(frozen=True)
class Secret:
    """A token or an address with a password in it.

    Attributes:
        name: where it was looked for: a variable's name, or the place in the file where it is written out.
        value: None where no such variable is set; that matters only to who needs it.
    """

    name: str
    value: str | None = field(repr=False)

    def reveal(self) -> str:
        """The value itself.

        Raises:
            ConfigError: it is not set.
        """
        if not self.value:
            raise ConfigError(
                f"{self.name} is not set, neither in the environment nor in secrets.yaml.",
                remedy=f"Set it (export {self.name}=...), or write `{self.name}: ...` into secrets.yaml beside "
                "darkstar.yaml and run chmod 600 secrets.yaml.",
            )
        return self.value
