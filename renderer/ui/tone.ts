/** The five meanings that have a colour and a sign, and copper, which has neither meaning nor sign. */
import type { BbIconName } from './icons.ts';

export type Tone = 'allow' | 'deny' | 'warn' | 'info' | 'unknown';
/** The sign that stands beside the colour, always. */
export const TONE_ICON: Readonly<Record<Tone, BbIconName>> = { allow: 'allow', deny: 'deny', warn: 'warn', info: 'info', unknown: 'unknown' };
