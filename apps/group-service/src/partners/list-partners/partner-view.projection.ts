import { insertRows } from '@allotree/read-models';
import { partnerAggregate } from '@allotree/domain';
import type { Projection } from '@allotree/event-sourcing';
import { PARTNER_VIEW } from '../../views.js';

const COLUMNS = {
  partner_id: 'text',
  tenant_id: 'text',
  kind: 'text',
  name: 'text',
  parent_partner_id: 'text',
  registered_at: 'timestamptz',
  ordinal: 'bigint',
};

/** Partners as rows. */
export const partnerView: Projection = {
  name: PARTNER_VIEW,
  categories: [partnerAggregate.category],
  async apply(events, tx) {
    const rows = events.flatMap(({ type, data, position, metadata }) => {
      const event = partnerAggregate.decode(type, data);
      if (event.type !== 'PartnerRegistered') return [];
      const { partnerId, tenantId, kind, name, parentPartnerId } = event.data;
      return {
        partner_id: partnerId,
        tenant_id: tenantId,
        kind,
        name,
        parent_partner_id: parentPartnerId,
        registered_at: metadata.recordedAt,
        ordinal: String(position),
      };
    });
    await insertRows(tx, 'groups.partner', COLUMNS, rows);
    const promoted = events.flatMap(({ type, data }) => {
      const event = partnerAggregate.decode(type, data);
      return event.type === 'PartnerPromoted' ? [event.data.partnerId] : [];
    });
    if (promoted.length > 0)
      await tx.query("UPDATE groups.partner SET kind = 'distributor' WHERE partner_id = ANY ($1)", [promoted]);
    for (const { type, data } of events) {
      const event = partnerAggregate.decode(type, data);
      if (event.type !== 'PartnerClosed') continue;
      const { partnerId, reason } = event.data;
      await tx.query('UPDATE groups.partner SET closed_reason = $2 WHERE partner_id = $1', [partnerId, reason]);
    }
  },
  tables: [{ name: 'partner' }],
};
