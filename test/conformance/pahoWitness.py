"""Scenarios for paho, run by witnessPaho.test.ts: python3 pahoWitness.py PORT VERSION SCENARIO. Prints one JSON value."""
import json
import queue
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

PORT = int(sys.argv[1])
VERSION = {"31": mqtt.MQTTv31, "311": mqtt.MQTTv311, "5": mqtt.MQTTv5}[sys.argv[2]]
V5 = VERSION == mqtt.MQTTv5
LIMIT_S = 10
NAME = "py" + sys.argv[2]


class Peer:
    """A connected client with its messages in a queue."""

    def __init__(self, client_id, clean=True, expiry=0, will=None, connect_properties=None):
        self.messages = queue.Queue()
        self.events = queue.Queue()
        options = {} if V5 else {"clean_session": clean}
        self.client = mqtt.Client(client_id, protocol=VERSION, **options)
        self.client.on_message = lambda _c, _u, message: self.messages.put(message)
        self.client.on_connect = lambda _c, _u, flags, code, *_: self.events.put(("connect", flags, int(code if not V5 else code.value)))
        self.client.on_subscribe = lambda _c, _u, _mid, codes, *_: self.events.put(("subscribe", [int(c if not V5 else c.value) for c in codes]))
        self.client.on_publish = lambda _c, _u, mid: self.events.put(("publish", mid))
        self.client.on_disconnect = lambda _c, _u, code, *_: self.events.put(("disconnect", str(code)))
        if will:
            self.client.will_set(*will)
        more = {}
        if V5:
            properties = connect_properties or Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = expiry
            more = {"clean_start": clean, "properties": properties}
        self.client.connect("127.0.0.1", PORT, 60, **more)
        self.client.loop_start()
        _, flags, code = self.event("connect")
        assert code == 0, code
        self.session_present = bool(flags["session present"]) if isinstance(flags, dict) else False

    def event(self, kind):
        while True:
            event = self.events.get(timeout=LIMIT_S)
            if event[0] == kind:
                return event

    def subscribe(self, topic, qos):
        self.client.subscribe(topic, qos)
        return self.event("subscribe")[1]

    def publish(self, topic, payload, qos=0, retain=False, properties=None):
        more = {"properties": properties} if V5 else {}
        self.client.publish(topic, payload, qos, retain, **more).wait_for_publish(LIMIT_S)

    def take(self, count):
        return [self.messages.get(timeout=LIMIT_S) for _ in range(count)]

    def lines(self, count):
        return [f"{m.topic} {m.qos} {int(m.retain)} {m.payload.decode()}" for m in self.take(count)]

    def cut(self):
        """The network fails, without DISCONNECT."""
        self.client.loop_stop()
        self.client._sock_close()

    def end(self):
        self.client.disconnect()
        self.client.loop_stop()


def every_qos():
    peer = Peer(NAME + "-all")
    granted = peer.subscribe([(f"{NAME}/{qos}", qos) for qos in (0, 1, 2)], 0)
    for n in range(20):
        for qos in (0, 1, 2):
            peer.publish(f"{NAME}/{qos}", str(n), qos)
    lines = peer.lines(60)
    peer.end()
    return {"granted": granted, "byQos": [[line for line in lines if line.startswith(f"{NAME}/{qos} ")] for qos in (0, 1, 2)]}


def retained_and_will():
    peer = Peer(NAME + "-watch")
    peer.publish(f"{NAME}/kept/a", "old", 1, True)
    peer.publish(f"{NAME}/kept/a", "new", 1, True)
    peer.subscribe(f"{NAME}/kept/#", 2)
    lines = peer.lines(1)
    Peer(NAME + "-doomed", will=(f"{NAME}/kept/will", "gone", 2, False)).cut()
    lines += peer.lines(1)
    quiet = Peer(NAME + "-quiet", will=(f"{NAME}/kept/quiet", "never", 0, False))
    quiet.end()
    peer.publish(f"{NAME}/kept/a", "", 0, True)
    lines += peer.lines(1)
    peer.end()
    return lines


def session():
    first = Peer(NAME + "-sleeper", clean=False, expiry=100)
    first.subscribe(f"{NAME}/missed", 2)
    first.end()
    writer = Peer(NAME + "-awake")
    for index, qos in enumerate((1, 2, 1, 2)):
        writer.publish(f"{NAME}/missed", str(index), qos)
    second = Peer(NAME + "-sleeper", clean=False, expiry=100)
    lines = second.lines(4)
    second.end()
    writer.end()
    return {"present": [first.session_present, second.session_present], "lines": lines}


def properties():
    peer = Peer(NAME + "-props")
    subscription = Properties(PacketTypes.SUBSCRIBE)
    subscription.SubscriptionIdentifier = 42
    peer.client.subscribe(f"{NAME}/p", options=SubscribeOptions(qos=1, noLocal=False, retainAsPublished=True), properties=subscription)
    peer.event("subscribe")
    sent = Properties(PacketTypes.PUBLISH)
    sent.ContentType = "text/plain"
    sent.ResponseTopic = "re/ply"
    sent.CorrelationData = b"\x00\xff"
    sent.MessageExpiryInterval = 60
    sent.PayloadFormatIndicator = 1
    sent.UserProperty = [("b", "1"), ("a", "2"), ("b", "3")]
    peer.publish(f"{NAME}/p", "x", 1, True, sent)
    [message] = peer.take(1)
    got = message.properties
    peer.publish(f"{NAME}/p", "", 0, True)
    peer.end()
    return {
        "retain": bool(message.retain),
        "contentType": got.ContentType,
        "responseTopic": got.ResponseTopic,
        "correlation": got.CorrelationData.hex(),
        "expiry": got.MessageExpiryInterval,
        "format": got.PayloadFormatIndicator,
        "user": got.UserProperty,
        "identifiers": got.SubscriptionIdentifier,
    }


def shared():
    members = [Peer(f"{NAME}-share-{n}") for n in range(2)]
    for member in members:
        member.subscribe(f"$share/py/{NAME}/shared", 1)
    for n in range(20):
        members[0].publish(f"{NAME}/shared", str(n), 1)
    got = []
    import time

    deadline = time.monotonic() + LIMIT_S
    while len(got) < 20 and time.monotonic() < deadline:
        for index, member in enumerate(members):
            while not member.messages.empty():
                got.append((index, int(member.messages.get().payload)))
        time.sleep(0.01)
    for member in members:
        member.end()
    return {"numbers": sorted(number for _, number in got), "members": sorted({index for index, _ in got})}


print(json.dumps({"every_qos": every_qos, "retained_and_will": retained_and_will, "session": session, "properties": properties, "shared": shared}[sys.argv[3]]()))
