import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  AUDIT_ACTIONS,
  FeatureName,
  GroupTypeName,
  INTEGRATION_EVENT_TYPES,
  MailTypeName,
  PERMISSION_NAMES,
  PROBLEMS,
  ResourceName,
  ROLES,
} from '@allotree/contracts';
import { PROJECT_EVENT_TYPES } from '@allotree/domain';
import { administrationDe } from '../apps/console/src/words/administration.de.js';
import { administrationEn } from '../apps/console/src/words/administration.en.js';
import { de as everywhereDe } from '../apps/console/src/words/de.js';
import { en as everywhereEn } from '../apps/console/src/words/en.js';
import { groupsDe } from '../apps/console/src/words/groups.de.js';
import { groupsEn } from '../apps/console/src/words/groups.en.js';
import { happenedDe } from '../apps/console/src/words/happened.de.js';
import { happenedEn } from '../apps/console/src/words/happened.en.js';
import { homeDe } from '../apps/console/src/words/home.de.js';
import { homeEn } from '../apps/console/src/words/home.en.js';
import { linksDe } from '../apps/console/src/words/links.de.js';
import { linksEn } from '../apps/console/src/words/links.en.js';
import { projectPages as pagesDe } from '../apps/console/src/words/project-pages.de.js';
import { projectPages as pagesEn } from '../apps/console/src/words/project-pages.en.js';
import { whyDe } from '../apps/console/src/words/why.de.js';
import { whyEn } from '../apps/console/src/words/why.en.js';

const ENGLISH = [everywhereEn, homeEn, pagesEn, groupsEn, administrationEn, linksEn, whyEn, happenedEn] as const;
const GERMAN = [everywhereDe, homeDe, pagesDe, groupsDe, administrationDe, linksDe, whyDe, happenedDe] as const;

const en = {
  ...everywhereEn,
  ...homeEn,
  ...pagesEn,
  ...groupsEn,
  ...administrationEn,
  ...linksEn,
  ...whyEn,
  ...happenedEn,
};
const de = {
  ...everywhereDe,
  ...homeDe,
  ...pagesDe,
  ...groupsDe,
  ...administrationDe,
  ...linksDe,
  ...whyDe,
  ...happenedDe,
};

const SOURCE = resolve(import.meta.dirname, '../apps/console/src');
const PARTS: Readonly<Record<string, object>> = {
  home: homeEn,
  pages: pagesEn,
  groups: groupsEn,
  administration: administrationEn,
  links: linksEn,
  why: whyEn,
  happened: happenedEn,
};

/** A module with everything that it imports itself, besides the texts. */
function closureOf(file: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(file) || file.includes('/words/')) return found;
  found.add(file);
  const imported = readFileSync(file, 'utf8').matchAll(/(?:from|import\() ?'(\.{1,2}\/[^']+)\.js'/g);
  for (const [, path] of imported) {
    const name = join(dirname(file), path!);
    const source = [`${name}.tsx`, `${name}.ts`].find((each) => existsSync(each));
    // The table of routes names every page.
    if (source !== undefined && !source.endsWith('/routes.tsx')) closureOf(source, found);
  }
  return found;
}

