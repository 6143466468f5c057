"""Numbers for people."""

NARROW = "\u202f"
MINUS = "\u2212"


def number(value: float, digits: int = 0) -> str:
    """A number for people: thousands apart, a real minus."""
    text = f"{value:,.{digits}f}".replace(",", NARROW)
    if float(f"{value:.{digits}f}") == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)
