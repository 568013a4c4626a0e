import { joinRequestAggregate } from '@allotree/domain';
import type { Projection, RecordedEvent } from '@allotree/event-sourcing';
import { insertRows } from '@allotree/read-models';

export const JOIN_REQUEST_VIEW = 'join_request_view';

const COLUMNS = {
  request_id: 'text',
  tenant_id: 'text',
  distributor_id: 'text',
  kind: 'text',
  partner_name: 'text',
  project_name: 'text',
  administrator_name: 'text',
  administrator_email: 'text',
  status: 'text',
  requested_at: 'timestamptz',
  ordinal: 'bigint',
};

type Tx = Parameters<Projection['apply']>[1];

async function write(tx: Tx, { type, data, position, metadata }: RecordedEvent): Promise<void> {
  const event = joinRequestAggregate.decode(type, data);
  if (event.type !== 'JoinRequested') {
    await tx.query('UPDATE groups.join_request SET status = $2, decided_at = $3 WHERE request_id = $1', [
      event.data.requestId,
      event.type === 'JoinApproved' ? 'approved' : 'rejected',
      metadata.recordedAt,
    ]);
    return;
  }
  const { requestId, tenantId, distributorId, kind, name, administrator, project } = event.data;
  const row = {
    request_id: requestId,
    tenant_id: tenantId,
    distributor_id: distributorId,
    kind,
    partner_name: name,
    project_name: project.name,
    administrator_name: administrator.name,
    administrator_email: administrator.email,
    status: 'open',
    requested_at: metadata.recordedAt,
    ordinal: String(position),
  };
  await insertRows(tx, 'groups.join_request', COLUMNS, [row]);
}

/** Requests to join a distributor as rows. */
export const joinRequestView: Projection = {
  name: JOIN_REQUEST_VIEW,
  categories: [joinRequestAggregate.category],
  async apply(events, tx) {
    for (const event of events) await write(tx, event);
  },
  tables: [{ name: 'join_request' }],
};
