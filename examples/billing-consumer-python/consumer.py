"""Reads the use of every project from the integration events and measures each billing period from them alone, to the last unit-millisecond.

See README.md. Needs Python 3.10; the pull feed and webhooks need nothing else.
"""

import base64
import hashlib
import hmac
import json
import os
import sqlite3
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timezone
from decimal import Decimal
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, HTTPServer

USE = {
    "allotree.assignment-made.v1": 1,
    "allotree.assignments-made.v1": 1,
    "allotree.assignments-reinstated.v1": 1,
    "allotree.assignments-suspended.v1": 0,
    "allotree.assignments-released.v1": 0,
}
CLOSED = "allotree.usage-period-closed.v1"
TOPIC = "licensing.events.v1"

TABLES = """
    CREATE TABLE IF NOT EXISTS place (feed TEXT PRIMARY KEY, position TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS seen (source TEXT, id TEXT, PRIMARY KEY (source, id));
    CREATE TABLE IF NOT EXISTS change (project TEXT, sequence TEXT, assignment TEXT, resource TEXT, at INTEGER,
        in_use INTEGER, PRIMARY KEY (project, sequence, assignment));
    CREATE TABLE IF NOT EXISTS period (project TEXT, from_at TEXT, until_at TEXT, until_ms INTEGER, totals TEXT,
        PRIMARY KEY (project, from_at));"""

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def millis(instant):
    """Milliseconds since 1970 of an ISO 8601 instant, exactly."""
    since = datetime.fromisoformat(instant.replace("Z", "+00:00")) - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000


def handle(db, events, feed, position):
    """The effects of events and the place after them, together or not at all: after a crash nothing is missing or counted twice."""
    with db:
        lines = [line for event in events for line in apply(db, event)]
        db.execute("INSERT OR REPLACE INTO place VALUES (?, ?)", (feed, position))
    # Only what is committed is printed.
    for line in lines:
        print(line, flush=True)


def place_in(db, feed):
    row = db.execute("SELECT position FROM place WHERE feed = ?", (feed,)).fetchone()
    return row and row[0]


def apply(db, event):
    """Yields what is to be printed. Unknown types are skipped, and an event that was seen before."""
    kind, project, data = event["type"], event["subject"], event["data"]
    if kind not in USE and kind != CLOSED:
        return
    if db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (event["source"], event["id"])).rowcount == 0:
        return
    if kind == CLOSED:
        row = (project, data["from"], data["until"], millis(data["until"]), json.dumps(data["totals"]))
        db.execute("INSERT INTO period VALUES (?, ?, ?, ?, ?)", row)
        yield from report(db, row)
        return
    at = millis(event["time"])
    for assignment in data.get("assignments", [data]):
        key = (project, event.get("sequence", ""), assignment["assignmentId"])
        db.execute("INSERT OR IGNORE INTO change VALUES (?, ?, ?, ?, ?, ?)", (*key, assignment["resource"], at, USE[kind]))
    # An event that comes late takes its place by its sequence, and periods that were measured without it are measured again.
    for row in db.execute("SELECT * FROM period WHERE project = ? AND until_ms > ?", (project, at)).fetchall():
        yield from report(db, row)


def report(db, period):
    """The units in use over a period, from the changes alone, beside the totals of the event that closed it."""
    project, from_at, until_at, until, totals = period
    start = millis(from_at)
    for resource, total in sorted(json.loads(totals).items()):
        in_use, units, unit_ms, last = {}, 0, 0, start
        changes = db.execute(
            "SELECT assignment, at, in_use FROM change WHERE project = ? AND resource = ? AND at < ? ORDER BY sequence",
            (project, resource, until),
        )
        for assignment, at, used in changes:
            now = max(at, start)
            unit_ms += units * (now - last)
            last = now
            units += used - in_use.get(assignment, 0)
            in_use[assignment] = used
        unit_ms += units * (until - last)
        # A fraction is rounded half even.
        quantity = Decimal(round(Fraction(unit_ms * 1_000_000, until - start))).scaleb(-6)
        verdict = "equal" if str(unit_ms) == total["unitMs"] else f"DIFFERENT: {total['unitMs']}"
        yield f"{project} {from_at} {until_at} {resource} {unit_ms} {quantity} {verdict}"


