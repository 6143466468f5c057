"""Where the lake is and how it is reached.

A MariaDB on another machine is reached by TLS, its certificate checked, unless the settings say that it is not to be;
on this machine (a loopback address or a socket) TLS is used where a certificate authority is named. Nothing waits for
the server longer than `REPLY_S`. The password stands in no message: what a server says is passed on without it.
"""

import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

from sqlalchemy import URL, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from darkstar.domain.errors import ConfigError, SourceUnreachableError

CONNECT_S = 5
REPLY_S = 20
LAKE_NAME = "episodes.db"
"""The lake's file in the home's folder where no database is named."""
DRIVERS = {"mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
_TLS_KEYS = frozenset({"ssl", "ssl_ca", "ssl_cert", "ssl_key", "ssl_key_password", "ssl_verify_cert"})


class LakeError(SourceUnreachableError):
    """The lake is away, does not answer in time, is full or refuses us."""


@dataclass(frozen=True)
class LakeAddress:
    """A database.

    Attributes:
        url: with the password in it, so it is shown to nobody; `place` is what may be shown.
        tls: the connection is encrypted and the server's certificate checked.
        ca_file: certificate authorities (PEM) to trust besides the system's.
    """

    url: URL = field(repr=False)
    tls: bool
    ca_file: Path | None = None

    @property
    def place(self) -> str:
        """Where it is, for people."""
        if self.url.get_backend_name() == "sqlite":
            return str(self.url.database)
        socket = self.url.query.get("unix_socket")
        host = f"{self.url.host}:{self.url.port or 3306}" if not socket else str(socket)
        return f"MariaDB at {host}, database {self.url.database}"


def file_address(folder: Path) -> LakeAddress:
    """The lake of a home without a database."""
    return LakeAddress(URL.create("sqlite", database=str(folder / LAKE_NAME)), tls=False)


def parse_address(text: str, *, ca_file: Path | None = None, tls: bool | None = None) -> LakeAddress:
    """The database of an address like `mysql+pymysql://user:password@host:3306/database`.

    Args:
        tls: None takes it everywhere but on this machine.

    Raises:
        ConfigError: it is no such address; what stands in it is not quoted.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise _wrong("It cannot be read.") from None
    backend = url.get_backend_name()
    if backend == "sqlite":
        if not url.database:
            raise _wrong("It names no file.")
        return LakeAddress(url, tls=False)
    if backend not in DRIVERS or url.drivername not in (backend, DRIVERS[backend]):
        raise _wrong("It names another kind of database than MariaDB.")
    if not url.database:
        raise _wrong("It names no database after the host.")
    if not url.username:
        raise _wrong("It names no user before the host.")
    named = url.query.get("ssl_ca")
    if named is not None and ca_file is None:
        ca_file = Path(str(named))
    socket = "unix_socket" in url.query
    if tls is None:
        tls = ca_file is not None or not (socket or _on_this_machine(url.host or "localhost"))
    url = url.set(drivername=DRIVERS[backend]).difference_update_query(_TLS_KEYS)
    return LakeAddress(url, tls=tls, ca_file=ca_file)


def make_engine(address: LakeAddress) -> Engine:
    """What opens connections to a lake, one for each use."""
    if address.url.get_backend_name() == "sqlite":
        engine = create_engine(address.url, poolclass=NullPool, hide_parameters=True)
        event.listen(engine, "connect", _as_a_lake)
        return engine
    limits: dict[str, object] = {
        "connect_timeout": CONNECT_S,
        "read_timeout": REPLY_S,
        "write_timeout": REPLY_S,
        "charset": "utf8mb4",
    }
    if address.tls:
        limits["ssl"] = _trust(address.ca_file)
    else:
        limits["ssl_disabled"] = True
    return create_engine(
        address.url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args=limits,
        isolation_level="READ COMMITTED",
    )


@contextmanager
def lake_failures(address: LakeAddress) -> Iterator[None]:
    """Turn what the database says into a sentence, without what is secret."""
    try:
        yield
    except (SQLAlchemyError, OSError, RuntimeError) as error:
        said, code = str(error), None
        if isinstance(error, DBAPIError) and error.orig is not None:
            code, said = next(iter(error.orig.args), None), str(next(reversed(error.orig.args), error.orig))
        raise _explained(address, code if isinstance(code, int) else None, said) from None


FULL = frozenset({1021, 1114, 1041, 28})
REFUSED = frozenset({1044, 1045, 1142, 1227, 1698})
UNKNOWN_DATABASE = 1049
AWAY = frozenset({2002, 2003, 2005, 2006, 2013, 2055, 0})
BUSY = frozenset({1205, 1213, 1040, 1203})
TLS_FAILED = 2026


def _explained(address: LakeAddress, code: int | None, said: str) -> LakeError:
    said = _without_secrets(address, said)
    place = f"The episode lake ({address.place})"
    if code in FULL or "database or disk is full" in said:
        return LakeError(f"{place} has no room: {said}", remedy="Make room there; what waits is sent again.")
    if code in REFUSED:
        return LakeError(f"{place} refuses us: {said}", remedy="Check the user's name, password and rights.")
    if code == UNKNOWN_DATABASE:
        return LakeError(f"{place} is not there: {said}", remedy="Create it: CREATE DATABASE name;")
    if code == TLS_FAILED or "certificate" in said.lower() or "SSL" in said:
        return LakeError(
            f"{place} cannot be reached by TLS: {said}",
            remedy="Name its certificate authority (episodes: ca_file), or write `tls: false` if the network "
            "between is trusted.",
        )
    if code in BUSY:
        return LakeError(f"{place} is busy: {said}", remedy="What waits is sent again.")
    if code in AWAY:
        return LakeError(f"{place} does not answer: {said}", remedy="What waits is sent when it is back.")
    return LakeError(f"{place} failed: {said}", remedy="What waits is kept.")


def _without_secrets(address: LakeAddress, said: str) -> str:
    password = str(address.url.password or "")
    for secret in (password, quote(password), quote_plus(password)):
        if secret:
            said = said.replace(secret, "***")
    return " ".join(said.split())[:300]


def _as_a_lake(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    for statement in ("journal_mode = WAL", "synchronous = FULL", f"busy_timeout = {REPLY_S * 1000}"):
        cursor.execute(f"PRAGMA {statement}")
    cursor.close()


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError):
            raise ConfigError(
                f"{ca_file} holds no certificate authorities.",
                remedy="Name a PEM file at `episodes: ca_file`.",
            ) from None
    return context


def _on_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _wrong(why: str) -> ConfigError:
    return ConfigError(
        f"episodes.url is no address of a lake. {why}",
        remedy="Write it like mysql+pymysql://user:password@host:3306/database (special characters of the "
        "password as %40), or leave `episodes` out for a SQLite file in the home's folder.",
    )
