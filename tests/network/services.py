"""Servers for functions to connect to, each on a free port of loopback, ended with the test.

Those from Debian packages raise Missing where the package is not there; `tools/setup.sh network`
installs them. `Web` needs Python alone.
"""

import contextlib
import http.server
import json
import os
import pathlib
import pwd
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import pinned_moto
from ports import free_port

PATIENCE = 60  # seconds until a server accepts; the machine may be busy


class Missing(Exception):
    """What cannot be had here, and how to have it."""


def find(program, *places):
    found = shutil.which(program, path=os.pathsep.join([*places, os.environ.get("PATH", ""), "/usr/sbin"]))
    if found is None:
        raise Missing(f"{program} is not installed (tools/setup.sh network)")
    return found


def await_port(port, process, log):
    end = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{process.args[0]} does not serve: {log.read_text(errors='replace')}")
        time.sleep(0.05)


class Process:
    """A server in a process of its own; `user` is whom it runs as when we are root."""

    def __init__(self, folder, command, port, user=None, environment=None):
        self.port = port
        log = folder / "log"
        account = pwd.getpwnam(user) if user and os.getuid() == 0 else None
        given = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
        with log.open("wb") as out:
            self.process = subprocess.Popen([*map(str, command)], stdout=out, stderr=out, cwd=folder,
                                            env=environment, **given)
        try:
            await_port(port, self.process, log)
        except BaseException:
            self.end()
            raise

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def folder_for(folder, name, user=None):
    own = folder / name
    own.mkdir(mode=0o755)
    if user and os.getuid() == 0:
        shutil.chown(own, user, pwd.getpwnam(user).pw_gid)
    return own


def postgres(folder):
    places = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
    initdb = find("initdb", *map(str, places))
    server = find("postgres", *map(str, places))
    own = folder_for(folder, "postgres", "postgres")
    (folder / "password").write_text("s3cret-Word\n")
    (folder / "password").chmod(0o644)
    account = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
    subprocess.run([initdb, "-D", own / "data", "-U", "me", "--pwfile", folder / "password", "-A",
                    "scram-sha-256", "--no-sync", "--no-locale", "-E", "UTF8"], check=True, cwd=own,
                   stdout=subprocess.DEVNULL, **account)
    port = free_port()
    return Process(own, [server, "-D", own / "data", "-p", port, "-c", "listen_addresses=127.0.0.1",
                         "-c", f"unix_socket_directories={own}", "-c", "fsync=off",
                         "-c", "max_connections=20"], port, user="postgres")


def pgbouncer(folder, database, authentication):
    """A pool of sessions before that PostgreSQL server, for the same user. `authentication`: what it
    asks of clients, a value of auth_type."""
    server = find("pgbouncer")
    own = folder_for(folder, f"pgbouncer-{authentication}", "postgres")
    port = free_port()
    (own / "users.txt").write_text('"me" "s3cret-Word"\n')
    (own / "pgbouncer.ini").write_text(f"""
[databases]
postgres = host=127.0.0.1 port={database.port} dbname=postgres user=me password=s3cret-Word
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = {authentication}
auth_file = {own}/users.txt
pool_mode = session
default_pool_size = 8
ignore_startup_parameters = extra_float_digits
""")
    for file in ("users.txt", "pgbouncer.ini"):
        (own / file).chmod(0o644)
    return Process(own, [server, own / "pgbouncer.ini"], port, user="postgres")


