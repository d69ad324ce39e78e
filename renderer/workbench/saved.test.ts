import { beforeEach, expect, it } from 'vitest';
import { readSaved } from './saved.ts';

beforeEach(() => localStorage.clear());

it('kept state is read field by field, and a field of another kind is not believed', () => {
  const fallback = { open: true, width: 244, pins: {} };
  expect(readSaved('layout', fallback)).toEqual(fallback);
  localStorage.setItem('busbar.layout', JSON.stringify({ open: false, width: 'wide', extra: 1, pins: { a: 1 } }));
  expect(readSaved('layout', fallback)).toEqual({ open: false, width: 244, pins: { a: 1 } });
  localStorage.setItem('busbar.layout', '{broken');
  expect(readSaved('layout', fallback)).toEqual(fallback);
});

it('what is done to the state is not done to its standard', () => {
  const fallback = { pins: {} as Record<string, number> };
  readSaved('layout', fallback).pins['a'] = 1;
  expect(fallback).toEqual({ pins: {} });
});
