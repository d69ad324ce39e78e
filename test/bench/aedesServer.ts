/** aedes from npm with an ACL check, as one broker of the comparison. Argument 1 is the port on loopback. */
import { createServer } from 'node:net';
import { Aedes } from 'aedes';

const broker = await Aedes.createBroker({
  concurrency: 1000,
  authorizePublish: (_client, packet, done) => done(packet.topic.startsWith('secret/') ? new Error('denied') : null),
  authorizeSubscribe: (_client, subscription, done) => done(null, subscription),
});
createServer({ noDelay: true }, broker.handle).listen(Number(process.argv[2]), '127.0.0.1');
