"""A provider of OAuth 1.0a whose rules and signatures are those of PyPI `oauthlib`.

Its settings are one line of JSON on standard input; it says where it listens and ends when standard input does.
`/control` changes what is to go wrong and tells what was asked; everything else is the provider. Where oauthlib does
not verify (body hashes) or only says no, this file does it.
"""

import base64
import hashlib
import json
import sys
import threading
import time
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from oauthlib.common import add_params_to_uri
from oauthlib.oauth1 import OAuth1Error, RequestValidator, SignatureOnlyEndpoint, WebApplicationServer
from oauthlib.oauth1.rfc5849.signature import signature_base_string, base_string_uri, normalize_parameters

FORM = "application/x-www-form-urlencoded"
DIGESTS = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}
# Of bodies that are no forms this much is echoed.
ECHOED = 1 << 16

settings = json.loads(sys.stdin.readline())
# `skew` in seconds; `says` is where a refused timestamp is reported: `challenge`, `body`, `words` or `nothing`.
knobs = {"skew": 0, "tolerance": 300, "says": "challenge", "denial": "problem"}
log = []


class Validator(RequestValidator):
    """Everything that the library wants to be kept or decided."""

    enforce_ssl = False
    realms = ["", "Photos"]
    # Clocks are this file's.
    timestamp_lifetime = 10**9
    # The library takes no more than 30 characters unless told otherwise.
    nonce_length = (20, settings["longestNonce"])
    dummy_client = "dummyclientdummyclient"
    dummy_request_token = dummy_access_token = "dummytokendummytoken"

    def __init__(self):
        super().__init__()
        self.request_tokens = {}
        self.access_tokens = dict(settings["tokens"])
        self.nonces = set()
        self.lock = threading.Lock()

    def validate_client_key(self, client_key, request):
        return client_key in settings["consumers"]

    def get_client_secret(self, client_key, request):
        return settings["consumers"].get(client_key, "dummy")

    def get_rsa_key(self, client_key, request):
        return settings["publicKey"]

    def validate_timestamp_and_nonce(self, client_key, timestamp, nonce, request, request_token=None, access_token=None):
        with self.lock:
            used = (client_key, timestamp, nonce, request_token or access_token)
            is_new = used not in self.nonces
            self.nonces.add(used)
            return is_new

    def get_default_realms(self, client_key, request):
        return []

    def validate_requested_realms(self, client_key, realms, request):
        return True

    def validate_realms(self, client_key, token, request, uri=None, realms=None):
        return True

    def validate_redirect_uri(self, client_key, redirect_uri, request):
        return redirect_uri == "oob" or urlsplit(redirect_uri).path == "/oauth-callback"

    def save_request_token(self, token, request):
        self.request_tokens[token["oauth_token"]] = {
            "secret": token["oauth_token_secret"],
            "callback": request.redirect_uri,
            "consumer": request.client_key,
        }

    def verify_request_token(self, token, request):
        return token in self.request_tokens

    def get_redirect_uri(self, token, request):
        return self.request_tokens[token]["callback"]

    def save_verifier(self, token, verifier, request):
        self.request_tokens[token]["verifier"] = verifier["oauth_verifier"]

    def validate_request_token(self, client_key, token, request):
        return self.request_tokens.get(token, {}).get("consumer") == client_key

    def get_request_token_secret(self, client_key, token, request):
        return self.request_tokens.get(token, {}).get("secret", "dummy")

    def validate_verifier(self, client_key, token, verifier, request):
        return verifier == self.request_tokens.get(token, {}).get("verifier")

    def get_realms(self, token, request):
        return []

    def save_access_token(self, token, request):
        self.access_tokens[token["oauth_token"]] = token["oauth_token_secret"]

    def invalidate_request_token(self, client_key, request_token, request):
        del self.request_tokens[request_token]

    def validate_access_token(self, client_key, token, request):
        return token in self.access_tokens

    def get_access_token_secret(self, client_key, token, request):
        return self.access_tokens.get(token, "dummy")


validator = Validator()
server = WebApplicationServer(validator)
consumer_only = SignatureOnlyEndpoint(validator)


