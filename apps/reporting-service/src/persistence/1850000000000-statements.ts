import { disableRowLevelSecurity, enableRowLevelSecurity } from '@allotree/read-models';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { REPORTING } from '../tokens.js';

/** Computed from the event log: who trades with whom, and the billing periods of projects. */
const FACTS = `
  CREATE TABLE ${REPORTING}.account (
    account_id  text        PRIMARY KEY,
    tenant_id   text,
    seller_kind text        NOT NULL,
    -- NULL: the vendor.
    seller_id   text,
    buyer_kind  text        NOT NULL,
    buyer_id    text        NOT NULL,
    -- Of an account with a project: the partner of the project.
    partner_id  text        NOT NULL,
    -- The seller is the partner directly above the buyer.
    is_direct   boolean     NOT NULL,
    -- The first instant at which something is billed; NULL: nothing yet.
    billed_from timestamptz,
    -- Of an account between partners: the end of the period whose statement comes next.
    next_until  timestamptz
  );
  CREATE INDEX account_of_buyer ON ${REPORTING}.account (buyer_id);
  CREATE INDEX account_of_seller ON ${REPORTING}.account (seller_id);
  CREATE INDEX account_of_partner ON ${REPORTING}.account (partner_id);
  CREATE INDEX account_due ON ${REPORTING}.account (next_until) WHERE buyer_kind = 'partner' AND next_until IS NOT NULL;
  CREATE TABLE ${REPORTING}.billing_terms (
    tenant_id      text,
    project_id     text        NOT NULL,
    effective_from timestamptz NOT NULL,
    interval       text        NOT NULL,
    anchor_day     integer     NOT NULL,
    anchor_month   text        NOT NULL,
    time_zone      text        NOT NULL,
    position       bigint      NOT NULL,
    PRIMARY KEY (project_id, effective_from)
  );
  CREATE TABLE ${REPORTING}.billing_period (
    tenant_id     text,
    project_id    text        NOT NULL,
    from_at       timestamptz NOT NULL,
    until_at      timestamptz NOT NULL,
    period_id     text        NOT NULL,
    event_id      text        NOT NULL,
    position      bigint      NOT NULL,
    interval      text        NOT NULL,
    anchor_day    integer     NOT NULL,
    time_zone     text        NOT NULL,
    payment_model text        NOT NULL,
    -- The control totals.
    totals        jsonb       NOT NULL,
    -- waiting, agreed or held
    status        text        NOT NULL DEFAULT 'waiting',
    -- The totals of the tables of this service; NULL: not compared yet.
    ours          jsonb,
    diverges_at   timestamptz,
    checked_at    timestamptz,
    PRIMARY KEY (project_id, from_at)
  );
  CREATE INDEX billing_period_open ON ${REPORTING}.billing_period (project_id, from_at) WHERE status <> 'agreed';
  CREATE TABLE ${REPORTING}.billing_position (position bigint NOT NULL);
  INSERT INTO ${REPORTING}.billing_position VALUES (0);`;

/** Decided here: terms, and documents. Only ever appended to. */
const DECISIONS = `
  CREATE TABLE ${REPORTING}.account_terms (
    account_id     text        NOT NULL,
    tenant_id      text,
    effective_from timestamptz NOT NULL,
    version        integer     NOT NULL,
    terms          jsonb       NOT NULL,
    set_at         timestamptz NOT NULL,
    actor          text        NOT NULL,
    PRIMARY KEY (account_id, version)
  );
  CREATE TABLE ${REPORTING}.adjustment (
    adjustment_id text        PRIMARY KEY,
    tenant_id     text,
    account_id    text        NOT NULL,
    line          jsonb       NOT NULL,
    made_at       timestamptz NOT NULL,
    actor         text        NOT NULL,
    -- The statement that has its line; NULL: the next one will.
    document_id   text
  );
  CREATE INDEX adjustment_of_account ON ${REPORTING}.adjustment (account_id);
  CREATE TABLE ${REPORTING}.document (
    document_id text        PRIMARY KEY,
    tenant_id   text,
    account_id  text        NOT NULL,
    number      integer     NOT NULL,
    kind        text        NOT NULL,
    from_at     timestamptz NOT NULL,
    until_at    timestamptz NOT NULL,
    currency    text,
    total       text,
    content     jsonb       NOT NULL,
    hash        text        NOT NULL,
    signature   text        NOT NULL,
    -- Of the request that asked for it; NULL: nobody did.
    command_id  text        UNIQUE,
    issued_at   timestamptz NOT NULL,
    UNIQUE (account_id, number)
  );
  CREATE UNIQUE INDEX document_of_period ON ${REPORTING}.document (account_id, from_at) WHERE kind = 'statement';
  CREATE TABLE ${REPORTING}.credited_line (
    tenant_id      text,
    document_id    text    NOT NULL,
    line           integer NOT NULL,
    credit_note_id text    NOT NULL,
    PRIMARY KEY (document_id, line)
  );
  -- Events of documents that are still to be published.
  CREATE TABLE ${REPORTING}.billing_outbox (
    position  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id text,
    event     jsonb  NOT NULL
  );
  -- The last event about each buyer.
  CREATE TABLE ${REPORTING}.billing_subject (
    subject   text   PRIMARY KEY,
    tenant_id text,
    sequence  bigint NOT NULL
  );
  CREATE TABLE ${REPORTING}.statement_key (
    kid         text        PRIMARY KEY,
    -- NULL: it is configured.
    private_key text,
    public_key  jsonb       NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
  );`;

const OF_TENANTS = [
  'account',
  'billing_terms',
  'billing_period',
  'account_terms',
  'adjustment',
  'document',
  'credited_line',
  'billing_outbox',
  'billing_subject',
];

/** What sellers bill buyers. */
export class Statements1850000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`${FACTS}${DECISIONS}`);
    await runner.query(enableRowLevelSecurity(REPORTING, OF_TENANTS));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(disableRowLevelSecurity(REPORTING, OF_TENANTS));
    const tables = [...OF_TENANTS, 'statement_key', 'billing_position'];
    await runner.query(`DROP TABLE ${tables.map((table) => `${REPORTING}.${table}`).join(', ')}`);
  }
}
