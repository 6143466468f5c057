"""A certificate as homes make one for themselves: signed by nobody but itself."""

import subprocess
from pathlib import Path

from tests.end_to_end.home_assistant.configuration import HOST, Certificate

MAKE = """
import datetime, ipaddress, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

certificate, key, host = sys.argv[1:]
private = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Home Assistant of a test")])
now = datetime.datetime.now(datetime.timezone.utc)
signed = (
    x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
    .serial_number(x509.random_serial_number())
    .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
    .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
    .sign(private, hashes.SHA256())
)
plain = serialization.NoEncryption()
pkcs8 = serialization.PrivateFormat.PKCS8
pem = serialization.Encoding.PEM
open(certificate, "wb").write(signed.public_bytes(pem))
open(key, "wb").write(private.private_bytes(pem, pkcs8, plain))
"""


def make_certificate(folder: Path, python: Path, name: str = "home") -> Certificate:
    """A new self-signed certificate, made by the library that Home Assistant brings along."""
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    subprocess.run([python, "-c", MAKE, made.certificate, made.key, HOST], check=True, cwd=folder)
    return made
