/** State of the window that survives a reload: plain JSON under one key each, defaults where nothing readable was kept. */
import { watch, type WatchSource } from 'vue';

/** What was kept under the key if it has the shape of the fallback (same kind of value per field), else a copy of the fallback. */
export function readSaved<T extends object>(key: string, fallback: T, storage: Storage = localStorage): T {
  const standard = structuredClone(fallback);
  try {
    const kept: unknown = JSON.parse(storage.getItem(`busbar.${key}`) ?? 'null');
    if (typeof kept !== 'object' || kept === null) return standard;
    const fields = Object.entries(standard).map(([name, value]) => {
      const other = (kept as Record<string, unknown>)[name];
      return [name, typeof other === typeof value ? other : value] as const;
    });
    return Object.fromEntries(fields) as T;
  } catch {
    return standard;
  }
}

/** Keeps the value under the key after every change. */
export function keepSaved<T>(key: string, source: WatchSource<T>, storage: Storage = localStorage): void {
  watch(source, (value) => storage.setItem(`busbar.${key}`, JSON.stringify(value)), { deep: true });
}