def pull(db, once):
    """`GET /events`, waiting for what comes next. `once`: ends after the last event."""
    api = os.environ["API_URL"]

    def ask(path, token=None, body=None):
        headers = {"content-type": "application/json"} if token is None else {"authorization": f"Bearer {token}"}
        request = urllib.request.Request(api + path, headers=headers, data=body and json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def sign_in():
        key = {"client_id": os.environ["API_KEY_ID"], "client_secret": os.environ["API_KEY_SECRET"]}
        return ask("/auth/token", body={"grant_type": "client_credentials", **key})["access_token"]

    token = sign_in()
    while True:
        query = {"limit": 1000, "types": ",".join([*USE, CLOSED]), "wait": 0 if once else 30}
        after = place_in(db, "pull")
        if after is not None:
            query["after"] = after
        try:
            page = ask("/events?" + urllib.parse.urlencode(query), token)
        except urllib.error.HTTPError as refusal:
            if refusal.code != 401:
                raise
            token = sign_in()
            continue
        handle(db, page["items"], "pull", page["next"])
        if once and not page["hasMore"]:
            return


def kafka(db):
    """The topic, in the binary mode: attributes are headers `ce_<name>`. What is committed here counts, not the offsets of a group."""
    from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

    settings = {"bootstrap.servers": os.environ["KAFKA_BROKERS"], "group.id": "billing-consumer-python"}
    consumer = Consumer({**settings, "enable.auto.commit": False, "isolation.level": "read_committed"})
    partitions = consumer.list_topics(TOPIC, timeout=30).topics[TOPIC].partitions
    places = {number: place_in(db, f"{TOPIC} {number}") for number in partitions}
    starts = [TopicPartition(TOPIC, n, OFFSET_BEGINNING if place is None else int(place)) for n, place in places.items()]
    consumer.assign(starts)
    while True:
        message = consumer.poll(1.0)
        if message is None:
            continue
        if message.error():
            raise RuntimeError(message.error())
        event = {name.removeprefix("ce_"): value.decode() for name, value in message.headers() or []}
        event["data"] = json.loads(message.value())
        handle(db, [event], f"{TOPIC} {message.partition()}", str(message.offset() + 1))


MAX_AGE_SECONDS = 300
MAX_BYTES = 16_000_000


def is_genuine(headers, body, key):
    """Whether a webhook was signed with the secret of the endpoint, not long ago (Standard Webhooks, `v1`)."""
    webhook_id, timestamp, signatures = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) >= MAX_AGE_SECONDS:
        return False
    digest = hmac.new(key, f"{webhook_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    expected = ("v1," + base64.b64encode(digest).decode()).encode()
    return any(hmac.compare_digest(expected, signature.encode()) for signature in signatures.split(" "))


def webhooks(db):
    """Receives webhooks, one at a time. 204 says that the effects of an event are committed; without it, the event is sent again."""
    key = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
    if not key:
        raise RuntimeError("WEBHOOK_SECRET is empty")

    class Receiver(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self):
            length = self.headers.get("content-length", "")
            body = self.rfile.read(int(length)) if length.isdecimal() and int(length) <= MAX_BYTES else b""
            genuine = is_genuine(self.headers, body, key)
            if genuine:
                event = json.loads(body)
                handle(db, [event], "webhooks", event["id"])
            self.send_response(204 if genuine else 401)
            self.end_headers()

        def log_message(self, *_):
            """Only periods are printed."""

    address = (os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8090")))
    HTTPServer(address, Receiver).serve_forever()


if __name__ == "__main__":
    database = sqlite3.connect(os.environ.get("DATABASE", "billing.sqlite"))
    database.executescript(TABLES)
    if sys.argv[1:2] == ["kafka"]:
        kafka(database)
    elif sys.argv[1:2] == ["webhooks"]:
        webhooks(database)
    else:
        pull(database, "--once" in sys.argv)
        database.close()
