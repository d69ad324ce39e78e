/** Puts the settings together and checks what only shows when they are seen side by side. */
import { expandPath } from './assignments.ts';
import { withPaths } from './authenticators.ts';
import { buildCluster } from './buildCluster.ts';
import { buildLimiter } from './buildLimiter.ts';
import { buildAlarm, buildCongestion, buildForceShutdown } from './buildOverload.ts';
import { buildListeners } from './buildListeners.ts';
import { buildMqtt } from './buildMqtt.ts';
import { buildAutoSubscribe, buildDelayed, buildRetainer, buildRewrite, buildSysTopics } from './buildServices.ts';
import { buildSessions } from './buildSessions.ts';
import { buildShared } from './buildShared.ts';
import { checkCluster, checkExposure, checkPorts } from './checks.ts';
import type { BrokerConfig } from './config.ts';
import type { ConfigProblem, ConfigWarning } from './problems.ts';
import { KEYS, type ConfigKey } from './schema.ts';
import type { Settings } from './settings.ts';

type Env = Readonly<Record<string, string | undefined>>;

export function buildConfig(settings: Settings, env: Env, problems: ConfigProblem[], warnings: ConfigWarning[], given: ReadonlyMap<string, string>): BrokerConfig {
  const name = settings.get(KEYS.nodeName);
  const dashboard = settings.get(KEYS.dashboardBind);
  const path = (key: ConfigKey<string>) => {
    const given = settings.given(key);
    return given === undefined ? undefined : expandPath(given, env);
  };
  const sourceFile = settings.origin(KEYS.authzSources) ? settings.get(KEYS.authzSources) : settings.given(KEYS.aclFile);
  const mqtt = buildMqtt(settings, name);
  const config: BrokerConfig = {
    given,
    node: { name, cookie: settings.get(KEYS.nodeCookie), dataDir: expandPath(settings.get(KEYS.nodeDataDir), env) },
    cluster: buildCluster(settings, name, env, problems),
    listeners: buildListeners(settings, mqtt, env, problems),
    limiter: buildLimiter(settings),
    alarm: buildAlarm(settings),
    connCongestion: buildCongestion(settings),
    forceShutdown: buildForceShutdown(settings),
    mqtt,
    sharedSubscriptions: buildShared(settings),
    sessions: buildSessions(settings),
    retainer: buildRetainer(settings),
    delayed: buildDelayed(settings),
    rewrite: buildRewrite(settings),
    autoSubscribe: buildAutoSubscribe(settings, problems),
    sysTopics: buildSysTopics(settings),
    authentication: withPaths(settings.given(KEYS.authentication), env),
    allowAnonymous: settings.get(KEYS.allowAnonymous),
    authorization: {
      noMatch: settings.get(KEYS.authzNoMatch),
      denyAction: settings.get(KEYS.authzDenyAction),
      aclFile: sourceFile === undefined ? undefined : expandPath(sourceFile, env),
    },
    flappingDetect: {
      enable: settings.get(KEYS.flappingEnable),
      windowTimeMs: settings.get(KEYS.flappingWindow),
      maxCount: settings.get(KEYS.flappingMaxCount),
      banTimeMs: settings.get(KEYS.flappingBanTime),
    },
    banned: { bootstrapFile: path(KEYS.bannedBootstrapFile) },
    dashboard: {
      host: dashboard.host,
      port: dashboard.port,
      defaultUsername: settings.get(KEYS.defaultUsername),
      defaultPassword: settings.get(KEYS.defaultPassword),
      tokenExpiredTimeMs: settings.get(KEYS.tokenExpiredTime),
      swaggerSupport: settings.get(KEYS.swaggerSupport),
    },
    apiKey: { bootstrapFile: path(KEYS.apiKeyBootstrapFile) },
    debug: { faults: settings.get(KEYS.faults) },
    log: {
      level: settings.get(KEYS.logLevel),
      throttling: { timeWindowMs: settings.get(KEYS.logThrottlingWindow), events: settings.get(KEYS.logThrottlingMsgs) },
    },
  };
  checkExposure(config, settings, problems, warnings);
  checkPorts(config, settings, problems);
  checkCluster(config, warnings);
  return config;
}
