"""The configuration folder of a home: an owner with a token, no questions asked, meters that a test can move."""

import base64
import datetime as dt
import hashlib
import hmac
import json
import re
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

HOST = "127.0.0.1"
TEN_YEARS = 315_360_000
ONLINE = "input_boolean.meters_online"
SOURCE_ONLY = {
    "pymicro_vad": "class MicroVad:\n    pass\n",
    "pyspeex_noise": "class AudioProcessor:\n    pass\n",
}
"""Voice libraries without wheels, which Home Assistant imports and nothing here uses."""


@dataclass(frozen=True)
class Certificate:
    """PEM files of a certificate for the loopback address and of its key."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Meter:
    """A sensor over an input_number that a test can set.

    Attributes:
        object_id: the entity id after `sensor.`.
        state_class: None for a sensor of which Home Assistant keeps no statistics.
    """

    object_id: str
    unit: str = "kWh"
    device_class: str = "energy"
    state_class: str | None = "total_increasing"

    @property
    def entity_id(self) -> str:
        """The sensor."""
        return f"sensor.{self.object_id}"

    @property
    def backing(self) -> str:
        """What a test sets to move it."""
        return f"input_number.source_{self.object_id}"

    @property
    def counts(self) -> bool:
        """Whether Home Assistant keeps sums of it."""
        return self.state_class == "total_increasing"

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes that its states carry."""
        given = {
            "state_class": self.state_class,
            "unit_of_measurement": self.unit,
            "device_class": self.device_class,
            "friendly_name": self.object_id,
        }
        return {name: value for name, value in given.items() if value is not None}


def write_configuration(
    folder: Path,
    package: Path,
    version: str,
    meters: Sequence[Meter],
    port: int,
    time_zone: str,
    certificate: Certificate | None = None,
) -> str:
    """Write everything that Home Assistant needs to come up at once and say nothing of onboarding.

    Args:
        folder: the configuration folder. package: where the `homeassistant` package lies.
        certificate: what it serves HTTPS with; versions that keep their port in YAML alone.

    Returns:
        A long-lived access token of the owner.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for part in ("static", "frontend_latest", "frontend_es5"):
        (folder / "no_frontend" / "hass_frontend" / part).mkdir(parents=True, exist_ok=True)
    stubs = folder / "stubs"
    stubs.mkdir(exist_ok=True)
    for module, text in SOURCE_ONLY.items():
        if not (package.parent / module).exists():
            (stubs / f"{module}.py").write_text(text)
    store_version = _http_store_version(package)
    settings = _settings(folder, meters, time_zone)
    if store_version is None:
        settings["http"] = {"server_host": HOST, "server_port": port}
        if certificate:
            settings["http"] |= {
                "ssl_certificate": str(certificate.certificate),
                "ssl_key": str(certificate.key),
            }
    (folder / "configuration.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    _write_http_store(folder, store_version, port)
    done = ["user", "core_config", "analytics", "integration"]
    write_storage(folder, "onboarding", 4, {"done": done})
    restore(folder, {ONLINE: "on"} | {meter.backing: "0.0" for meter in meters})
    return _write_owner(folder, version)


def restore(folder: Path, states: Mapping[str, str], forget: Iterable[str] = ()) -> None:
    """Say what input helpers come up with at the next start.

    Args:
        forget: entities whose own last state must not come back (newer versions restore template sensors too).
    """
    path = folder / ".storage" / "core.restore_state"
    before = json.loads(path.read_text())["data"] if path.exists() else []
    replaced = set(states) | set(forget)
    now = dt.datetime.now(dt.UTC).isoformat()
    written = [
        {
            "state": {
                "entity_id": entity_id,
                "state": state,
                "attributes": {},
                "last_changed": now,
                "last_reported": now,
                "last_updated": now,
                "context": {"id": uuid.uuid4().hex[:26].upper(), "parent_id": None, "user_id": None},
            },
            "extra_data": None,
            "last_seen": now,
        }
        for entity_id, state in states.items()
    ]
    kept = [entry for entry in before if entry["state"]["entity_id"] not in replaced]
    write_storage(folder, "core.restore_state", 1, kept + written)


def write_storage(folder: Path, key: str, version: int, data: object) -> None:
    """Write one of Home Assistant's own stores; it must be down."""
    path = folder / ".storage" / key
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"version": version, "minor_version": 1, "key": key, "data": data}))
    path.chmod(0o600)