class Refusal(Exception):
    """A problem (OAuth Problem Reporting) and what helps to find its cause."""

    def __init__(self, problem, **details):
        super().__init__(problem)
        self.problem, self.details = problem, details


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return super().date_time_string((timestamp or time.time()) + knobs["skew"])

    def do(self):
        self.read_body()
        path = urlsplit(self.path).path
        if path == "/control":
            return self.control()
        if path == "/authorize":
            return self.authorize()
        try:
            self.check_clock()
            if path in ("/request-token", "/access-token"):
                return self.give_token(path)
            self.resource(path)
        except Refusal as refusal:
            self.refuse(path, refusal)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do

    def read_body(self):
        """Forms are kept, of everything else length, digests and beginning."""
        self.hashes = {name: digest() for name, digest in DIGESTS.items()}
        self.length, kept = 0, bytearray()
        self.is_form = self.headers.get("Content-Type", "").split(";")[0].strip().lower() == FORM
        for piece in self.pieces():
            self.length += len(piece)
            for digest in self.hashes.values():
                digest.update(piece)
            if self.is_form or len(kept) < ECHOED:
                kept += piece
        self.body = bytes(kept)

    def pieces(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return
        left = int(self.headers.get("Content-Length", 0))
        while left:
            piece = self.rfile.read(min(left, ECHOED))
            if not piece:
                raise ConnectionError("the body broke off")
            left -= len(piece)
            yield piece

    def control(self):
        if self.command == "POST":
            change = json.loads(self.body)
            if change.pop("forget", False):
                log.clear()
            knobs.update(change)
        self.send_json(200, {"log": log, "knobs": knobs})

    def signed(self):
        """What the library takes: the URL byte for byte, method, body and header fields."""
        uri = f"http://{self.headers['Host']}{self.path}"
        body = self.body.decode("latin-1") if self.is_form else ""
        return uri, self.command, body, dict(self.headers.items())

    def parsed(self):
        try:
            return server._create_request(*self.signed())
        except (OAuth1Error, ValueError) as error:
            raise Refusal("parameter_absent", reason=str(getattr(error, "description", error)))

    def check_clock(self):
        timestamp = self.parsed().timestamp or "0"
        if abs(time.time() + knobs["skew"] - int(timestamp)) > knobs["tolerance"]:
            raise Refusal("timestamp_refused")

    def give_token(self, path):
        create = server.create_request_token_response
        credentials = {}
        if path == "/access-token":
            create, credentials = server.create_access_token_response, {"user_name": "ada"}
        headers, body, status = create(*self.signed(), credentials=credentials)
        self.note(path, status)
        self.send(status, headers, body or "")

    def authorize(self):
        """A page with two buttons, and where they lead."""
        query = parse_qs(urlsplit(self.path).query if self.command == "GET" else self.body.decode())
        token = query.get("oauth_token", [""])[0]
        if not validator.verify_request_token(token, None):
            return self.page(400, "<h1>This link is of no use</h1>")
        if self.command == "GET":
            button = (
                '<form method="post" action="/authorize"><input type="hidden" name="oauth_token" value="{}">'
                '<input type="hidden" name="decision" value="{}"><button>{}</button></form>'
            )
            buttons = (button.format(escape(token), word.lower(), word) for word in ("Allow", "Deny"))
            return self.page(200, "".join(buttons))
        callback = validator.get_redirect_uri(token, None)
        if query.get("decision") == ["deny"]:
            said = {"oauth_problem": "permission_denied", "oauth_token": token}
            if knobs["denial"] == "denied":
                said = {"denied": token}
            return self.send(302, {"Location": add_params_to_uri(callback, list(said.items()))}, "")
        uri = f"http://{self.headers['Host']}/authorize?{urlencode({'oauth_token': token})}"
        headers, body, status = server.create_authorization_response(uri)
        if status == 200:
            return self.page(200, f"<p>The code: <code>{dict(parse_qsl(body))['oauth_verifier']}</code></p>")
        self.send(status, headers, body or "")

    def resource(self, path):
        """Tells what was verified."""
        request = self.parsed()
        if request.resource_owner_key:
            is_valid, seen = server.validate_protected_resource_request(*self.signed())
        else:
            is_valid, seen = consumer_only.validate_request(*self.signed())
        if not is_valid:
            raise Refusal(self.problem_of(seen), base=self.base_string(request))
        if path == "/api/forbidden":
            raise Refusal("permission_denied")
        hashed = request.oauth_params.get("oauth_body_hash")
        if hashed is not None and hashed != self.body_hash(request.signature_method):
            raise Refusal("body_hash_invalid")
        self.note(path, 200)
        placements = [("header", self.headers.get("Authorization", "")), ("query", urlsplit(self.path).query)]
        placement = next((name for name, text in placements if "oauth_signature" in text), "body")
        plain = [[name, value] for name, value in request.params if not name.startswith("oauth_")]
        self.send_json(200, {
            "method": self.command,
            "target": self.path,
            "placement": placement,
            "signatureMethod": request.signature_method,
            "parameters": plain,
            "protocol": request.oauth_params,
            "realm": request.realm,
            "contentType": self.headers.get("Content-Type"),
            "length": self.length,
            "sha256": self.hashes["SHA256"].hexdigest(),
            "body": self.body[:ECHOED].decode("utf-8", "replace"),
            "hadBodyHash": hashed is not None,
        })

    def body_hash(self, method):
        return base64.b64encode(self.hashes[method.split("-")[1]].digest()).decode()

    @staticmethod
    def problem_of(seen):
        found = seen.validator_log if seen else {}
        for name, problem in (("client", "consumer_key_unknown"), ("resource_owner", "token_rejected"), ("signature", "signature_invalid")):
            if found.get(name) is False:
                return problem
        # The library found a parameter that is not as it wants it, or a nonce that it knows.
        return "parameter_rejected"

    @staticmethod
    def base_string(request):
        parameters = normalize_parameters(request.params)
        return signature_base_string(request.http_method, base_string_uri(request.uri), parameters)

    def refuse(self, path, refusal):
        self.note(path, 401, refusal.problem)
        said = urlencode({"oauth_problem": refusal.problem})
        where = knobs["says"] if refusal.problem == "timestamp_refused" else "challenge"
        headers = {"Content-Type": FORM}
        if where == "challenge":
            headers["WWW-Authenticate"] = f'OAuth realm="Photos", oauth_problem="{refusal.problem}"'
        body = {"challenge": json.dumps(refusal.details), "body": said, "words": "Timestamp out of bounds", "nothing": ""}
        self.send(401, headers, body[where])

    def note(self, path, status, problem=None):
        log.append({"method": self.command, "path": path, "status": status, "problem": problem})

    def page(self, status, content):
        html = f'<!doctype html><title>The provider</title><link rel="icon" href="data:,">{content}'
        self.send(status, {"Content-Type": "text/html; charset=utf-8"}, html)

    def send_json(self, status, value):
        self.send(status, {"Content-Type": "application/json"}, json.dumps(value))

    def send(self, status, headers, body):
        payload = body.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(payload)


http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
http.daemon_threads = True
threading.Thread(target=http.serve_forever, daemon=True).start()
print(f"listening http://127.0.0.1:{http.server_port}", flush=True)
sys.stdin.read()
