import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LINK_PATHS } from '@allotree/contracts';
import { ownService } from '@allotree/http';
import { SignJWT, UnsecuredJWT } from 'jose';
import { WholeSystem, type Answer } from '../whole-system.harness.js';
import {
  EXPECTATIONS,
  idOf,
  projectOf,
  PUBLIC_FILES,
  requestFor,
  situationsOf,
  type Expectation,
  type Situation,
} from './expectations.fixture.js';
import { makeWorld, mayAt, mayWithin, PEOPLE, PERSONS, type Person, type World } from './world.fixture.js';

let world: World;
beforeAll(async () => {
  // Without waiting for the feed, so that each 404 comes at once.
  world = await makeWorld({ GROUP_FEED_WAIT_MS: '0' });
});
afterAll(() => world.system.stop());

type Operations = Readonly<Record<string, Readonly<Record<string, { readonly 'x-permission'?: string }>>>>;

/** What the running system says it has: route -> permission. */
const routes = async (): Promise<ReadonlyMap<string, string | undefined>> => {
  const response = await fetch(`${world.system.url}/api/v1/openapi.json`);
  const { paths } = (await response.json()) as { paths: Operations };
  return new Map(
    Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => [
        `${method.toUpperCase()} ${path.replace('/api/v1', '')}`,
        operation['x-permission'],
      ]),
    ),
  );
};

const ask = (route: string, expectation: Expectation, person: Person, place: Situation): Promise<Answer> => {
  const asked = requestFor(route, expectation, world, { place, userId: world.userIds[person] });
  const { headers = {} } = expectation;
  return world.system.ask(asked.method, asked.path, { token: world.tokens[person], body: asked.body, headers });
};

type Verdict = 'permitted' | 'forbidden' | { readonly what: 'project' | 'group' | 'partner'; readonly id: string };

/** By the model of the world alone: what a person meets at a place. */
const verdictOn = ({ needs, at }: Expectation, person: Person, place: Situation): Verdict => {
  const judged = (may: readonly string[]): Verdict => (may.includes(needs as string) ? 'permitted' : 'forbidden');
  if (needs === undefined || needs === 'signed-in') return 'permitted';
  if (at.kind === 'anywhere') return judged(PEOPLE[person] === null ? [needs] : (PEOPLE[person]?.may ?? []));
  const missing = (what: 'project' | 'group' | 'partner', where: Situation): Verdict => ({
    what,
    id: idOf(where, world),
  });
  const project = projectOf(place);
  if (at.kind === 'partner')
    return (place && mayAt(person, place) && judged(mayAt(person, place) ?? [])) ?? missing('partner', place);
  const inside = project && mayWithin(person, project);
  if (place === null || project === null || inside === null) return missing('project', project);
  if (at.kind === 'within') return judged(inside);
  const may = mayAt(person, place);
  if (may !== null) return judged(may);
  return place === project ? 'forbidden' : missing('group', place);
};

/** The same words for an inaccessible and a nonexistent resource. */
const notFound = ({ what, id }: { what: string; id: string }) => ({
  type: 'urn:allotree:problem:not-found',
  title: 'Not found',
  status: 404,
  detail: `There is no ${what} ${id} here`,
  code: 'NOT_FOUND',
  what,
  id,
  instance: expect.any(String),
  correlationId: expect.any(String),
});

const check = async (route: string, expectation: Expectation, person: Person, place: Situation): Promise<void> => {
  // For a caller with all permissions, an unknown resource does not exist.
  if (person === 'server' && place === null && expectation.at.kind !== 'anywhere') return;
  const { status, body } = await ask(route, expectation, person, place);
  const verdict = verdictOn(expectation, person, place);
  const asked = { person, place, status, body };
  if (verdict === 'permitted')
    expect({ ...asked, isPermitted: expectation.answers.includes(status) }).toEqual({ ...asked, isPermitted: true });
  else if (verdict === 'forbidden')
    expect({ person, place, status, code: body.code }).toEqual({ person, place, status: 403, code: 'FORBIDDEN' });
  else expect({ person, place, body }).toEqual({ person, place, body: notFound(verdict) });
};

