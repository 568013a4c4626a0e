import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, SignJWT, UnsecuredJWT } from 'jose';
import { ownService, type Principal } from '@allotree/http/principal';
import { keyIdOf, signingKey, signToken, verifyToken } from './token.js';

const secret = 'a secret of at least thirty-two characters';
const now = Date.parse('2026-06-01T12:00:00Z');
const admin = ownService('server-administrator', 'admin@allotree.local');
const claims = {
  email: admin.email,
  tenant: null,
  sid: null,
  adm: true,
  iss: 'allotree',
  aud: 'allotree-api',
  sub: admin.userId,
  iat: now / 1_000,
  exp: now / 1_000 + 60,
};

const forged = (over: Record<string, unknown>, key: string = secret) =>
  new SignJWT(Object.fromEntries(Object.entries({ ...claims, ...over }).filter(([, value]) => value !== undefined)))
    .setProtectedHeader({ alg: 'HS256', kid: keyIdOf(secret) })
    .sign(signingKey(key));

describe('access tokens', () => {
  it('identify the caller until they expire', async () => {
    const token = await signToken(admin, { secret, now, lifetimeSeconds: 60 });
    expect(await verifyToken(token, { secret, now })).toStrictEqual({ principal: admin, expiresAt: now + 60_000 });
    expect(await verifyToken(token, { secret, now: now + 59_000 })).not.toBeNull();
    expect(await verifyToken(token, { secret, now: now + 60_000 })).toBeNull();
  });

  it('are accepted in the form that the forgeries below start from', async () => {
    expect(await verifyToken(await forged({}), { secret, now })).not.toBeNull();
  });

  it.each<[string, Record<string, unknown>]>([
    ['for another audience', { aud: 'another-api' }],
    ['without an audience', { aud: undefined }],
    ['of another issuer', { iss: 'somebody' }],
    ['without an issuer', { iss: undefined }],
    ['that has expired', { exp: now / 1_000 - 1 }],
    ['that never expires', { exp: undefined }],
    ['without the time of issue', { iat: undefined }],
    ['without a subject', { sub: undefined }],
    ['with an empty subject', { sub: '' }],
    ['without a session claim', { sid: undefined }],
    ['with an empty key', { adm: false, key: '', perms: ['projects:read'] }],
    ['with an empty creator of a key', { adm: false, key: 'k', perms: ['projects:read'], by: '' }],
    ['with permissions of no key', { adm: false, perms: ['projects:read'] }],
    ['with a key that has no permissions claim', { adm: false, key: 'k' }],
    ['with a key of an administrator', { adm: true, key: 'k', perms: ['projects:read'] }],
    ['without the administrator claim', { adm: undefined }],
    ['with a permission that does not exist', { key: 'k', perms: ['everything'] }],
    ['without a tenant claim', { tenant: undefined }],
    ['not valid yet', { nbf: now / 1_000 + 30 }],
  ])('are refused %s', async (_what, over) => {
    expect(await verifyToken(await forged(over), { secret, now })).toBeNull();
  });

  it('are refused when signed with another key, unsigned, or changed', async () => {
    expect(await verifyToken(await forged({}, 'another secret of thirty-two characters'), { secret, now })).toBeNull();
    expect(await verifyToken(new UnsecuredJWT(claims).encode(), { secret, now })).toBeNull();
    const [header, , signature] = (await forged({})).split('.');
    const payload = Buffer.from(JSON.stringify({ ...claims, exp: claims.exp + 9_999 })).toString('base64url');
    expect(await verifyToken(`${header}.${payload}.${signature}`, { secret, now })).toBeNull();
  });

  it('are refused with another algorithm, even one signed with the right key', async () => {
    const hs512 = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS512', kid: keyIdOf(secret.repeat(2)) })
      .sign(signingKey(secret.repeat(2)));
    expect(await verifyToken(hs512, { secret: secret.repeat(2), now })).toBeNull();
    const { privateKey } = generateKeyPairSync('ed25519');
    const eddsa = await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', kid: keyIdOf(secret) }).sign(privateKey);
    expect(await verifyToken(eddsa, { secret, now })).toBeNull();
    const none = `${Buffer.from(JSON.stringify({ alg: 'none', kid: keyIdOf(secret) })).toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`;
    expect(await verifyToken(none, { secret, now })).toBeNull();
  });

  it('put no person in a tenant, though earlier versions named one', async () => {
    const token = await forged({ adm: false, tenant: 'nordlicht' });
    expect((await verifyToken(token, { secret, now }))?.principal.tenantId).toBeNull();
  });

  describe('of a machine', () => {
    const machine: Principal = {
      userId: 'key-1',
      email: null,
      tenantId: 'nordlicht',
      serverAdministrator: false,
      sessionId: 'key-1',
      apiKey: { keyId: 'key-1', permissions: ['projects:read'] },
    };
    const limited: Principal = {
      ...machine,
      apiKey: { keyId: 'key-1', permissions: ['projects:read'], madeBy: 'ada' },
    };

    it.each<[string, Principal]>([
      ['its permissions', machine],
      ['the person whose own permissions limit them', limited],
      ['that it has none', { ...machine, apiKey: { keyId: 'key-1', permissions: [] } }],
    ])('carry %s', async (_what, principal) => {
      const token = await signToken(principal, { secret, now, lifetimeSeconds: 60 });
      expect(await verifyToken(token, { secret, now })).toStrictEqual({ principal, expiresAt: now + 60_000 });
    });

    it('are refused when they name an administrator', async () => {
      const both = { ...machine, serverAdministrator: true };
      const token = await signToken(both, { secret, now, lifetimeSeconds: 60 });
      expect(await verifyToken(token, { secret, now })).toBeNull();
    });
  });

  it('contain nothing but the caller, the issuer, the audience and the time', async () => {
    const token = await signToken(admin, { secret, now, lifetimeSeconds: 60 });
    expect(decodeJwt(token)).toStrictEqual(claims);
    expect(decodeProtectedHeader(token)).toStrictEqual({ alg: 'HS256', typ: 'JWT', kid: keyIdOf(secret) });
  });

  it('name the secret they are signed with by 16 hexadecimal digits of its hash', () => {
    expect(keyIdOf(secret)).toBe('e1d50ddc9aabea51');
  });

  it('need a previous secret that is configured', async () => {
    const absent = new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: keyIdOf('undefined') })
      .sign(signingKey('undefined'));
    expect(await verifyToken(await absent, { secret, now })).toBeNull();
    expect(await verifyToken(await absent, { secret, previousSecret: undefined, now })).toBeNull();
  });

  it('are not said to be forged where the secret itself cannot be used', async () => {
    const token = await forged({});
    const unusable = `${Buffer.from(JSON.stringify({ alg: 'HS256', kid: keyIdOf('') })).toString('base64url')}.${token.split('.').slice(1).join('.')}`;
    await expect(verifyToken(unusable, { secret: '', now })).rejects.toThrow();
  });

  it('stay valid under the previous secret, and under no older one', async () => {
    const old = await signToken(admin, { secret, now, lifetimeSeconds: 60 });
    const next = 'the next secret of thirty-two characters';
    expect(await verifyToken(old, { secret: next, previousSecret: secret, now })).not.toBeNull();
    expect(await verifyToken(old, { secret: next, now })).toBeNull();
    expect(await verifyToken(old, { secret: 'x'.repeat(32), previousSecret: next, now })).toBeNull();
    const swapped = new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: keyIdOf(next) })
      .sign(signingKey(secret));
    expect(await verifyToken(await swapped, { secret: next, previousSecret: secret, now })).toBeNull();
  });

  it.each(['', 'x', 'a.b', 'a.b.c', '...', '{}'])('are refused when malformed: %j', async (text) => {
    expect(await verifyToken(text, { secret, now })).toBeNull();
  });
});
