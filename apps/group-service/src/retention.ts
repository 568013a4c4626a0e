import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { CONFIGURATION, Retention, type RetentionPolicy } from '@allotree/platform';

/** A view made again shows older entries until they are deleted again. */
const AUDIT = `
  DELETE FROM groups.audit WHERE ordinal IN (
    SELECT ordinal FROM groups.audit WHERE at < now() - make_interval(days => $1) ORDER BY ordinal LIMIT $2)`;

/** What became of an invitation is asked while somebody may remember it. */
const INVITATIONS = `
  DELETE FROM groups.invitation WHERE invitation_id IN (
    SELECT invitation_id FROM groups.invitation WHERE expires_at < now() - make_interval(days => $1) LIMIT $2)`;

interface Settings {
  readonly AUDIT_RETENTION_DAYS: number;
}

export const groupPolicies = ({ AUDIT_RETENTION_DAYS: days }: Settings): readonly RetentionPolicy[] => [
  { table: 'groups.audit', days, sql: AUDIT },
  { table: 'groups.invitation', days, sql: INVITATIONS },
];

@Injectable()
export class GroupRetention implements OnApplicationBootstrap {
  constructor(
    private readonly retention: Retention,
    @Inject(CONFIGURATION) private readonly settings: Settings,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.retention.keep('group', groupPolicies(this.settings));
  }
}
