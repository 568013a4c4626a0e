import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { LOGGER, type Logger } from '@allotree/basics';
import { SEARCH_KINDS, SEARCH_MATCHES, type SearchKind, type SearchQuery } from '@allotree/contracts';
import type { Principal } from '@allotree/http';
import { PermissionChecker, TenantRows } from '@allotree/identity';
import { withTenants } from '@allotree/read-models';
import type { DataSource, EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';
import { candidatesOf, type Candidate, type Question } from './candidates.js';
import { itemsOf, keyOf, type Hit, type SearchItem } from './hits.js';
import { SEARCHED } from './kinds.js';
import { isNowhere, reachOf } from './reach.js';
import { trigramsIn } from './trigrams.js';

const STATEMENT_MS = 1_000;
const QUERY_CANCELED = '57014';

interface KindQuestion extends Question {
  readonly name: SearchKind;
}

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
  ): Promise<readonly KindQuestion[]> {
    const trigrams = await trigramsIn(tx);
    const questions: KindQuestion[] = [];
    for (const name of kinds) {
      const kind = SEARCHED[name];
      const accessFilter = await this.permissionChecker.accessFilter(principal, kind.permission);
      const reach = await reachOf(tx, accessFilter, kind.place);
      if (!isNowhere(reach)) questions.push({ name, kind, reach, text, limit, trigrams });
    }
    return questions;
  }

  /** Looks for worse matches only while there are too few better ones. */
  private async hits(tx: EntityManager, questions: readonly KindQuestion[], limit: number): Promise<readonly Hit[]> {
    const hits = new Map<string, Hit>();
    for (const match of SEARCH_MATCHES) {
      const found: Hit[] = [];
      for (const question of questions) {
        const candidates = await (match === 'similar' ? similarTo(tx, question) : candidatesOf(tx, match, question));
        found.push(...candidates.map((candidate) => ({ ...candidate, kind: question.name, match })));
      }
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
async function similarTo(tx: EntityManager, question: Question): Promise<readonly Candidate[]> {
  try {
    return await tx.transaction((inner) => candidatesOf(inner, 'similar', question));
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === QUERY_CANCELED) return [];
    throw error;
  }
}

/** Of equally good ones those of earlier kinds first, each in the order in which they were found. */
const byScore = (one: Hit, other: Hit): number => other.score - one.score;
