"""Fault 7, the half about TLS: certificates are always verified; a home trusts its own by naming it, never blindly."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from darkstar.config.settings import load_settings
from darkstar.domain.errors import ConfigError, DarkstarError
from darkstar.evidence.home_assistant import HomeAssistant, NotHomeAssistantError
from tests.end_to_end.commands import HomeFolder, write_home
from tests.end_to_end.home_assistant.certificates import make_certificate
from tests.end_to_end.home_assistant.configuration import Certificate
from tests.end_to_end.home_assistant.peer import Peer
from tests.end_to_end.home_assistant.seed import make_database
from tests.end_to_end.live_home import IMPORT

pytestmark = pytest.mark.xdist_group("home_assistant")
AWAY = 3


@pytest.fixture(scope="module")
def certificate(main_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """The home's own, signed by nobody else."""
    return make_certificate(tmp_path_factory.mktemp("certificate"), main_python)


@pytest.fixture(scope="module")
def home(
    main_python: Path, certificate: Certificate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Peer]:
    """A Home Assistant that speaks HTTPS alone."""
    peer = Peer(tmp_path_factory.mktemp("tls"), main_python, [IMPORT], certificate=certificate)
    make_database(peer)
    peer.start()
    yield peer
    peer.stop()


async def refusal(url: str, token: str, ca_file: Path | None = None) -> DarkstarError:
    """How the client refuses to talk."""
    async with HomeAssistant(url, token, ca_file=ca_file, patience_s=0.0) as source:
        with pytest.raises(NotHomeAssistantError) as caught:
            await source.info()
    assert token not in str(caught.value)
    return caught.value


def asks_for_energy(folder: HomeFolder, ca_file: Path | None) -> tuple[int, str]:
    """How a command ends on a home whose file names that authority."""
    text = (folder.folder / "darkstar.yaml").read_text()
    if ca_file:
        text = text.replace("home_assistant:\n", f"home_assistant:\n  ca_file: {ca_file}\n")
    (folder.folder / "darkstar.yaml").write_text(text)
    done = folder.run("backfill", "energy", "--dry-run", "--json", timeout_s=60)
    return done.code, " ".join(done.errors.split())


async def test_fault_7_a_self_signed_certificate_is_refused_by_default(home: Peer) -> None:
    error = await refusal(home.url, home.token)
    assert "certificate" in error.problem
    assert "not to be trusted" in error.problem
    assert "ca_file" in error.remedy


async def test_fault_7_it_is_accepted_where_the_home_names_it(home: Peer, certificate: Certificate) -> None:
    async with HomeAssistant(home.url, home.token, ca_file=certificate.certificate) as source:
        info = await source.info()
    assert info.version == home.version


async def test_fault_7_another_authority_does_not_do(home: Peer, main_python: Path, tmp_path: Path) -> None:
    other = make_certificate(tmp_path, main_python, "another")
    assert "not to be trusted" in (await refusal(home.url, home.token, other.certificate)).problem


async def test_fault_7_nor_does_another_name(home: Peer, certificate: Certificate) -> None:
    """The certificate is the address's, not that of any name that leads there."""
    by_name = home.url.replace("127.0.0.1", "localhost")
    error = await refusal(by_name, home.token, certificate.certificate)
    assert "localhost" in error.problem
    assert "name that the certificate is made out to" in error.remedy


def test_fault_7_the_command_obeys_and_knows_no_way_around(
    home: Peer, certificate: Certificate, tmp_path: Path
) -> None:
    plain = write_home(tmp_path / "plain", home, {"import": [IMPORT.entity_id]})
    code, said = asks_for_energy(plain, None)
    assert code == AWAY
    assert "not to be trusted" in said
    named = write_home(tmp_path / "named", home, {"import": [IMPORT.entity_id]})
    code, said = asks_for_energy(named, certificate.certificate)
    assert "trusted" not in said
    assert code != AWAY, said
    for key in ("verify_ssl", "verify", "insecure", "ssl"):
        with pytest.raises(ConfigError, match=key):
            _with_key(plain, key)


def _with_key(home: HomeFolder, key: str) -> None:
    text = (home.folder / "darkstar.yaml").read_text()
    other = home.folder.parent / key
    other.mkdir()
    (other / "darkstar.yaml").write_text(
        text.replace("home_assistant:\n", f"home_assistant:\n  {key}: false\n")
    )
    load_settings(other, {"HA_TOKEN": "word"})
