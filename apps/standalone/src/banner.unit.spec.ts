import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { banner, demoCommand } from './banner.js';

const WELCOME = {
  url: 'http://127.0.0.1:8080',
  folder: '/srv/allotree',
  seconds: '2.0',
  email: 'ada@example.com',
  password: 'first-password',
  passwordSignIn: true,
  providerSignIn: false,
  demo: 'npm run demo',
};

describe('the banner of a start', () => {
  it('names the data folder in the command of the demo, unless it is the usual one', () => {
    expect(demoCommand(resolve('.data'))).toBe('npm run demo');
    expect(demoCommand(resolve('.data-expiry'))).toBe('npm run demo -- --data-dir .data-expiry');
    expect(demoCommand('/srv/my data')).toBe("npm run demo -- --data-dir '/srv/my data'");
  });

  it('recommends a password only where people sign in with one', () => {
    expect(banner(WELCOME)).toContain('"password":"first-password"');
    expect(banner(WELCOME)).toContain('Console        http://127.0.0.1:8080/');
    const external = banner({ ...WELCOME, passwordSignIn: false });
    expect(external).not.toContain('first-password');
    expect(external).not.toContain('/auth/token');
    expect(external).toContain('OIDC_ISSUER');
    expect(external).not.toContain('in the console');
    expect(banner({ ...WELCOME, passwordSignIn: false, providerSignIn: true })).toContain('in the console');
  });
});