describe('every route', () => {
  it('has an expectation, and says the permission it needs', async () => {
    const expected = Object.entries(EXPECTATIONS).map(([route, { needs }]) => [route, needs]);
    expect(Object.fromEntries(await routes())).toEqual(Object.fromEntries(expected));
  });

  it.each(Object.entries(EXPECTATIONS))('%s: for every caller and place', async (route, expectation) => {
    for (const place of situationsOf(expectation))
      for (const person of PERSONS) await check(route, expectation, person, place);
  });
});

describe('what is public besides the API', () => {
  it('is listed, and is the same with a token and without one', async () => {
    expect(PUBLIC_FILES).toEqual(expect.arrayContaining(Object.values(LINK_PATHS)));
    const { ids, system, tokens } = world;
    for (const path of PUBLIC_FILES) {
      const url = `${system.url}${path.replace(':projectId', ids.project).replace(':groupId', ids.buildingA)}`;
      const asked = [{}, ...PERSONS.map((person) => ({ authorization: `Bearer ${tokens[person]}` }))];
      const answers = await Promise.all(
        asked.map(async (headers) => {
          const response = await fetch(url, { headers });
          return `${response.status} ${await response.text()}`;
        }),
      );
      expect([path, new Set(answers).size, answers[0]?.slice(0, 4)]).toEqual([path, 1, '200 ']);
    }
  });
});

const CLAIMS = { email: null, tenant: null, sid: null, adm: true };
const FORGERY = new TextEncoder().encode('another secret of thirty-two characters');

/** Tokens that would let somebody in as the server administrator, if they were any good. */
const badTokens = async (): Promise<readonly (readonly [string, string])[]> => {
  const good = world.system.administrator;
  const [header = '', payload = '', signature = ''] = good.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'somebody' })).toString('base64url');
  const signed = new SignJWT({ ...CLAIMS }).setSubject('x').setIssuedAt().setExpirationTime('1h').setIssuer('allotree');
  return [
    ['no token', ''],
    ['an expired one', await WholeSystem.token(ownService('spec'), -60)],
    [
      'one signed with another key',
      await signed.setAudience('allotree-api').setProtectedHeader({ alg: 'HS256' }).sign(FORGERY),
    ],
    ['an unsigned one', new UnsecuredJWT({ ...claims }).encode()],
    ['a changed one', `${header}.${changed}.${signature}`],
    ['one for another audience', await otherAudience(claims)],
  ];
};

const otherAudience = (claims: object): Promise<string> => {
  const [header = ''] = world.system.administrator.split('.');
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
  return new SignJWT({ ...claims, aud: 'another-api' })
    .setProtectedHeader({ alg: 'HS256', kid })
    .sign(new TextEncoder().encode(WholeSystem.SECRET));
};

describe('without a good token', () => {
  it.each(Object.entries(EXPECTATIONS).filter(([, { at }]) => at.kind !== 'public'))(
    '%s: nobody is let in',
    async (route, expectation) => {
      for (const [which, token] of await badTokens()) {
        const asked = requestFor(route, expectation, world, { place: null, userId: 'x' });
        const { status, body } = await world.system.ask(asked.method, asked.path, { token, body: asked.body });
        expect({ which, status, code: body.code }).toEqual({ which, status: 401, code: 'UNAUTHENTICATED' });
      }
    },
  );
});

describe('a membership that is revoked', () => {
  it('ends everywhere, although the token would be valid for longer', async () => {
    const { system, ids, tokens, members } = world;
    const group = `/projects/${ids.project}/groups/${ids.buildingA}`;
    const gone = async (path: string, person: Person, status: number): Promise<void> => {
      await system.until(
        (answer) => answer.status === status,
        () => system.ask('GET', path, { token: tokens[person] }),
      );
    };
    await system.must('DELETE', `${group}/members/${members.concierge ?? ''}`);
    await gone(group, 'concierge', 404);
    await gone(`${group}/quota`, 'concierge', 404);
    expect((await system.ask('GET', '/projects', { token: tokens.concierge })).status).toBe(403);

    const administrators = `/partners/${ids.sued}/administrators`;
    await system.must('POST', administrators, { email: 'another@example.com', name: 'Another' });
    await system.must('DELETE', `${administrators}/${world.userIds.foreigner}`);
    await gone(`/partners/${ids.sued}`, 'foreigner', 404);
    await gone(`/partners/${ids.sued}/stock`, 'foreigner', 404);
    await gone('/deliveries', 'foreigner', 403);
  });
});
