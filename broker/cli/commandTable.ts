/** All commands, in the order help shows them. */
import { aclCheckCommand } from './aclCheck.ts';
import { alarmCommands } from './alarms.ts';
import { brokerCommands } from './broker.ts';
import { clientCommands } from './clients.ts';
import { clusterCommands } from './cluster.ts';
import { clusterEventCommands } from './clusterEvents.ts';
import { drainCommands } from './drain.ts';
import type { Command } from './command.ts';
import { confCheckCommand } from './confCheck.ts';
import { faultCommands } from './faults.ts';
import { listenerCommands } from './listeners.ts';
import { retainerCommands } from './retainer.ts';
import { statusCommand } from './status.ts';
import { subscriptionCommands } from './subscriptions.ts';
import { topicCommands } from './topics.ts';

export const COMMANDS: readonly Command[] = [
  statusCommand,
  ...clusterCommands,
  ...clusterEventCommands,
  ...drainCommands,
  ...brokerCommands,
  ...clientCommands,
  ...subscriptionCommands,
  ...topicCommands,
  ...listenerCommands,
  ...faultCommands,
  ...retainerCommands,
  ...alarmCommands,
  aclCheckCommand,
  confCheckCommand,
];