def _settings(folder: Path, meters: Sequence[Meter], time_zone: str) -> dict[str, object]:
    return {
        "homeassistant": {
            "name": "Test home",
            "latitude": 59.33,
            "longitude": 18.07,
            "elevation": 20,
            "unit_system": "metric",
            "time_zone": time_zone,
            "currency": "SEK",
            "country": "SE",
            "language": "en",
        },
        # A missing front end is fatal, but a development folder may be empty.
        "frontend": {"development_repo": str(folder / "no_frontend")},
        "api": None,
        "websocket_api": None,
        "history": None,
        "energy": None,
        "recorder": {
            "db_url": f"sqlite:///{folder / 'home-assistant_v2.db'}",
            "purge_keep_days": 10,
            "auto_purge": False,
            "commit_interval": 1,
        },
        "logger": {"default": "warning"},
        "input_boolean": {ONLINE.split(".")[1]: {"name": "Meters online"}},
        "input_number": {
            meter.backing.split(".")[1]: {"min": -1e9, "max": 1e12, "step": 0.001, "mode": "box"}
            for meter in meters
        },
        "template": [{"sensor": [_sensor(meter) for meter in meters]}],
    }


def _sensor(meter: Meter) -> dict[str, str]:
    sensor = {
        "name": meter.object_id,
        "unique_id": meter.object_id,
        "state": f"{{{{ states('{meter.backing}') }}}}",
        "availability": f"{{{{ is_state('{ONLINE}', 'on') }}}}",
        "unit_of_measurement": meter.unit,
        "device_class": meter.device_class,
    }
    return sensor | ({"state_class": meter.state_class} if meter.state_class else {})


def _http_store_version(package: Path) -> int | None:
    """The version of the store that newer Home Assistants keep their port in; None where YAML says it."""
    path = package / "components" / "http" / "config.py"
    found = re.search(r"^STORAGE_VERSION\b[^=\n]*= *(\d+)", path.read_text(), re.M) if path.exists() else None
    return int(found[1]) if found else None


def _write_http_store(folder: Path, version: int | None, port: int) -> None:
    """Keep it on the loopback address.

    Newer versions take `http:` from YAML only until somebody confirms it, and go back to port 8123 on all
    addresses after five minutes; older ones read this store in recovery mode alone.
    """
    if version is None:
        write_storage(folder, "http", 1, {"server_host": [HOST], "server_port": port})
        return
    stable = {
        "server_host": [HOST],
        "server_port": port,
        "cors_allowed_origins": ["https://cast.home-assistant.io"],
        "login_attempts_threshold": -1,
        "ip_ban_enabled": True,
        "ssl_profile": "intermediate_v6" if version >= 3 else "modern",
        "use_x_frame_options": True,
        "created_at": dt.datetime.now(dt.UTC).isoformat(),
        "error": None,
        "error_message": None,
    }
    write_storage(folder, "http", version, {"stable": stable, "pending": None, "yaml_migration_done": True})


def _write_owner(folder: Path, version: str) -> str:
    now = dt.datetime.now(dt.UTC)
    user, refresh, key = uuid.uuid4().hex, uuid.uuid4().hex, secrets.token_hex(64)
    groups = {"system-admin": "Administrators", "system-users": "Users", "system-read-only": "Read Only"}
    owner = {
        "id": user,
        "group_ids": ["system-admin"],
        "is_owner": True,
        "is_active": True,
        "name": "Owner",
        "system_generated": False,
        "local_only": False,
    }
    token = {
        "id": refresh,
        "user_id": user,
        "client_id": None,
        "client_name": "tests",
        "client_icon": None,
        "token_type": "long_lived_access_token",
        "created_at": now.isoformat(),
        "access_token_expiration": float(TEN_YEARS),
        "token": secrets.token_hex(64),
        "jwt_key": key,
        "last_used_at": None,
        "last_used_ip": None,
        "expire_at": None,
        "credential_id": None,
        "version": version,
    }
    write_storage(
        folder,
        "auth",
        1,
        {
            "users": [owner],
            "groups": [{"id": identifier, "name": name} for identifier, name in groups.items()],
            "credentials": [],
            "refresh_tokens": [token],
        },
    )
    issued = int(now.timestamp())
    return _signed({"iss": refresh, "iat": issued, "exp": issued + TEN_YEARS}, key)


def _signed(claims: Mapping[str, object], key: str) -> str:
    """A JSON web token, signed with HMAC and SHA-256."""
    parts = [
        json.dumps(part, separators=(",", ":")).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims)
    ]
    body = b".".join(_base64(part) for part in parts)
    return (body + b"." + _base64(hmac.new(key.encode(), body, hashlib.sha256).digest())).decode()


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
