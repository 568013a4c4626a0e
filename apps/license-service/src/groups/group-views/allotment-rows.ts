import type { Allotment } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { columns, isoOf, isoOrNull } from '../../persistence/columns.js';

export interface GroupAllotments {
  readonly projectId: string;
  readonly groupId: string;
  readonly allotments: readonly Allotment[];
}

/** The allotments of these groups, all of them: what is not listed goes. */
export async function writeAllotments(tx: EntityManager, groups: readonly GroupAllotments[]): Promise<void> {
  if (groups.length === 0) return;
  await tx.query(
    `DELETE FROM licensing.allotment AS known USING unnest($1::text[], $2::text[]) AS given(project_id, group_id)
     WHERE known.project_id = given.project_id AND known.group_id = given.group_id`,
    columns(
      groups,
      (row) => row.projectId,
      (row) => row.groupId,
    ),
  );
  const rows = groups.flatMap(({ projectId, groupId, allotments }) =>
    allotments.map((allotment) => ({ projectId, groupId, ...allotment })),
  );
  await tx.query(
    `INSERT INTO licensing.allotment (project_id, group_id, allotment_id, type, sip_number, mobile_app, ukey2,
                                      features, valid_from, valid_until)
     SELECT project_id, group_id, allotment_id, type, sip_number, mobile_app, ukey2,
            string_to_array(features, ','), valid_from, valid_until
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
                 $8::text[], $9::timestamptz[], $10::timestamptz[])
       AS given(project_id, group_id, allotment_id, type, sip_number, mobile_app, ukey2, features, valid_from, valid_until)`,
    columns(
      rows,
      (row) => row.projectId,
      (row) => row.groupId,
      (row) => row.allotmentId,
      (row) => row.type,
      (row) => row.units.sip_number,
      (row) => row.units.mobile_app,
      (row) => row.units.ukey2,
      (row) => row.features.join(','),
      (row) => isoOf(row.validFrom),
      (row) => isoOrNull(row.validUntil),
    ),
  );
}
