/** Words of the application menu and the shell's dialogs. The page has its own (renderer/lib/i18n); these must exist without one. */

const en = {
  file: 'File',
  openProject: 'Open Project Folder…',
  settings: 'Settings',
  edit: 'Edit',
  view: 'View',
  cluster: 'Cluster',
  clients: 'Clients',
  access: 'Access',
  palette: 'Command Palette',
  sidebar: 'Sidebar',
  panel: 'Panel',
  window: 'Window',
  help: 'Help',
  website: 'Busbar on the Web',
  crashed: 'The window has stopped working.',
  crashedDetail: 'The cluster and all client connections keep running. Reloading shows them again.',
  reload: 'Reload',
  quit: 'Quit Busbar',
  startFailed: 'Busbar could not start',
  openFailed: 'The project folder could not be opened.',
};
export type ShellText = Readonly<typeof en>;

const zhCN: ShellText = {
  file: '文件',
  openProject: '打开项目文件夹…',
  settings: '设置',
  edit: '编辑',
  view: '视图',
  cluster: '集群',
  clients: '客户端',
  access: '访问规则',
  palette: '命令面板',
  sidebar: '侧边栏',
  panel: '面板',
  window: '窗口',
  help: '帮助',
  website: 'Busbar 网站',
  crashed: '窗口已停止工作。',
  crashedDetail: '集群和所有客户端连接仍在运行。重新加载后即可继续查看。',
  reload: '重新加载',
  quit: '退出 Busbar',
  startFailed: 'Busbar 无法启动',
  openFailed: '无法打开项目文件夹。',
};

/** The text for the user's choice, or for the system's language where the choice is to follow it. */
export function shellText(choice: 'system' | 'en' | 'zh-CN', systemLocale: string): ShellText {
  const language = choice === 'system' ? systemLocale : choice;
  return language.toLowerCase().startsWith('zh') ? zhCN : en;
}