def redis(folder):
    server = find("redis-server")
    port = free_port()
    return Process(folder_for(folder, "redis"),
                   [server, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
                   port)


def nats(folder):
    server = find("nats-server")
    port = free_port()
    return Process(folder_for(folder, "nats"), [server, "-a", "127.0.0.1", "-p", port], port)


def mariadb(folder):
    server = find("mariadbd")
    install = find("mariadb-install-db")
    own = folder_for(folder, "mariadb", "mysql")
    account = {"user": "mysql", "group": "mysql", "extra_groups": []} if os.getuid() == 0 else {}
    subprocess.run([install, "--no-defaults", f"--datadir={own}/data", "--auth-root-authentication-method=normal",
                    "--skip-test-db"], check=True, cwd=own, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, **account)
    start = own / "start.sql"
    # One statement a line. The anonymous user, where there is one, would go before ours.
    start.write_text("create database shop;\n"
                     "create table shop.notes (text varchar(80)) character set utf8mb4;\n"
                     "create user 'me'@'localhost' identified by 's3cret';\n"
                     "grant all on shop.* to 'me'@'localhost';\n")
    port = free_port()
    return Process(own, [server, "--no-defaults", f"--datadir={own}/data", "--bind-address=127.0.0.1",
                         f"--port={port}", f"--socket={own}/s", f"--pid-file={own}/pid",
                         f"--init-file={start}", "--innodb-buffer-pool-size=16M"], port, user="mysql")


def nginx(folder, authority):
    server = find("nginx")
    own = folder_for(folder, "nginx")
    plain, secret = free_port(), free_port()
    answer = ('default_type application/json; return 200 '
              '\'{"protocol":"$server_protocol","tls":"$ssl_protocol","sky":"clear $arg_city"}\';')
    (own / "nginx.conf").write_text(f"""
daemon off; master_process off; pid {own}/pid; error_log {own}/error; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {own}/body; proxy_temp_path {own}/proxy; fastcgi_temp_path {own}/fastcgi;
  uwsgi_temp_path {own}/uwsgi; scgi_temp_path {own}/scgi;
  server {{ listen 127.0.0.1:{plain}; location / {{ {answer} }} }}
  server {{
    listen 127.0.0.1:{secret} ssl http2;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate {authority.certificate}; ssl_certificate_key {authority.key};
    location / {{ {answer} }}
  }}
}}
""")
    process = Process(own, [server, "-p", own, "-c", own / "nginx.conf"], secret)
    process.plain = plain
    return process


def object_store(folder, authority=None):
    """moto, which speaks the API of Amazon S3; over TLS with an authority."""
    try:
        program = pinned_moto.server(install=True)
    except subprocess.CalledProcessError as error:
        raise Missing(f"moto cannot be installed: {error}") from None
    port = free_port()
    secure = ["-c", authority.certificate, "-k", authority.key] if authority else []
    return Process(folder_for(folder, "store"), [program, "-H", "127.0.0.1", "-p", port, *secure], port)


class Authority:
    """A certificate authority of the test's own, and a certificate of it for localhost."""

    def __init__(self, folder):
        openssl = find("openssl")
        self.folder = folder_for(folder, "authority")
        self.openssl = openssl
        self.ca = self.folder / "ca.pem"
        self._run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                  "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ferry test authority", "-days", "2",
                  "-addext", "basicConstraints=critical,CA:TRUE")
        self.certificate, self.key = self.issue("localhost", "DNS:localhost,IP:127.0.0.1")

    def _run(self, *arguments):
        subprocess.run([self.openssl, *arguments], check=True, cwd=self.folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def issue(self, name, names, days="2"):
        """A certificate and its key; with days="-1" it has expired."""
        self._run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                  f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (self.folder / f"{name}.ext").write_text(f"subjectAltName={names}\n")
        command = ["x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                   "-CAcreateserial", "-out", f"{name}.pem", "-days", days, "-extfile", f"{name}.ext"]
        self._run(*command)
        for file in (f"{name}.pem", f"{name}.key"):
            (self.folder / file).chmod(0o644)
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"


class Web:
    """An HTTP server in this process; what it was asked is in `requests`. With `certificate` and
    `key` it speaks TLS."""

    def __init__(self, certificate=None, key=None, answer=None):
        requests = self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                requests.append((self.command, self.path, dict(self.headers), body))
                if answer is not None:
                    return answer(self, body)
                text = json.dumps({"sky": "clear", "path": self.path}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_POST = do_PUT = do_GET

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # clients that break off are part of the tests

        self.server = Server(("127.0.0.1", 0), Handler)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()
