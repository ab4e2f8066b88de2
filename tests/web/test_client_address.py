"""Behind proxies the client is the rightmost address that no trusted proxy has; nothing else a client sends counts."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dubbing_site.remote.addresses import ForwardedUnreadable, Headers, is_within, parse_address, resolve
from dubbing_site.remote.policy import networks

TRUSTED = networks("127.0.0.1", "::1", "10.9.0.0/16")
FORWARDED_FOR = b"x-forwarded-for"
addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))
strangers = addresses.filter(lambda address: not is_within(parse_address(str(address)), TRUSTED))
proxies = st.sampled_from(["127.0.0.1", "::1", "10.9.0.1", "10.9.255.255", "::ffff:127.0.0.1"])
unhurried = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
claims = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60)


def forwarded(*lines: str) -> Headers:
    return [(FORWARDED_FOR, line.encode("latin1")) for line in lines]


@pytest.mark.parametrize(
    ("peer", "headers", "expected"),
    [
        ("198.51.100.7", forwarded("203.0.113.9"), "198.51.100.7"),  # anybody may write the header
        ("127.0.0.1", forwarded(), "127.0.0.1"),
        ("127.0.0.1", forwarded(""), "127.0.0.1"),
        ("127.0.0.1", forwarded("203.0.113.9"), "203.0.113.9"),
        ("127.0.0.1", forwarded("1.1.1.1, 203.0.113.9"), "203.0.113.9"),  # the left one is the client's own claim
        ("127.0.0.1", forwarded("1.1.1.1", "203.0.113.9"), "203.0.113.9"),  # on lines of their own
        ("127.0.0.1", forwarded("1.1.1.1, 203.0.113.9, 10.9.3.4"), "203.0.113.9"),  # two proxies in a row
        ("127.0.0.1", forwarded("10.9.3.4"), "10.9.3.4"),  # the proxy itself asks
        ("127.0.0.1", forwarded("nonsense, 203.0.113.9"), "203.0.113.9"),
        ("127.0.0.1", forwarded("203.0.113.9:52100"), "203.0.113.9"),
        ("127.0.0.1", forwarded("[2001:db8::7]:443"), "2001:db8::7"),
        ("127.0.0.1", forwarded("2001:db8::7"), "2001:db8::7"),
        ("127.0.0.1", forwarded("::ffff:203.0.113.9"), "203.0.113.9"),
        ("::ffff:127.0.0.1", forwarded("203.0.113.9"), "203.0.113.9"),
        ("127.0.0.1", forwarded("1.1.1.1," * 5000 + "203.0.113.9"), "203.0.113.9"),
        ("fe80::1%eth0", forwarded("203.0.113.9"), "fe80::1"),
    ],
)
def test_the_client_is_whom_the_trusted_proxies_were_called_by(peer: str, headers: Headers, expected: str) -> None:
    assert str(resolve(peer, headers, TRUSTED).address) == expected


@pytest.mark.parametrize(
    "hop", ["unknown", "_hidden", "1.2.3", "1.2.3.4:x", "[::1", "[::1]x", "1.2.3.4.5", "x" * 10_000]
)
def test_a_trusted_proxy_that_names_no_address_is_not_guessed_about(hop: str) -> None:
    with pytest.raises(ForwardedUnreadable):
        resolve("127.0.0.1", forwarded(f"203.0.113.9, {hop}"), TRUSTED)


@unhurried
@given(claim=claims, client=strangers, hops=st.lists(proxies, max_size=4), peer=proxies)
def test_nothing_a_client_claims_changes_who_it_is(claim: str, client: object, hops: list[str], peer: str) -> None:
    line = ", ".join([claim, str(client), *hops])

    assert resolve(peer, forwarded(line), TRUSTED).address == parse_address(str(client))


@unhurried
@given(claim=claims, peer=strangers, is_split=st.booleans())
def test_a_stranger_is_its_own_address_whatever_it_sends(claim: str, peer: object, is_split: bool) -> None:
    headers = forwarded(claim, "127.0.0.1") if is_split else forwarded(f"{claim}, 127.0.0.1")
    headers = [*headers, (b"x-forwarded-proto", b"https"), (b"x-real-ip", b"127.0.0.1")]

    client = resolve(str(peer), headers, TRUSTED)

    assert client.address == parse_address(str(peer))
    assert not client.is_forwarded
    assert not client.is_encrypted


@unhurried
@given(text=st.text(max_size=80))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        parsed = parse_address(text)
    except ValueError:
        return
    assert isinstance(parsed, ipaddress.IPv4Address | ipaddress.IPv6Address)


@pytest.mark.parametrize(
    ("lines", "is_encrypted"),
    [([b"https"], True), ([b"http"], False), ([b"https", b"http"], False), ([b"http, https"], True), ([], False)],
)
def test_the_nearest_proxy_says_whether_the_connection_was_encrypted(lines: list[bytes], is_encrypted: bool) -> None:
    headers = [(b"x-forwarded-proto", line) for line in lines]

    assert resolve("127.0.0.1", headers, TRUSTED).is_encrypted is is_encrypted
