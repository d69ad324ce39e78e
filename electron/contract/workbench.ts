/** The workbench itself: what runs, the project folder, settings, what a menu or link asks of a window. */
import Type, { type Static } from 'typebox';
import { Id, Obj } from './schema.ts';

export const AppInfo = Obj({
  version: Type.String(),
  mode: Type.Union([Type.Literal('electron'), Type.Literal('headless')]),
  platform: Type.String(),
  nodeVersion: Type.String(),
});
export type AppInfo = Static<typeof AppInfo>;

export const ProjectInfo = Obj({
  name: Type.String(),
  /** Absolute folder, and the form to show (`~/busbar/first`). */
  path: Type.String(),
  displayPath: Type.String(),
  /** Files of the project that could not be read; the rest of it works. */
  problems: Type.Array(Obj({ file: Type.String(), message: Type.String(), hint: Type.String() })),
});
export type ProjectInfo = Static<typeof ProjectInfo>;

export const Settings = Obj({
  theme: Type.Union([Type.Literal('system'), Type.Literal('light'), Type.Literal('dark'), Type.Literal('contrast')]),
  language: Type.Union([Type.Literal('system'), Type.Literal('en'), Type.Literal('zh-CN')]),
  density: Type.Union([Type.Literal('compact'), Type.Literal('normal'), Type.Literal('relaxed')]),
});
export type Settings = Static<typeof Settings>;

/** What the application menu or a `busbar://` link asks a window to do: a command of its registry. `id` names a connection. */
export const WindowCommand = Obj({
  command: Type.Union([
    Type.Literal('workbench.goTo.cluster'),
    Type.Literal('workbench.goTo.clients'),
    Type.Literal('workbench.goTo.access'),
    Type.Literal('workbench.goTo.settings'),
    Type.Literal('workbench.palette'),
    Type.Literal('workbench.toggleSidebar'),
    Type.Literal('workbench.togglePanel'),
  ]),
  id: Type.Optional(Id),
});
export type WindowCommand = Static<typeof WindowCommand>;
