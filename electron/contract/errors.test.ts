import { describe, expect, it } from 'vitest';
import { BusbarError, ERROR_CATALOGUE } from '../../broker/base/errors.ts';
import { BORDER_ERRORS, borderError, rebuildError, reportOf } from './errors.ts';

describe('a failure across the border', () => {
  it('has the hints of the catalogue', () => {
    expect(ERROR_CATALOGUE).toMatchObject(BORDER_ERRORS);
  });

  it('comes back as it went', () => {
    const error = new BusbarError('NODE_UNKNOWN', 'There is no node busbar-9.', { details: { node: 'busbar-9' } });
    const { code, message, hint, details } = rebuildError(structuredClone(reportOf(error)));
    expect({ code, message, hint, details }).toEqual({
      code: 'NODE_UNKNOWN',
      message: 'There is no node busbar-9.',
      hint: ERROR_CATALOGUE.NODE_UNKNOWN,
      details: { node: 'busbar-9' },
    });
  });

  it('leaves out details that cannot be copied', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(reportOf(new BusbarError('INTERNAL', 'a', { details: cycle })).details).toEqual({});
    expect(reportOf(new BusbarError('INTERNAL', 'a', { details: { port: 1, act: () => 1 } })).details).toEqual({ port: 1 });
  });

  it('does not take the code of a system error for one of ours', () => {
    expect(reportOf(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))).toEqual({
      ...{ code: 'INTERNAL', message: 'connect ECONNREFUSED', hint: BORDER_ERRORS.INTERNAL, details: {} },
    });
  });

  it.each([undefined, 'text', {}, { code: 1, message: 2, hint: 3, details: 4 }])('is INTERNAL when the report is %j', (report) => {
    expect(rebuildError(report).code).toBe('INTERNAL');
  });

  it('is a HostError already when the border made it', () => {
    expect(reportOf(borderError('HOST_BUSY', 'Full.'))).toMatchObject({ code: 'HOST_BUSY', hint: BORDER_ERRORS.HOST_BUSY });
  });
});
