import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

it('the HTML of the delivered templates is what their MJML makes', async () => {
  const tool = resolve(import.meta.dirname, '../../../../tools/mail-templates.mjs');
  const { stderr } = await promisify(execFile)(process.execPath, [tool, '--check']);
  expect(stderr).toBe('');
}, 60_000);
