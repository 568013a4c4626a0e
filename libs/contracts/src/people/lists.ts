import { z } from 'zod';
import { Id } from '../http/common.js';
import { listOf, listQuery, pageQuery } from '../lists/index.js';
import { ApiKeyItem, AuditItem, InvitationItem, SessionItem } from './responses.js';

const NEWEST_FIRST = ['desc', 'asc'] as const;

export const SESSIONS = listOf(SessionItem, {
  id: 'sessionId',
  filters: ['sessionId', 'current', 'address', 'userAgent', 'createdAt', 'lastUsedAt', 'expiresAt'],
  orders: { createdAt: NEWEST_FIRST, lastUsedAt: NEWEST_FIRST, expiresAt: NEWEST_FIRST },
  example: 'current = false AND lastUsedAt < "2026-06-01"',
});
/** `GET /me/sessions` */
export const SessionsQuery = listQuery(SESSIONS);
export type SessionsQuery = z.infer<typeof SessionsQuery>;

export const INVITATIONS = listOf(InvitationItem, {
  id: 'invitationId',
  filters: ['invitationId', 'groupId', 'email', 'name', 'role', 'status', 'invitedAt', 'expiresAt', 'acceptedAt'],
  orders: { invitedAt: NEWEST_FIRST },
  example: 'status = "expired" AND email : "@example.com"',
});
/** `GET /projects/{p}/groups/{g}/invitations` */
export const InvitationsQuery = pageQuery(INVITATIONS);
export type InvitationsQuery = z.infer<typeof InvitationsQuery>;

export const API_KEYS = listOf(ApiKeyItem, {
  id: 'keyId',
  filters: [
    'keyId',
    'tenantId',
    'name',
    'permissions',
    'createdBy',
    'createdAt',
    'expiresAt',
    'lastUsedAt',
    'revokedAt',
  ],
  orders: { createdAt: NEWEST_FIRST },
  example: 'revokedAt = null AND permissions : "projects:read"',
});
/** `GET /api-keys` */
export const ApiKeysQuery = pageQuery(API_KEYS);
export type ApiKeysQuery = z.infer<typeof ApiKeysQuery>;

export const AUDIT = listOf(AuditItem, {
  id: 'at',
  filters: ['at', 'actor', 'action', 'userId', 'tenantId', 'address'],
  orders: { at: NEWEST_FIRST },
  example: 'action : "sign" AND address != null',
});
/** `GET /audit` */
export const AuditQuery = pageQuery(AUDIT).extend({
  userId: Id.optional(),
  action: z.string().min(1).max(64).optional(),
});
export type AuditQuery = z.infer<typeof AuditQuery>;
