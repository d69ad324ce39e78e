/** The open project: its name, its folder, and files of it that could not be read. */
import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { ProjectInfo } from '../../electron/contract/workbench.ts';
import { useHostPort } from '../host/hostPort.ts';

export const useProjectStore = defineStore('project', () => {
  const port = useHostPort();
  const project = shallowRef<ProjectInfo | null>(null);
  port.on('project/changed', (next) => {
    project.value = next;
  });

  async function load(): Promise<void> {
    project.value = await port.call('project/get');
  }

  return { project, load };
});
