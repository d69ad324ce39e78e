/** Draws icon.svg in every size the installers want. Run after a change of icon.svg and commit the results: `node build/icons/draw.ts`. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { requireChromium } from '../../test/support/chromium.ts';
import { encodeIcns, encodeIco, type IconImage } from './iconFiles.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const SIZES = [16, 32, 48, 64, 128, 256, 512, 1024];
const ICO_SIZES = [16, 32, 48, 64, 128, 256];
const LINUX_SIZES = [16, 32, 48, 64, 128, 256, 512];

const browser = await chromium.launch({ executablePath: await requireChromium(), args: ['--no-sandbox'] });
try {
  const page = await browser.newPage({ deviceScaleFactor: 1 });
  const svg = (await readFile(`${HERE}icon.svg`, 'utf8')).replace(/<!--[\s\S]*?-->/, '');
  const images: IconImage[] = [];
  for (const size of SIZES) {
    await page.setViewportSize({ width: size, height: size });
    await page.setContent(`<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`);
    images.push({ size, png: await page.screenshot({ omitBackground: true }) });
  }
  const only = (sizes: readonly number[]) => images.filter(({ size }) => sizes.includes(size));
  await mkdir(`${HERE}linux`, { recursive: true });
  for (const { size, png } of only(LINUX_SIZES)) await writeFile(`${HERE}linux/${size}x${size}.png`, png);
  await writeFile(`${HERE}icon.ico`, encodeIco(only(ICO_SIZES)));
  await writeFile(`${HERE}icon.icns`, encodeIcns(images));
} finally {
  await browser.close();
}
