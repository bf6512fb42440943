"""The configuration: who wins, what is refused, and in which words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mockserver import App, RetryPolicy
from mockserver.config import Config, load_config
from mockserver.core.errors import InvalidConfig, PostbacksError
from mockserver.core.models import EXAMPLE_KEYS, KeyClass

WHOLE = """
[server]
host = "0.0.0.0"
port = 1
receiver_port = 2
db = "data/box.db"
clock = "running"
start = 2026-01-01T12:00:00+01:00
rate = 3600
real_timeout = 2.5
token = "secret"
allow_hosts = ["box.example"]
send_to = ["shop.example", "203.0.113.0/24"]
allow_example_keys = true
tls = true
tls_cert = "cert.pem"
tls_key = "/keys/key.pem"
ca_file = "tls/ca.pem"
insecure = true
unknown_app = "not-found"
unknown_postback = "not-found"

[limits]
journal_requests = 10
journal_bytes = 1000
capacity = 4

[[apps]]
app_id = "shop"
parameters_encoding = "twice"
rule_limit = 5

[apps.keys]
data_export = "key-1"
production = "key-2"

[apps.retry]
delays = ["1h", "PT2H"]
retry_on = ["5xx", "429"]
timeout = "10s"

[[apps]]
app_id = "second"
"""


def write(folder: Path, text: str) -> str:
    path = folder / "box.toml"
    path.write_text(text)
    return str(path)


def test_nothing_given_is_the_default() -> None:
    assert load_config({}, {}) == Config()


def test_a_whole_file(tmp_path: Path) -> None:
    config = load_config({}, {}, write(tmp_path, WHOLE))
    assert config == Config(
        host="0.0.0.0",
        port=1,
        receiver_port=2,
        db=str(tmp_path / "data" / "box.db"),
        ephemeral=False,
        clock="running",
        start=datetime(2026, 1, 1, 11, tzinfo=UTC),
        rate=3600.0,
        real_timeout=timedelta(seconds=2.5),
        token="secret",
        allow_hosts=("box.example",),
        send_to=("shop.example", "203.0.113.0/24"),
        allow_example_keys=True,
        tls=True,
        tls_cert=str(tmp_path / "cert.pem"),
        tls_key="/keys/key.pem",
        ca_file=str(tmp_path / "tls" / "ca.pem"),
        insecure=True,
        unknown_app="not-found",
        unknown_postback="not-found",
        journal_requests=10,
        journal_bytes=1000,
        capacity=4,
        apps=config.apps,
        apps_given=True,
    )
    shop, second = config.apps
    assert shop.keys[KeyClass.DATA_EXPORT] == "key-1"
    assert shop.keys[KeyClass.DEVELOPMENT] == ""
    assert shop.retry == RetryPolicy(
        (timedelta(hours=1), timedelta(hours=2)),
        frozenset({"5xx", "429"}),
        timedelta(seconds=10),
    )
    assert (shop.parameters_encoding, shop.rule_limit) == ("twice", 5)
    assert second == App("second", EXAMPLE_KEYS)


def test_flag_beats_environment_beats_file_beats_default(tmp_path: Path) -> None:
    file = write(tmp_path, "[server]\nport = 1\nreceiver_port = 1\nrate = 2\n")
    environment = {"POSTBACKS_PORT": "2", "POSTBACKS_RECEIVER_PORT": "2"}
    config = load_config({"port": "3"}, environment, file)
    assert (config.port, config.receiver_port, config.rate) == (3, 2, 2.0)
    assert config.host == "127.0.0.1"


def test_every_setting_has_a_variable() -> None:
    environment = {
        "POSTBACKS_HOST": "::1",
        "POSTBACKS_PORT": "0",
        "POSTBACKS_RECEIVER_PORT": "0",
        "POSTBACKS_EPHEMERAL": "yes",
        "POSTBACKS_CLOCK": "manual",
        "POSTBACKS_START": "2026-01-01T00:00:00Z",
        "POSTBACKS_RATE": "1",
        "POSTBACKS_REAL_TIMEOUT": "1m",
        "POSTBACKS_TOKEN": "t",
        "POSTBACKS_ALLOW_HOSTS": "a.example, b.example",
        "POSTBACKS_SEND_TO": "shop.example, *.shop.example",
        "POSTBACKS_ALLOW_EXAMPLE_KEYS": "1",
        "POSTBACKS_TLS": "1",
        "POSTBACKS_TLS_CERT": "cert.pem",
        "POSTBACKS_TLS_KEY": "key.pem",
        "POSTBACKS_CA_FILE": "ca.pem",
        "POSTBACKS_INSECURE": "true",
        "POSTBACKS_JOURNAL_REQUESTS": "1",
        "POSTBACKS_JOURNAL_BYTES": "2",
        "POSTBACKS_CAPACITY": "3",
        "POSTBACKS_SOMETHING_ELSE": "is not ours",
        "POSTBACKS_DB": "",
    }
    config = load_config({}, environment)
    assert config == Config(
        host="::1",
        port=0,
        receiver_port=0,
        ephemeral=True,
        clock="manual",
        start=datetime(2026, 1, 1, tzinfo=UTC),
        real_timeout=timedelta(minutes=1),
        token="t",
        allow_hosts=("a.example", "b.example"),
        send_to=("shop.example", "*.shop.example"),
        allow_example_keys=True,
        tls=True,
        tls_cert="cert.pem",
        tls_key="key.pem",
        ca_file="ca.pem",
        insecure=True,
        journal_requests=1,
        journal_bytes=2,
        capacity=3,
    )


def test_the_environment_may_name_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, "[server]\nport = 7\n")
    assert load_config({}, {"POSTBACKS_CONFIG": file}).port == 7


def test_of_db_and_ephemeral_the_nearer_one_counts(tmp_path: Path) -> None:
    file = write(tmp_path, '[server]\ndb = "x.db"\n')
    config = load_config({"ephemeral": True}, {}, file)
    assert (config.ephemeral, config.db) == (True, None)
    config = load_config({"db": "y.db"}, {"POSTBACKS_EPHEMERAL": "1"}, file)
    assert (config.ephemeral, config.db) == (False, "y.db")
    with pytest.raises(InvalidConfig, match="db and ephemeral at once"):
        load_config({"db": "y.db", "ephemeral": True}, {})


@pytest.mark.parametrize("db", ["sqlite:///x.db", ":memory:", "/abs/x.db"])
def test_a_db_that_is_no_relative_path_is_left_alone(tmp_path: Path, db: str) -> None:
    assert load_config({}, {}, write(tmp_path, f'[server]\ndb = "{db}"\n')).db == db


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[serve]\n", "serve is no known key (did you mean 'server'?)"),
        ("[server]\nprot = 1\n", "server.prot is no known key (did you mean 'port'?)"),
        ("server = 1\n", "server must be a table, got 1"),
        ("[server]\nport = '1'\n", "server.port must be a port from 0 to 65535"),
        ("[server]\nport = 65536\n", "server.port must be a port"),
        ("[server]\nport = true\n", "server.port must be a port"),
        ("[server]\nrate = 0\n", "server.rate must be a number greater than 0"),
        ("[server]\nrate = nan\n", "server.rate must be a number"),
        ("[server]\nephemeral = 'yes'\n", "server.ephemeral must be true or false"),
        ("[server]\nclock = 'stopped'\n", 'server.clock must be "running" or "manual"'),
        ("[server]\nclock = []\n", 'server.clock must be "running" or "manual", got a list'),
        ("[server]\nstart = 2026-01-01T00:00:00\n", "server.start must be an instant with a time"),
        ("[server]\nstart = 2026-01-01\n", "server.start must be an instant"),
        ("[server]\nreal_timeout = 0\n", "server.real_timeout must be seconds"),
        ("[server]\nreal_timeout = inf\n", "server.real_timeout must be seconds"),
        ("[server]\nhost = ''\n", "server.host must be text"),
        ("[server]\nallow_hosts = 'h'\n", "server.allow_hosts must be a list"),
        ("[limits]\ncapacity = 0\n", "limits.capacity must be a whole number from 1"),
        ("apps = []\n", "apps must be a list of tables"),
        ("[apps]\n", "apps must be a list of tables: write [[apps]]"),
        ("[[apps]]\n", 'apps[1] has no app_id; add app_id = "..."'),
        ("[[apps]]\napp_id='a'\n[[apps]]\napp_id='a'\n", "apps[2].app_id 'a' is taken"),
        ("[[apps]]\napp_id='a'\n[apps.key]\n", "apps[1].key is no known key (did you mean 'keys'"),
        ("[[apps]]\napp_id='a'\n[apps.keys]\nproduction='p'\n", "keys has no data_export"),
        ("[[apps]]\napp_id='a'\n[apps.keys]\ndata_export=1\n", "keys.data_export must be text"),
        ("[[apps]]\napp_id='a'\n[apps.retry]\ndelays=1\n", "retry.delays must be a list"),
        (
            "[[apps]]\napp_id='a'\n[[apps]]\napp_id='b'\n[apps.retry]\ndelays=['1h', '1x']\n",
            "apps[2].retry.delays[2]: '1x' is no duration; write it like 10h, 1h30m, 90s",
        ),
        (
            "[[apps]]\napp_id='a'\n[apps.retry]\ndelays=['1h', 2]\n",
            'apps[1].retry.delays[2] must be a duration like "30s", got 2',
        ),
        ("[[apps]]\napp_id='a'\n[apps.retry]\ntimeout='x'\n", "apps[1].retry.timeout: 'x' is no"),
        ("[[apps]]\napp_id='a'\n[apps.keys]\ndata_export=''\n", "data_export must be text that is"),
        ("[[apps]]\napp_id='a'\nrule_limit=0\n", "rule_limit must be a whole number from 1, got 0"),
        ("[server]\nsend_to = 'h'\n", "server.send_to must be a list of hosts"),
        ("[server]\nsend_to = ['h', 1]\n", "server.send_to[2] must be text"),
        (
            "[server]\nsend_to = ['h', 'https://a.example/']\n",
            "server.send_to[2] takes a host like 'shop.example'",
        ),
        ("[server]\nallow_hosts = ['h', '']\n", "server.allow_hosts[2] must be text that is not"),
        ("[[apps]]\napp_id='a'\n[apps.retry]\nretry_on=['5xy']\n", "does not know '5xy'"),
        ("[[apps]]\napp_id='a'\n[apps.retry]\ntimeout='0s'\n", "longer than nothing"),
        ("[server\n", "is not TOML: "),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, expected: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(InvalidConfig) as refused:
        load_config({}, {}, file)
    assert expected in str(refused.value)
    assert str(refused.value).startswith(file)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["db", "tls_cert", "tls_key", "ca_file"])
def test_the_home_of_nobody_is_named(tmp_path: Path, name: str) -> None:
    file = write(tmp_path, f"[server]\n{name} = '~nobody-of-that-name/x'\n")
    with pytest.raises(PostbacksError, match="the home of a user who is not known here; write the"):
        load_config({}, {}, file)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "::1", "::", "fe80::1%lo", "localhost", "0.0.0.0", "b\u00fccher.example"]
)
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    assert load_config({"host": host}, {}).host == host


@pytest.mark.parametrize(
    "name", ["box", "box_1", "box.example:80", "[::1]:80", "b\u00fccher.example"]
)
def test_a_host_that_is_allowed_is_as_clients_write_it(name: str) -> None:
    assert load_config({"allow_hosts": name}, {}).allow_hosts == (name,)


def test_a_file_of_windows_may_begin_with_its_mark(tmp_path: Path) -> None:
    file = tmp_path / "postbacks.toml"
    file.write_bytes(b"\xef\xbb\xbf[server]\nport = 7\n")
    assert load_config({}, {}, str(file)).port == 7


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="cannot be read: No such file"):
        load_config({}, {}, str(tmp_path / "missing.toml"))
    with pytest.raises(InvalidConfig, match="cannot be read: Is a directory"):
        load_config({}, {}, str(tmp_path))
    (tmp_path / "latin.toml").write_bytes(b"# \xe4\n")
    with pytest.raises(InvalidConfig, match="is not UTF-8"):
        load_config({}, {}, str(tmp_path / "latin.toml"))


@pytest.mark.parametrize("token", ["schl\u00fcssel", "two words", "end ", "\ud800"])
def test_a_token_that_never_matches_is_refused_and_not_shown(tmp_path: Path, token: str) -> None:
    """Wherever it is given."""
    tries = [({"token": token}, {}, None, "--token: a token has visible ASCII")]
    tries += [({}, {"POSTBACKS_TOKEN": token}, None, "POSTBACKS_TOKEN: a token has")]
    if token.isprintable():
        file = write(tmp_path, f"[server]\ntoken = '{token}'\n")
        tries += [({}, {}, file, "server.token: a token has visible ASCII characters only")]
    for flags, environment, file_name, expected in tries:
        with pytest.raises(InvalidConfig) as refused:
            load_config(flags, environment, file_name)
        assert expected in str(refused.value)
        assert token not in str(refused.value)


@pytest.mark.parametrize(
    ("flags", "environment", "expected"),
    [
        ({"send_to": "a/b"}, {}, "--send-to[1] takes a host like"),
        ({}, {"POSTBACKS_SEND_TO": "a.example,fe80::1"}, "POSTBACKS_SEND_TO[2] cannot have"),
        ({"port": "http"}, {}, "--port must be a port from 0 to 65535"),
        ({"real_timeout": "-1"}, {}, "--real-timeout must be seconds"),
        ({"rate": "fast"}, {}, "--rate must be a number"),
        ({"start": "2026-01-01"}, {}, "--start must be an instant with a time zone"),
        ({"start": "9999-12-31T23:59:59Z"}, {}, "a time zone before the year 9900"),
        ({"start": "9900-01-01T00:00:00Z"}, {}, "a time zone before the year 9900"),
        ({"start": "0001-01-01T00:00:00+14:00"}, {}, "--start must be an instant"),
        ({"port": "1" * 5_000}, {}, "--port must be a port from 0 to 65535"),
        ({"token": "a\nb"}, {}, "--token: a token has visible ASCII"),
        ({"clock": "slow"}, {}, '--clock must be "running" or "manual", got \'slow\''),
        ({}, {"POSTBACKS_PORT": "tcp://1.2.3.4:80"}, "POSTBACKS_PORT must be a port"),
        ({"tls_key": "key.pem"}, {}, "tls_key needs tls_cert"),
        ({}, {"POSTBACKS_INSECURE": "maybe"}, "POSTBACKS_INSECURE must be true or false"),
        ({}, {"POSTBACKS_EPHEMERAL": "maybe"}, "POSTBACKS_EPHEMERAL must be true or false"),
        ({"host": "[::1]"}, {}, "--host must be a name or an address of this machine, like 127"),
        ({"host": "127.0.0.1:80"}, {}, "without brackets and port, got '127.0.0.1:80'"),
        ({"host": "http://box"}, {}, "--host must be a name or an address"),
        ({"host": "a b"}, {}, "--host must be a name or an address"),
        ({"allow_hosts": "a b"}, {}, "--allow-host[1] must be a host name like box.example"),
        ({"allow_hosts": "a,http://b"}, {}, "--allow-host[2] must be a host name"),
        ({"allow_hosts": "*.example"}, {}, "with no * in it, got '*.example'"),
        ({}, {"POSTBACKS_ALLOW_HOSTS": "a/b"}, "POSTBACKS_ALLOW_HOSTS[1] must be a host name"),
        ({"rate": "2", "clock": "manual"}, {}, "a rate of 2 needs a running clock"),
    ],
)
def test_a_mistake_elsewhere_is_named(
    flags: dict[str, str | bool], environment: dict[str, str], expected: str
) -> None:
    with pytest.raises(InvalidConfig) as refused:
        load_config(flags, environment)
    assert expected in str(refused.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a = " + "[" * 50_000, "is not TOML: it is nested too deeply"),
        ("a = " + "1" * 5_000, "is not TOML: an integer in it has too many digits"),
    ],
    ids=["deep", "long"],
)
def test_a_file_beyond_what_can_be_read_is_one_line(
    content: str, reason: str, tmp_path: Path
) -> None:
    file = tmp_path / "postbacks.toml"
    file.write_text(content)
    with pytest.raises(InvalidConfig, match=reason):
        load_config({}, {}, str(file))


def test_a_file_without_an_end_is_not_read_for_ever() -> None:
    with pytest.raises(InvalidConfig, match="/dev/zero cannot be read: File too large"):
        load_config({}, {}, "/dev/zero")


@pytest.mark.parametrize(
    ("addresses", "send_to", "named"),
    [
        ("local", "", ()),
        ("local", "a.example", ("a.example",)),
        ("local", "a.example,*", None),
        ("public", "", None),
        ("public", "a.example", ("a.example",)),
        ("public", "*", None),
    ],
)
def test_public_addresses_are_open_unless_hosts_are_named(
    addresses: str, send_to: str, named: tuple[str, ...] | None
) -> None:
    variables = {"POSTBACKS_ADDRESSES": addresses, "POSTBACKS_SEND_TO": send_to}
    assert load_config({}, variables).named_hosts == named


@pytest.mark.parametrize("entry", ["10.1.2.3", "127.0.0.1:80", "192.168.0.0/16", "[::1]:80"])
def test_what_public_never_sends_to_cannot_be_named(entry: str) -> None:
    variables = {"POSTBACKS_ADDRESSES": "public", "POSTBACKS_SEND_TO": f"a.example,{entry}"}
    with pytest.raises(InvalidConfig, match='while addresses is "public"; leave one'):
        load_config({}, variables)
    assert load_config({}, {"POSTBACKS_SEND_TO": entry}).send_to == (entry,)
