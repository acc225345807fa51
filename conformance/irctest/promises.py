"""A pytest plugin: what of irctest counts here, and how much of it passes.

irctest skips what a server does not have. Here a skip is a failure, unless SKIPS says why it is none; and a
failure that is known is named in FAILURES with its reason. At the end, one line for each group of tests:

A   the core of RFC 1459, RFC 2812 and Modern
B   capabilities, UTF-8 and WebSocket of IRCv3
C   MONITOR, WHOX, bots, invite exceptions, STATUSMSG, no CTCP

None of them needs accounts. With PROMISES=no, nothing is promised: for other servers.
"""

import collections
import os
import re

import pytest

GROUPS = {
    "A": """away buffering chmodes/ban chmodes/key chmodes/limit chmodes/modeis chmodes/moderated
        chmodes/no_external chmodes/operator chmodes/secret connection_registration help info invite isupport
        join kick kill links list lusers messages names oper part pingpong quit regressions time topic wallops
        who whois whowas""",
    "B": """account_tag away_notify cap echo_message extended_join labeled_responses message_tags multi_prefix
        setname utf8 websocket""",
    "C": """bot_mode chmodes/invite_exception chmodes/mute_extban chmodes/no_ctcp monitor statusmsg""",
}

# Reasons for which a test may be skipped: parts of what irctest says.
SKIPS = {
    "Not consistently implemented": "irctest never runs these",
    "NON_UTF8_MESSAGE": "text is UTF-8",
    "extban": "bans are masks",
    "mute": "bans are masks",
    "SASL": "there are no accounts",
    "account registration": "there are no accounts",
    "Choice in the implementation": "the sources allow either",
    "INVITE_LIST": "INVITE without parameters lists nothing",
    "INVITE_OVERRIDES_LIMIT": "an invitation does not lift the limit of a channel",
    "MULTI_NAMES_COMMAND": "NAMES has one target",
    "MULTI_KICK": "KICK has one target",
}

# Tests that fail, and why: `file.py::Class::test`.
FAILURES = {
    "links.py::LinksTestCase::testLinksSingleServer": "a server has no description but its network's name",
    "websocket.py::WebsocketTestCase::testSendNonUtf8Text": "a binary message is refused where text was agreed on",
}

PROMISED = os.environ.get("PROMISES") != "no"
FILES = {file: letter for letter, files in GROUPS.items() for file in files.split()}


def group(test):
    """The letter of a test's group."""
    path, _, name = test.removeprefix("irctest/server_tests/").partition(".py::")
    if path == "who" and "whox" in name.lower():
        return "C"
    return FILES.get(path)


def pytest_collection_modifyitems(config, items):
    for item in items if PROMISED else []:
        test = item.nodeid.removeprefix("irctest/server_tests/")
        if reason := FAILURES.get(test):
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if PROMISED and report.skipped and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        if not any(re.search(allowed, reason, re.IGNORECASE) for allowed in SKIPS):
            report.outcome = "failed"
            report.longrepr = f"skipped, but promised: {reason}"
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter):
    yield
    results = {}
    for outcome in ("passed", "xfailed", "skipped", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, []):
            # An error when the test is over is an error of the test.
            results[report.nodeid] = "failed" if outcome == "error" else outcome
    counts = collections.defaultdict(collections.Counter)
    for test, outcome in results.items():
        counts[group(test)][outcome] += 1
    for letter in filter(None, sorted(counts, key=str)):
        count = counts[letter]
        told = ", ".join(f"{count[outcome]} {outcome}" for outcome in ("passed", "failed", "xfailed", "skipped"))
        terminalreporter.write_line(f"{letter}: {told} of {count.total()}")
