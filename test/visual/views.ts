/** What is photographed: page, scene, window, theme, language, and what is done before the picture. */
import type { Page } from 'playwright-core';

export interface View {
  readonly name: string;
  readonly page: string;
  readonly scene: string;
  readonly theme: 'light' | 'dark' | 'contrast';
  readonly lang: 'en' | 'zh-CN';
  readonly size: { readonly width: number; readonly height: number };
  readonly settleMs?: number;
  readonly act?: (page: Page) => Promise<void>;
}

const LARGE = { width: 1440, height: 900 };
const SMALL = { width: 1024, height: 700 };
const base = { page: 'cluster', scene: 'busy', theme: 'light', lang: 'en', size: LARGE } as const;

/** A client's pane with the form for a subscription open; the pane is chosen where the sidebar shows it. */
const subscribing = (filter: string) => async (page: Page) => {
  const size = page.viewportSize() ?? LARGE;
  await page.setViewportSize(LARGE);
  await page.getByText('press-07').first().click();
  await page.locator('.subs .add').click();
  await page.locator('.add-form textarea').fill(filter);
  await page.setViewportSize(size);
};

/** The form of a new client: another broker over `scheme`, in one of the groups. */
const editing = (group: number, act?: (page: Page) => Promise<void>) => async (page: Page) => {
  await page.keyboard.press('Control+Alt+n');
  const form = page.locator('form.form');
  await form.getByRole('radio', { name: /Another broker|其他 broker/ }).click();
  await form.getByRole('radio', { name: 'wss://' }).click();
  await form.getByRole('tab').nth(group).click();
  await act?.(page);
};

const selectNode = (name: string) => async (page: Page) => {
  await page.locator(`[data-node="${name}"]`).click({ position: { x: 120, y: 12 } });
};

/** A message written with variables and properties, published twice, and the second looked at beside the first. */
const composing = async (page: Page) => {
  const size = page.viewportSize() ?? LARGE;
  await page.setViewportSize(LARGE);
  await page.getByText('press-07').first().click();
  const composer = page.locator('form.composer');
  await composer.locator('.topic').fill('plant-a/{{clientId}}/telemetry');
  for (const value of ['61.4', '62.1']) {
    await composer.locator('textarea').fill(`{ "force": 182.7, "temp": ${value}, "seq": {{$seq}} }`);
    await composer.locator('button[type=submit]').click();
  }
  await page.locator('.message').last().click();
  await composer.locator('button.bb-link').click();
  await page.setViewportSize(size);
};

