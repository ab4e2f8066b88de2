"""Remote access on the real server: who is let in through proxies, sockets too, and what is kept about others."""

from __future__ import annotations

import datetime
import http.client
import http.server
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from accounts.models import AuditEntry
from tests.web.conftest import RunningServer, running_server
from tests.web.test_cloudflare_access import FIRST, SECOND, published, token

pytestmark = pytest.mark.django_db(transaction=True)
STRANGER, NEIGHBOUR = "203.0.113.9", "192.168.1.20"
TIMEOUT_S = 60


def ask(server: RunningServer, path: str, **headers: str) -> tuple[int, str, http.client.HTTPMessage]:
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_S)
    try:
        link.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = link.getresponse()
        return answer.status, answer.read().decode(), answer.msg
    finally:
        link.close()


def socket_status(server: RunningServer, **headers: str) -> int:
    """Of the handshake; 101 when it is open."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with connect(f"ws://{server.address}/ws/nowhere/", additional_headers=more, open_timeout=TIMEOUT_S):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def test_through_a_trusted_proxy_pages_api_and_sockets_are_for_allowed_clients_only(
    transactional_db: None, data_dir: Path
) -> None:
    with running_server(data_dir, TRUSTED_PROXIES="127.0.0.1") as server:
        inside, _, _ = ask(server, "/accounts/login/", X_Forwarded_For=f"{STRANGER}, {NEIGHBOUR}")
        outside = [ask(server, path, X_Forwarded_For=f"{NEIGHBOUR}, {STRANGER}") for path in ("/", "/api/jobs")]
        sockets = socket_status(server, X_Forwarded_For=NEIGHBOUR), socket_status(server, X_Forwarded_For=STRANGER)

    assert inside == 200
    assert [status for status, _, _ in outside] == [403, 403]
    assert all("address_not_allowed" in text for _, text, _ in outside)
    assert outside[1][2]["Content-Type"] == "application/problem+json"
    assert sockets == (101, 403)
    [entry] = AuditEntry.objects.filter(action="address_refused")  # the others came within the same minute
    assert (entry.address, entry.details) == (STRANGER, {"rule": "address_not_allowed"})


def test_what_a_client_says_of_itself_changes_nothing(server: RunningServer) -> None:
    lies = {"X_Forwarded_For": STRANGER, "X_Forwarded_Proto": "https", "Daphne_Root_Path": "//evil.example"}

    status, page, headers = ask(server, "/accounts/login/", X_Forwarded_Host="evil.example", **lies)

    assert status == 200
    assert "evil.example" not in page
    assert "Strict-Transport-Security" not in headers
    assert ask(server, "/", Host="evil.example")[0] == 400


class Certificates(http.server.BaseHTTPRequestHandler):
    """Cloudflare's list of keys."""

    def do_GET(self) -> None:
        body = published(one=FIRST) if self.path == "/cdn-cgi/access/certs" else b""
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        return


def self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    draft = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    draft = draft.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
    draft = draft.add_extension(names, critical=False)
    draft = draft.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    made = draft.sign(key, hashes.SHA256())
    path = folder / "team.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return path


@contextmanager
def team(certificate: Path) -> Iterator[str]:
    """A team's domain, on this machine."""
    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Certificates)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.server_port}"
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


def test_through_cloudflare_only_whom_access_vouches_for(transactional_db: None, data_dir: Path) -> None:
    certificate = self_signed(data_dir)
    with ExitStack() as stack:
        domain = stack.enter_context(team(certificate))
        mode = {"REMOTE_ACCESS_MODE": "cloudflare", "TRUSTED_PROXIES": "127.0.0.1", "CLOUDFLARE_TEAM_DOMAIN": domain}
        mode |= {"CLOUDFLARE_AUDIENCE": "aud-of-this-site", "SSL_CERT_FILE": str(certificate)}
        server = stack.enter_context(running_server(data_dir, **mode))
        good, forged = token(iss=f"https://{domain}"), token(SECOND, iss=f"https://{domain}")
        another = token(iss=f"https://{domain}", aud=["another"])

        def status(said: str | None, client: str = STRANGER) -> int:
            word = {"Cf_Access_Jwt_Assertion": said} if said else {}
            return ask(server, "/accounts/login/", X_Forwarded_For=client, **word)[0]

        statuses = [status(good), status(forged), status(another), status(None), status(None, NEIGHBOUR)]
        sockets = [
            socket_status(server, X_Forwarded_For=STRANGER, Cf_Access_Jwt_Assertion=good),
            socket_status(server, X_Forwarded_For=STRANGER, Cf_Access_Jwt_Assertion=forged),
        ]

    assert statuses == [200, 403, 403, 403, 403]
    assert sockets == [101, 403]
