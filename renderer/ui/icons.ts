/** Every icon of the product by meaning. One meaning per icon (ui.md section 7); what Lucide lacks is drawn here in its manner. */
import {
  Activity, ArrowDown, ArrowDownToLine, ArrowUp, Bell, Bookmark, Check, ChevronDown, ChevronRight, CircleQuestionMark, Clock,
  Columns2, Contrast, Copy, Ellipsis, FileText, FlaskConical, Folder, Gauge, Info, ListFilter, Lock, Maximize2, Minus, Monitor, Moon,
  PanelBottom, PanelLeft, PanelRight, Pencil, Pin, Play, Plug, Plus, Power, RotateCw, Rows2, Search, Server, Settings2,
  ShieldCheck, Square, Sun, Table2, Terminal, TextAlignStart, Trash, TriangleAlert, Unplug, X, Zap, createLucideIcon,
} from '@lucide/vue';

const path = (d: string): ['path', { d: string }] => ['path', { d }];
const circle = (cx: number, cy: number, r: number): ['circle', { cx: number; cy: number; r: number }] => ['circle', { cx, cy, r }];

export const ICONS = {
  // places
  cluster: createLucideIcon('bb-cluster', [circle(12, 5, 2.5), circle(5, 18, 2.5), circle(19, 18, 2.5), path('M10.8 7.3 6.2 15.7M13.2 7.3l4.6 8.4M7.5 18h9')]),
  clients: createLucideIcon('bb-clients', [
    ['rect', { x: 3, y: 4, width: 7.5, height: 16, rx: 1.5 }],
    ['rect', { x: 13.5, y: 4, width: 7.5, height: 16, rx: 1.5 }],
    path('M5.5 8h2.5M16 8h2.5'),
  ]),
  acl: ShieldCheck,
  trace: createLucideIcon('bb-trace', [circle(5, 6, 2), circle(12, 12, 2), circle(19, 18, 2), path('M7 6h5v4M12 14v4h5')]),
  load: Gauge,
  monitor: Activity,
  settings: Settings2,
  help: CircleQuestionMark,
  // things
  plug: Plug,
  unplug: Unplug,
  node: Server,
  test: FlaskConical,
  fault: Zap,
  cut: createLucideIcon('bb-cut', [path('M3 12h5M16 12h5M10 7l4 10')]),
  healed: createLucideIcon('bb-healed', [path('M3 12h18'), path('m9 8 3 4-3 4')]),
  retained: Bookmark,
  lock: Lock,
  queue: TextAlignStart,
  publish: ArrowUp,
  subscribe: ArrowDown,
  drain: ArrowDownToLine,
  log: FileText,
  folder: Folder,
  table: Table2,
  clock: Clock,
  terminal: Terminal,
  // actions
  add: Plus,
  minus: Minus,
  close: X,
  more: Ellipsis,
  search: Search,
  filter: ListFilter,
  copy: Copy,
  edit: Pencil,
  delete: Trash,
  pin: Pin,
  play: Play,
  pause: createLucideIcon('bb-pause', [path('M8 5v14M16 5v14')]),
  stop: Square,
  restart: RotateCw,
  power: Power,
  fit: Maximize2,
  splitRight: Columns2,
  splitDown: Rows2,
  sidebar: PanelLeft,
  panel: PanelBottom,
  inspector: PanelRight,
  down: ChevronDown,
  right: ChevronRight,
  // signs
  allow: Check,
  deny: X,
  warn: TriangleAlert,
  info: Info,
  unknown: CircleQuestionMark,
  bell: Bell,
  themeLight: Sun,
  themeDark: Moon,
  themeContrast: Contrast,
  themeSystem: Monitor,
} as const;

export type BbIconName = keyof typeof ICONS;