/** Sections of the texts that a module names in a literal. */
function sectionsIn(file: string): readonly string[] {
  const sections = new Set(Object.keys(en));
  const literals = readFileSync(file, 'utf8').matchAll(/['`](\w+)\.[\w$]/g);
  return [...literals].map(([, section]) => section!).filter((section) => sections.has(section));
}

/** Parts that a module loads itself, such as those of a window that is seldom opened. */
const partsIn = (file: string): readonly string[] =>
  [...readFileSync(file, 'utf8').matchAll(/needWords\('(\w+)'\)/g)].map(([, part]) => part!);

const routes = readFileSync(join(SOURCE, 'routes.tsx'), 'utf8');
const pages = [...routes.matchAll(/withWords\(import\('\.\/([^']+)\.js'\), ([^)]+)\)/g)].map(
  ([, page, parts]) => [page!, [...parts!.matchAll(/'(\w+)'/g)].map(([, part]) => part!)] as const,
);

interface Texts {
  readonly [key: string]: string | Texts;
}

/** `a.b.c: text` of every text. */
const textsOf = (texts: Texts, above = ''): [key: string, text: string][] =>
  Object.entries(texts).flatMap(([key, text]) =>
    typeof text === 'string' ? [[`${above}${key}`, text] as [string, string]] : textsOf(text, `${above}${key}.`),
  );
const placeholdersOf = (text: string): string[] => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name!).sort();

/** Facts of every event of a project, by the golden file of what is stored, and the values among them that are codes. */
function recordedFacts(): { readonly facts: readonly string[]; readonly codes: readonly string[] } {
  const golden = resolve(import.meta.dirname, '../libs/domain/src/licensing/model/project-events.golden.jsonl');
  const [facts, codes] = [new Set<string>(), new Set<string>()];
  const coded = new Set([
    'type',
    'kind',
    'poolMode',
    'billingMode',
    'paymentModel',
    'interval',
    'resource',
    'features',
  ]);
  for (const line of readFileSync(golden, 'utf8').trim().split('\n')) {
    const { data } = JSON.parse(line) as { readonly data: Readonly<Record<string, unknown>> };
    for (const [fact, value] of Object.entries(data)) {
      facts.add(fact);
      if (coded.has(fact)) for (const code of [value].flat()) codes.add(String(code));
      if (fact === 'source' || fact === 'place') codes.add((value as { readonly kind: string }).kind);
    }
  }
  return { facts: [...facts], codes: [...codes] };
}

describe('the texts of the console', () => {
  it.each(Object.entries({ en, de }))('name every refusal, resource and feature (%s)', (_language, words) => {
    expect(Object.keys(words.problems).sort()).toEqual(Object.keys(PROBLEMS).sort());
    expect(Object.keys(words.resources)).toEqual(ResourceName.options);
    expect(Object.keys(words.counted)).toEqual(
      ResourceName.options.flatMap((name) => [`${name}#one`, `${name}#other`]),
    );
    expect(Object.keys(words.features)).toEqual(FeatureName.options);
    expect(Object.keys(words.permissions)).toEqual(PERMISSION_NAMES.map((name) => name.replaceAll(/[:-]/g, '_')));
    expect(Object.keys(words.mails)).toEqual(MailTypeName.options);
    expect(Object.keys(words.roles)).toEqual(Object.keys(ROLES));
    expect(Object.keys(words.types)).toEqual(GroupTypeName.options);
  });

  it.each(Object.entries({ en, de }))('name everything that happens (%s)', (_language, { events, audit }) => {
    const published = INTEGRATION_EVENT_TYPES.map((type) =>
      type
        .slice('allotree.'.length, -'.v1'.length)
        .split('-')
        .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
        .join(''),
    );
    const types = new Set([...PROJECT_EVENT_TYPES, ...published, 'WebhookTest']);
    expect(Object.keys(events).sort()).toEqual([...types].sort());
    expect(Object.keys(audit.actions)).toEqual(AUDIT_ACTIONS);
  });

  it.each(Object.entries({ en, de }))(
    'name the facts and codes of everything that happens (%s)',
    (_language, words) => {
      const { names, values } = words.facts;
      const { codes, facts } = recordedFacts();
      // Ids, and the inner numbers of what was measured, have no words.
      const inner = new Set([
        'assignments',
        'fromAllotments',
        'groups',
        'index',
        'meter',
        'terms',
        'toAllotments',
        'totals',
        'at',
      ]);
      const unnamed = facts.filter((fact) => !(fact in names) && !inner.has(fact) && !fact.endsWith('Id'));
      expect(unnamed).toEqual([]);
      const known = { ...words.features, ...words.resources, ...words.types, ...words.licenseTypes, ...values };
      expect(codes.filter((code) => !(code in known))).toEqual([]);
    },
  );

  it.each(Object.entries({ ENGLISH, GERMAN }))('are in one part each (%s)', (_language, parts) => {
    const sections = parts.flatMap((part) => Object.keys(part));
    expect(sections).toEqual([...new Set(sections)]);
  });

  it('have the same keys and values to fill in, in every language', () => {
    const [english, german] = [new Map(textsOf(en)), new Map(textsOf(de))];
    expect([...german.keys()].sort()).toEqual([...english.keys()].sort());
    for (const [key, text] of english)
      expect([key, placeholdersOf(german.get(key)!)]).toEqual([key, placeholdersOf(text)]);
  });

  it.each(pages)('are loaded with the page that shows them (%s)', (page, parts) => {
    const modules = [...closureOf(join(SOURCE, `${page}.tsx`))];
    const loaded = [...parts, ...modules.flatMap(partsIn)].map((part) => PARTS[part]!);
    const known = new Set([everywhereEn, ...loaded].flatMap((part) => Object.keys(part)));
    const sections = modules.flatMap(sectionsIn);
    expect(sections.filter((section) => !known.has(section))).toEqual([]);
  });

  it('are loaded with every page', () => {
    expect(pages.length).toBe([...routes.matchAll(/lazyRouteComponent\(/g)].length);
  });
});
