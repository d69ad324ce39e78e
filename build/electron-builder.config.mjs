/** Installers. Everything a package needs is bundled in out/, so no node_modules go in; the headless host stays out. */
import { readFileSync } from 'node:fs';

const { devDependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

export default {
  appId: 'dev.busbar.workbench',
  productName: 'Busbar',
  copyright: 'The Busbar developers, MIT licence',
  electronVersion: devDependencies.electron,
  directories: { output: 'dist', buildResources: 'build/icons' },
  files: ['out/main/**/*', 'out/preload/**/*', 'out/broker/**/*', 'out/renderer/**/*', '!out/**/*.map', 'package.json', '!node_modules/**/*'],
  asar: true,
  // Nodes are processes of their own: their program must be readable without Electron's view into the archive.
  asarUnpack: ['out/broker/**'],
  npmRebuild: false,
  publish: null,
  protocols: [{ name: 'Busbar', schemes: ['busbar'] }],
  electronFuses: {
    // Nodes are utility processes; a program that could be turned into a plain Node is a gift to whoever gets in.
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
    enableCookieEncryption: true,
  },
  linux: {
    target: ['AppImage', 'deb'],
    executableName: 'busbar',
    category: 'Development',
    icon: 'build/icons/linux',
    mimeTypes: ['x-scheme-handler/busbar'],
  },
  mac: { target: ['dmg', 'zip'], category: 'public.app-category.developer-tools', icon: 'build/icons/icon.icns' },
  win: { target: ['nsis'], icon: 'build/icons/icon.ico' },
};
