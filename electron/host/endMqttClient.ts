/** Lets an MQTT.js client go: DISCONNECT first, so that no will is sent, then the socket. */
import type { MqttClient } from 'mqtt';

/** Time for DISCONNECT to leave before the socket is cut. */
const DISCONNECT_GRACE_MS = 1_000;
/** DISCONNECT with reason "normal" is these two bytes in every version [MQTT-3.14]. */
const DISCONNECT = Buffer.from([0xe0, 0x00]);

/** Answers when the socket is closed. */
export function endMqttClient(client: MqttClient): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => client.end(true, {}, () => resolve()), DISCONNECT_GRACE_MS);
    // Errors of a connection that is being let go have nobody to tell, but must not end the process.
    client.on('error', () => undefined);
    const cut = () => {
      clearTimeout(limit);
      client.end(true, {}, () => resolve());
    };
    if (client.connected) client.stream.end(DISCONNECT, cut);
    else cut();
  });
}
