import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { LOGGER, type Logger } from '@allotree/basics';
import { SEARCH_KINDS, type SearchMatch, type SearchQuery } from '@allotree/contracts';
import type { Principal } from '@allotree/http';
import { PermissionChecker, TenantRows } from '@allotree/identity';
import { withTenants } from '@allotree/read-models';
import type { DataSource, EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';
import { candidatesOf, type Candidate, type Question } from './candidates.js';
import { itemsOf, keyOf, type Hit, type SearchItem } from './hits.js';
import { SEARCHED } from './kinds.js';
import { everyTenant, isNowhere, reachOf, type Reach } from './reach.js';
import { trigramsIn } from './trigrams.js';

const STATEMENT_MS = 1_000;
const QUERY_CANCELED = '57014';

/**
 * The steps of a search, each with the least likeness of similar texts. Of very many similar texts only some are compared, so those that are
 * nearly the same are asked for first: they are fewer, and the index alone rules out most others.
 */
const STEPS: readonly (readonly [match: SearchMatch, likeness: number | null])[] = [
  ['exact', null],
  ['prefix', null],
  ['similar', 0.9],
  ['similar', 0.6],
];

/** Finds what is there today, within the reach of a caller. */
@Injectable()
export class Search implements OnApplicationBootstrap {
  constructor(
    @InjectDataSource(REPORTING) private readonly dataSource: DataSource,
    private readonly rows: TenantRows,
    private readonly permissionChecker: PermissionChecker,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if ((await trigramsIn(this.dataSource)) === null)
      this.logger.warn(
        'search finds no similar texts: the database has no extension pg_trgm, and this user cannot create it; create it and start again',
      );
  }

  /** The best first. Rows are found by their keys alone, and then read as the caller, by whose tenants PostgreSQL filters. */
  async find(principal: Principal, { q, kinds = [...SEARCH_KINDS], limit }: SearchQuery): Promise<SearchItem[]> {
    const hits = await withTenants(this.dataSource, null, async (tx) => {
      await tx.query("SELECT set_config('statement_timeout', $1, true), set_config('jit', 'off', true)", [
        STATEMENT_MS,
      ]);
      return this.hits(tx, await this.questions(tx, principal, { q, kinds, limit }), limit);
    });
    const sight = {
      projects: await this.permissionChecker.accessFilter(principal, 'projects:read'),
      groups: await this.permissionChecker.accessFilter(principal, 'groups:read'),
    };
    const items = new Map<Hit, SearchItem>();
    for (const kind of new Set(hits.map((hit) => hit.kind))) {
      const ofKind = hits.filter((hit) => hit.kind === kind);
      const read = await this.rows.as(principal, SEARCHED[kind].permission, (tx) => itemsOf(tx, kind, ofKind, sight));
      for (const [hit, item] of read) items.set(hit, item);
    }
    return hits.flatMap((hit) => items.get(hit) ?? []);
  }

  /** Only of kinds that the caller can find somewhere. */
  private async questions(
    tx: EntityManager,
    principal: Principal,
    { q: text, kinds = [], limit }: SearchQuery,
  ): Promise<readonly Question[]> {
    const trigrams = await trigramsIn(tx);
    const questions: Question[] = [];
    let everywhere: Reach | undefined;
    for (const name of kinds) {
      const kind = SEARCHED[name];
      const accessFilter = await this.permissionChecker.accessFilter(principal, kind.permission);
      const reach =
        accessFilter === null
          ? (everywhere ??= { tenants: await everyTenant(tx), scopes: [], groups: [], isEverywhere: true })
          : await reachOf(tx, accessFilter, kind.place);
      if (!isNowhere(reach)) questions.push({ name, kind, reach, text, limit, trigrams });
    }
    return questions;
  }

  /** Looks for worse matches only while there are too few better ones. */
  private async hits(tx: EntityManager, questions: readonly Question[], limit: number): Promise<readonly Hit[]> {
    const hits = new Map<string, Hit>();
    for (const [match, likeness] of STEPS) {
      const candidates = await (likeness === null
        ? candidatesOf(tx, match, questions)
        : similarTo(tx, questions, likeness));
      const found = candidates.map((candidate): Hit => ({ ...candidate, match }));
      for (const hit of found.sort(byScore)) {
        const key = `${hit.kind} ${keyOf(hit)}`;
        if (!hits.has(key)) hits.set(key, hit);
      }
      if (hits.size >= limit) break;
    }
    return [...hits.values()].slice(0, limit);
  }
}

/** None where too many texts would have to be compared. */
async function similarTo(
  tx: EntityManager,
  questions: readonly Question[],
  likeness: number,
): Promise<readonly Candidate[]> {
  try {
    return await tx.transaction(async (inner) => {
      await inner.query("SELECT set_config('pg_trgm.word_similarity_threshold', $1, true)", [likeness]);
      return candidatesOf(inner, 'similar', questions);
    });
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === QUERY_CANCELED) return [];
    throw error;
  }
}

/** Of equally good ones those of earlier kinds first, each in the order in which they were found. */
const byScore = (one: Hit, other: Hit): number => other.score - one.score;
