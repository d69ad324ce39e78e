/* Runs before the first paint, as a file because the page's policy allows no inline script. Same keys as lib/appearance.ts. */
(() => {
  const root = document.documentElement;
  let saved = {};
  try {
    saved = JSON.parse(localStorage.getItem('busbar.appearance') ?? '{}');
  } catch {
    // Nothing readable was saved: the system's choice applies.
  }
  const asked = new URLSearchParams(location.search);
  const theme = asked.get('theme') ?? saved.theme ?? 'system';
  const language = asked.get('lang') ?? saved.language ?? 'system';
  const systemTheme = matchMedia('(prefers-contrast: more)').matches
    ? 'contrast'
    : matchMedia('(prefers-color-scheme: dark)').matches
      ? 'dark'
      : 'light';
  root.dataset.theme = theme === 'system' ? systemTheme : theme;
  root.classList.toggle('dark', root.dataset.theme !== 'light');
  root.dataset.density = saved.density ?? 'normal';
  const tongue = language === 'system' ? navigator.language : language;
  root.lang = tongue.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
})();
