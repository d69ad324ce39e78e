/** Puts the window together: application, stores, words, routes, commands; loads everything whenever the host comes online. */
import { createPinia } from 'pinia';
import { createApp, type App } from 'vue';
import { createRouter, createWebHashHistory } from 'vue-router';
import { HOST_PORT, type HostPort } from '../host/hostPort.ts';
import { ACL_ANALYST, type AclAnalyst } from '../lib/acl/analyst.ts';
import { createWords } from '../lib/i18n/i18n.ts';
import { useConnectionsStore } from '../stores/connections.ts';
import { useHostStore } from '../stores/host.ts';
import { useNoticesStore } from '../stores/notices.ts';
import { useProjectStore } from '../stores/project.ts';
import { useSettingsStore } from '../stores/settings.ts';
import { useCommandsStore } from './commands.ts';
import type { FeaturePage } from './featurePage.ts';
import Frame from './Frame.vue';
import { frameCommands } from './frameCommands.ts';
import { usePageRegistry } from './pageRegistry.ts';

export interface WorkbenchOptions {
  readonly host: HostPort;
  readonly pages: readonly FeaturePage[];
  readonly element: Element;
  /** Who reads access rules; a worker unless said otherwise. */
  readonly analyst?: AclAnalyst;
}

export function startWorkbench({ host, pages, element, analyst }: WorkbenchOptions): App {
  const ordered = [...pages].sort((a, b) => a.order - b.order);
  const app = createApp(Frame);
  const router = createRouter({
    history: createWebHashHistory(),
    routes: [{ path: '/:page?', component: Frame }],
  });
  app.use(createPinia()).use(createWords('en')).use(router);
  app.provide(HOST_PORT, host);
  if (analyst) app.provide(ACL_ANALYST, analyst);

  app.runWithContext(() => {
    usePageRegistry().pages = ordered;
    const commands = useCommandsStore();
    const notices = useNoticesStore();
    const loads = [
      useHostStore().load,
      useSettingsStore().load,
      useProjectStore().load,
      useConnectionsStore().load,
      ...ordered.flatMap((page) => page.load ?? []),
    ];
    commands.register(frameCommands(ordered, router));
    for (const page of ordered) if (page.commands) commands.register(page.commands);
    // What the application menu or a busbar:// link asks for is a command like any other.
    host.on('window/command', ({ command }) => void commands.run(command));
    const loadAll = async () => {
      const results = await Promise.allSettled(loads.map((load) => load()));
      for (const result of results) if (result.status === 'rejected') notices.failed(result.reason, 'errors.title');
    };
    host.onState((state) => {
      if (state === 'online') void loadAll();
    });
    if (host.state === 'online') void loadAll();
  });
  app.mount(element);
  return app;
}
