"""How irctest starts `linechat-... serve irc`.

irctest calls `run` for each test, then connects to the port, and stops the program when the test is over.
LINECHAT names the program. `promised` and `promises` (see promises.py) make of a missing feature a failure.
"""

import os
import shutil

from irctest import patma
from irctest.basecontrollers import BaseServerController, DirectoryBasedController
from irctest.runner import NotImplementedByController
from irctest.specifications import Capabilities, OptionalBehaviors

LOOPBACK = "127.0.0.1"

CAPABILITIES = """AWAY_NOTIFY BATCH ECHO_MESSAGE EXTENDED_JOIN EXTENDED_MONITOR LABELED_RESPONSE MESSAGE_TAGS
    MULTI_PREFIX SERVER_TIME SETNAME""".split()
BEHAVIORS = """BAN_EXCEPTION_MODE CAP_REQ_MINUS ELIST_C ELIST_M ELIST_N ELIST_T ELIST_U INVITE_EXCEPTION_MODE
    MULTI_JOIN MULTI_PRIVMSG NO_CTCP""".split()


class Linechat(BaseServerController, DirectoryBasedController):
    software_name = "linechat"
    supports_sts = False
    supported_sasl_mechanisms: set = set()
    extban_mute_char = None
    # Whoever has a PONG has everything that was said before it.
    sync_sleep_time = 0.0
    _port_wait_interval = 0.01

    capabilities = frozenset(Capabilities[name] for name in CAPABILITIES)
    optional_behaviors = frozenset(OptionalBehaviors[name] for name in BEHAVIORS)
    isupport = {
        "BOT": "B",
        "CASEMAPPING": "ascii",
        "CHANTYPES": "#",
        "ELIST": "CMNTU",
        "EXCEPTS": "e",
        "INVEX": "I",
        "MONITOR": patma.ANYSTR,
        "NETWORK": "testnet",
        "PREFIX": "(ohv)@%+",
        "STATUSMSG": "@%+",
        "TARGMAX": patma.ANYSTR,
        "UTF8ONLY": None,
        "WHOX": None,
    }

    def run(
        self, hostname, port, *, password, ssl, run_services, faketime, websocket_hostname, websocket_port
    ):
        assert self.proc is None
        if run_services:
            raise NotImplementedByController("services")
        # irctest would have us listen everywhere.
        self.hostname, self.port = LOOPBACK, port
        self.create_config()
        dialects, listeners = ["irc"], [f"irc{'+tls' if ssl else ''}://{LOOPBACK}:{port}"]
        if websocket_port is not None:
            dialects.append("web")
            listeners.append(f"http://{LOOPBACK}:{websocket_port}")
        options = {
            "server-name": "My.Little.Server",
            "network": "testnet",
            "oper": "operuser:" + self.file("oper", "operpassword"),
            "motd-file": self.file("motd", "Hello.\nThis is a second line."),
            # Some tests make a minute of each second.
            "idle-timeout": "0",
        }
        if password is not None:
            options["password-file"] = self.file("password", password)
        if ssl:
            self.gen_ssl()
            options |= {"tls-cert": str(self.pem_path), "tls-key": str(self.key_path)}
        command = [os.environ["LINECHAT"], "serve", *dialects]
        for listener in listeners:
            command += ["--listen", listener]
        for name, value in options.items():
            command += [f"--{name}", value]
        if faketime and shutil.which("faketime"):
            command = ["faketime", "-f", faketime, *command]
            self.faketime_enabled = True
        self.proc = self.execute(command)

    def file(self, name, text):
        """Writes a file that only its owner reads, and names it."""
        path = self.directory / name
        path.touch(mode=0o600)
        path.write_text(text + "\n")
        return str(path)


def get_irctest_controller_class():
    return Linechat
