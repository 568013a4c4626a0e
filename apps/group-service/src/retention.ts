import type { RetentionPolicy } from '@allotree/jobs';

/** A rebuilt view shows older entries until they are deleted again. */
const AUDIT = `
  DELETE FROM groups.audit WHERE ordinal IN (
    SELECT ordinal FROM groups.audit WHERE at < now() - make_interval(days => $1) LIMIT $2)`;

/** Settled invitations stay listed for a while. */
const INVITATIONS = `
  DELETE FROM groups.invitation WHERE invitation_id IN (
    SELECT invitation_id FROM groups.invitation WHERE expires_at < now() - make_interval(days => $1) LIMIT $2)`;

/** With its refresh tokens, of which a long session has thousands: they go first, in steps of their own. */
const REFRESH_TOKENS = `
  DELETE FROM groups.refresh_token WHERE token_hash IN (
    SELECT token_hash FROM groups.session JOIN groups.refresh_token USING (session_id)
    WHERE expires_at < now() - make_interval(days => $1) LIMIT $2)`;

/** Ended sessions stay listed for a while. */
const SESSIONS = `
  DELETE FROM groups.session WHERE session_id IN (
    SELECT session_id FROM groups.session
    WHERE expires_at < now() - make_interval(days => $1)
      AND NOT EXISTS (SELECT FROM groups.refresh_token AS token WHERE token.session_id = session.session_id)
    LIMIT $2)`;

const REGISTRATIONS = `
  DELETE FROM groups.registration WHERE registration_id IN (
    SELECT registration_id FROM groups.registration WHERE expires_at < now() - make_interval(days => $1) LIMIT $2)`;

const PASSWORD_RESETS = `
  DELETE FROM groups.password_reset WHERE token_hash IN (
    SELECT token_hash FROM groups.password_reset WHERE expires_at < now() - make_interval(days => $1) LIMIT $2)`;

const NETWORKS = `
  DELETE FROM groups.known_network WHERE (user_id, network) IN (
    SELECT user_id, network FROM groups.known_network WHERE used_at < now() - make_interval(days => $1) LIMIT $2)`;

/** One that is counted again meanwhile stays. */
const ATTEMPTS = `
  DELETE FROM groups.attempt WHERE key IN (
    SELECT key FROM groups.attempt WHERE forgotten_at < now() - make_interval(days => $1) LIMIT $2 FOR UPDATE SKIP LOCKED)`;

const PLANS = `
  DELETE FROM groups.plan WHERE plan_id IN (
    SELECT plan_id FROM groups.plan WHERE expires_at < now() - make_interval(days => $1) LIMIT $2)`;

const DAYS_AFTER_EXPIRY = 7;
const DAYS_OF_NETWORKS = 90;

interface Settings {
  readonly AUDIT_RETENTION_DAYS: number;
}

export const groupPolicies = ({ AUDIT_RETENTION_DAYS: days }: Settings): readonly RetentionPolicy[] => [
  { table: 'groups.audit', days, sql: AUDIT },
  { table: 'groups.invitation', days, sql: INVITATIONS },
  { table: 'groups.refresh_token', days: DAYS_AFTER_EXPIRY, sql: REFRESH_TOKENS },
  { table: 'groups.session', days: DAYS_AFTER_EXPIRY, sql: SESSIONS },
  { table: 'groups.registration', days: DAYS_AFTER_EXPIRY, sql: REGISTRATIONS },
  { table: 'groups.password_reset', days: 'expired', sql: PASSWORD_RESETS },
  { table: 'groups.known_network', days: DAYS_OF_NETWORKS, sql: NETWORKS },
  { table: 'groups.attempt', days: 'expired', sql: ATTEMPTS },
  { table: 'groups.plan', days: 'expired', sql: PLANS },
];
