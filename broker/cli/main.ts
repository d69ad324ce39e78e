/**
 * cli/: looks after a broker from the command line, in EMQX's words. It talks to the REST API and nothing else, so it works on
 * any node it can reach; the two checks of files need no broker at all.
 * May import: base, config, access, api/schema. Begin at commandTable.ts.
 */
import { runCtl } from './runCtl.ts';

process.exitCode = await runCtl({
  argv: process.argv.slice(2),
  env: process.env,
  print: (line) => void process.stdout.write(`${line}\n`),
  printError: (line) => void process.stderr.write(`${line}\n`),
});
