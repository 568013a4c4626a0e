import { Injectable } from '@nestjs/common';
import { type ProjectEvent, type ProjectEventType } from '@allotree/domain';
import type { RecordedEvent } from '@allotree/event-sourcing';
import type { EntityManager } from 'typeorm';
import { columns } from '../../persistence/columns.js';
import { LicenseEntity } from '../../persistence/entities.js';
import { ProjectProjection, TENANT_RECORDED } from '../../persistence/project-projection.js';
import { projectEventOf, projectOfStream } from '../../streams.js';

/** Most events of a project are about other things: they are not even decoded. */
const ABOUT_LICENSES: ReadonlySet<string> = new Set<ProjectEventType>([
  'LicenseGranted',
  'LicenseExtended',
  'LicenseSuspended',
  'LicenseReinstated',
  'LicenseRevoked',
  'BasicLicenseStarted',
  'BasicLicenseEnded',
]);

/** The licenses of every project, those of devices one by one. */
@Injectable()
export class LicenseViewProjection extends ProjectProjection {
  readonly name = 'license-view';
  readonly tables = [{ name: 'license' }];
  readonly eventTypes = [...ABOUT_LICENSES, TENANT_RECORDED];

  protected async write(events: readonly RecordedEvent[], tx: EntityManager): Promise<void> {
    const changes = events.filter(({ type }) => ABOUT_LICENSES.has(type)).map(changeOf);
    if (changes.length === 0) return;
    const rows = await knownRows(tx, changes);
    const gone = new Map<string, LicenseEntity>();
    for (const { key, projectId, event } of changes) {
      const before = rows.get(key);
      const after = applied(projectId, before, event);
      if (after) rows.set(key, after);
      else rows.delete(key);
      if (after) gone.delete(key);
      else if (before) gone.set(key, before);
    }
    await tx.remove([...gone.values()]);
    await tx.upsert(LicenseEntity, [...rows.values()], ['projectId', 'licenseId']);
  }
}

interface Change {
  readonly key: string;
  readonly projectId: string;
  readonly licenseId: string;
  readonly event: ProjectEvent;
}

function changeOf(recorded: RecordedEvent): Change {
  const projectId = projectOfStream(recorded.streamName);
  const event = projectEventOf(recorded);
  const { licenseId, serialNumber } = event.data as { licenseId?: string; serialNumber?: string };
  const id = licenseId ?? `basic:${serialNumber}`;
  return { key: `${projectId} ${id}`, projectId, licenseId: id, event };
}

async function knownRows(tx: EntityManager, changes: readonly Change[]): Promise<Map<string, LicenseEntity>> {
  const [projects, licenses] = columns(
    changes,
    (change) => change.projectId,
    (change) => change.licenseId,
  );
  const rows = await tx
    .createQueryBuilder(LicenseEntity, 'license')
    .where('(license.projectId, license.licenseId) IN (SELECT * FROM unnest(:projects::text[], :licenses::text[]))', {
      projects,
      licenses,
    })
    .getMany();
  return new Map(rows.map((row) => [`${row.projectId} ${row.licenseId}`, row]));
}

const date = (instant: number | null): Date | null => (instant === null ? null : new Date(instant));
const limit = (units: number | null): string | null => (units === null ? null : String(units));

/** The row after an event; `null`: there is none any more. */
function applied(
  projectId: string,
  row: LicenseEntity | undefined,
  { type, at, data }: ProjectEvent,
): LicenseEntity | null {
  switch (type) {
    case 'LicenseGranted':
      return Object.assign(new LicenseEntity(), {
        projectId,
        licenseId: data.licenseId,
        type: data.type,
        ...limitsOf(data.units),
        features: [...data.features],
        validFrom: new Date(data.validFrom),
        validUntil: date(data.validUntil),
        source: data.source,
        suspendedReason: null,
        revokedReason: null,
      });
    case 'BasicLicenseStarted':
      return Object.assign(new LicenseEntity(), {
        projectId,
        licenseId: `basic:${data.serialNumber}`,
        type: 'basic',
        // L2
        ...limitsOf({ sip_number: 2, mobile_app: 2, ukey2: 0 }),
        features: [],
        validFrom: new Date(at),
        validUntil: null,
        source: { kind: 'device', ...data },
        suspendedReason: null,
        revokedReason: null,
      });
    case 'BasicLicenseEnded':
      return null;
    case 'LicenseExtended':
      return row ? Object.assign(row, { validUntil: date(data.validUntil) }) : null;
    case 'LicenseSuspended':
      return row ? Object.assign(row, { suspendedReason: data.reason }) : null;
    case 'LicenseReinstated':
      return row ? Object.assign(row, { suspendedReason: null }) : null;
    case 'LicenseRevoked':
      return row ? Object.assign(row, { revokedReason: data.reason }) : null;
    default:
      return row ?? null;
  }
}

const limitsOf = (units: Record<'sip_number' | 'mobile_app' | 'ukey2', number | null>) => ({
  sipNumber: limit(units.sip_number),
  mobileApp: limit(units.mobile_app),
  ukey2: limit(units.ukey2),
});