export const VIEWS: readonly View[] = [
  { ...base, name: 'first-run-light', scene: 'empty' },
  { ...base, name: 'first-run-dark', scene: 'empty', theme: 'dark' },
  { ...base, name: 'first-run-small-zh', scene: 'empty', lang: 'zh-CN', size: SMALL },
  { ...base, name: 'cluster-light', act: selectNode('busbar-3') },
  { ...base, name: 'cluster-dark', theme: 'dark', act: selectNode('busbar-3') },
  { ...base, name: 'cluster-contrast', theme: 'contrast', act: selectNode('busbar-3') },
  { ...base, name: 'cluster-small', size: SMALL, act: selectNode('busbar-3') },
  { ...base, name: 'cluster-zh', lang: 'zh-CN', theme: 'dark', act: selectNode('busbar-3') },
  { ...base, name: 'cluster-quiet', scene: 'quiet', act: selectNode('busbar-1') },
  { ...base, name: 'cluster-quiet-small-dark', scene: 'quiet', size: SMALL, theme: 'dark' },
  { ...base, name: 'cluster-trouble', scene: 'trouble', act: selectNode('busbar-4') },
  { ...base, name: 'cluster-trouble-dark', scene: 'trouble', theme: 'dark' },
  { ...base, name: 'cluster-down', scene: 'down' },
  {
    ...base,
    name: 'cluster-starting',
    scene: 'empty',
    settleMs: 300,
    act: async (page) => {
      await page.getByRole('button', { name: /Start a 3-node/ }).click();
      await page.waitForTimeout(900);
    },
  },
  {
    ...base,
    name: 'cluster-table',
    act: async (page) => {
      await page.getByRole('radio', { name: 'Table' }).click();
    },
  },
  {
    ...base,
    name: 'cluster-past-kill',
    act: async (page) => {
      await selectNode('busbar-2')(page);
      await page.getByRole('button', { name: 'Kill' }).click();
      await page.locator('.line').click({ position: { x: 300, y: 40 } });
      await page.getByRole('button', { name: 'Back to now' }).hover();
    },
  },
  {
    ...base,
    name: 'cluster-kill',
    act: async (page) => {
      await selectNode('busbar-2')(page);
      await page.getByRole('button', { name: 'Kill' }).click();
    },
  },
  {
    ...base,
    name: 'cluster-menu-dark',
    theme: 'dark',
    act: async (page) => {
      await page.locator('[data-node="busbar-2"]').click({ button: 'right', position: { x: 120, y: 12 } });
    },
  },
  {
    ...base,
    name: 'cluster-log',
    act: async (page) => {
      await selectNode('busbar-3')(page);
      await page.keyboard.press('Control+j');
    },
  },
  {
    ...base,
    name: 'cluster-log-tab-zh-small',
    lang: 'zh-CN',
    size: SMALL,
    act: async (page) => {
      await page.keyboard.press('Control+p');
      await page.keyboard.type('> busbar-2 的日志');
      await page.keyboard.press('Enter');
    },
  },
  {
    ...base,
    name: 'host-lost',
    act: async (page) => {
      await page.evaluate("busbarFake.setHostState('offline')");
    },
  },
  { ...base, name: 'settings-light', page: 'settings' },
  { ...base, name: 'help-dark', page: 'help', theme: 'dark' },
  { ...base, name: 'trace-small-zh', page: 'trace', lang: 'zh-CN', size: SMALL },
  {
    ...base,
    name: 'palette-light',
    act: async (page) => {
      await page.keyboard.press('F1');
      await page.keyboard.type('kill');
    },
  },
  { ...base, name: 'connection-general-light', page: 'clients', act: editing(0) },
  { ...base, name: 'connection-tls-dark', page: 'clients', theme: 'dark', act: editing(1) },
  {
    ...base,
    name: 'connection-headers-small',
    page: 'clients',
    size: SMALL,
    act: editing(2, async (page) => {
      await page.getByRole('button', { name: 'Add' }).click();
      await page.keyboard.type('Authorization');
      await page.keyboard.press('Tab');
      await page.keyboard.type('Bearer 1');
    }),
  },
  { ...base, name: 'connection-mqtt5-small-zh', page: 'clients', lang: 'zh-CN', size: SMALL, act: editing(3) },
  {
    ...base,
    name: 'connection-will-small-dark',
    page: 'clients',
    theme: 'dark',
    size: SMALL,
    act: editing(4, async (page) => {
      await page.getByRole('switch', { name: 'Will message' }).click();
      await page.getByRole('button', { name: 'Save and connect' }).click();
    }),
  },
  { ...base, name: 'compose-light', page: 'clients', act: composing },
  { ...base, name: 'compose-dark', page: 'clients', theme: 'dark', act: composing },
  { ...base, name: 'compose-small-zh', page: 'clients', lang: 'zh-CN', size: SMALL, act: composing },
  { ...base, name: 'subscribe-light', page: 'clients', act: subscribing('') },
  {
    ...base,
    name: 'subscribe-options-dark',
    page: 'clients',
    theme: 'dark',
    act: async (page) => {
      await subscribing('plant-a/+/alarm\nplant-a/+/state')(page);
      await page.getByRole('button', { name: 'Options' }).click();
    },
  },
  { ...base, name: 'subscribe-shared-dark', page: 'clients', theme: 'dark', act: subscribing('$share/workers/jobs/#') },
  { ...base, name: 'subscribe-shared-small', page: 'clients', size: SMALL, act: subscribing('$share/workers/jobs/#') },
  { ...base, name: 'subscribe-exclusive-small-dark-zh', page: 'clients', theme: 'dark', lang: 'zh-CN', size: SMALL, act: subscribing('$exclusive/valve/7') },
];
