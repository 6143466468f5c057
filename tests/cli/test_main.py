"""What ends every command."""

import pytest

from darkstar.cli import main


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(28, "No space left on device"), "Error: No space left on device."),
        (
            OSError(30, "Read-only file system", "/home/reports"),
            "Error: /home/reports: Read-only file system.",
        ),
    ],
)
def test_what_cannot_be_written_is_an_error_without_a_trace(
    error: OSError, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def app() -> None:
        raise error

    monkeypatch.setattr(main, "app", app)
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 3
    assert told in capsys.readouterr().err
