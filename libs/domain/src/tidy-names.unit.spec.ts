import { describe, it } from '@jest/globals';
import { given } from '@allotree/testing/given';
import { tenantRolesAggregate } from './access/tenant-roles.aggregate.js';
import { groupTreeAggregate } from './hierarchy/index.js';
import { joinRequestAggregate } from './partners/join-request.aggregate.js';
import { partnerAggregate } from './partners/partner.aggregate.js';
import { userAggregate } from './people/user.aggregate.js';
import { partnerStockAggregate, type PartnerStockEvent } from './stock/index.js';

/** As typed on a Mac or pasted from a spreadsheet: decomposed, with spaces around and within. */
const TYPED = '  Cafe\u0301    Su\u0308d\u00a0\u3000West ';
const KEPT = 'Café Süd West';

const administrator = { administratorId: 'u1', name: TYPED, email: 'ada@nordlicht.example' };
const tidyAdministrator = { ...administrator, name: KEPT };
const project = { projectId: 'p', partnerId: 'nordlicht', tenantId: 'nordlicht', timeZone: 'UTC' };

describe('a name as it is kept (G1)', () => {
  it('of a partner and its administrator', () => {
    const facts = { partnerId: 'nordlicht', kind: 'distributor', project: null } as const;
    given(partnerAggregate, [])
      .when({ type: 'RegisterPartner', ...facts, name: TYPED, administrator, parent: null })
      .then([
        {
          type: 'PartnerRegistered',
          data: {
            ...facts,
            name: KEPT,
            administrator: tidyAdministrator,
            parentPartnerId: null,
            tenantId: 'nordlicht',
          },
        },
      ]);
  });

  it('of a partner that asks to join, and its administrator', () => {
    const facts = {
      requestId: 'r1',
      distributorId: 'nordlicht',
      tenantId: 'nordlicht',
      partnerId: 'dahl',
      kind: 'dealer',
      project: { projectId: 'quay', name: KEPT, timeZone: 'UTC' },
    } as const;
    given(joinRequestAggregate, [])
      .when({
        type: 'RequestJoin',
        ...facts,
        name: TYPED,
        administrator,
        project: { ...facts.project, name: TYPED },
      })
      .then([{ type: 'JoinRequested', data: { ...facts, name: KEPT, administrator: tidyAdministrator } }]);
  });

  it('of a role, made and changed', () => {
    const role = { roleId: 'r1', permissions: ['groups:read'] as const };
    given(tenantRolesAggregate, [])
      .when({ type: 'DefineRole', tenantId: 'nordlicht', ...role, name: TYPED })
      .then([{ type: 'RoleDefined', data: { tenantId: 'nordlicht', ...role, name: KEPT } }])
      .when({ type: 'ChangeRole', ...role, name: TYPED })
      .then([])
      .when({ type: 'DefineRole', tenantId: 'nordlicht', ...role, roleId: 'r2', name: KEPT.toUpperCase() })
      .then({ code: 'NAME_TAKEN', roleId: 'r1', names: [KEPT], count: 1 });
  });

  it('of a package', () => {
    const opened: PartnerStockEvent = {
      type: 'StockOpened',
      at: 0,
      data: { partnerId: 'nordlicht', tenantId: 'nordlicht', kind: 'distributor', name: KEPT, parentPartnerId: null },
    };
    const content = {
      packageId: 'plus',
      units: { sip_number: 2, mobile_app: 1, ukey2: 0 },
      features: [],
      validFrom: 0,
      validUntil: null,
    };
    given(partnerStockAggregate, [opened])
      .when({ type: 'RecordPackage', partnerId: 'nordlicht', now: 1, ...content, name: TYPED })
      .then([{ type: 'PackageRecorded', at: 1, data: { ...content, name: KEPT } }]);
  });

  it('of a group', () => {
    given(groupTreeAggregate, [
      { type: 'ProjectCreated', data: { ...project, name: KEPT, billingMode: 'prepaid', trial: false } },
    ])
      .when({ type: 'CreateGroup', projectId: 'p', groupId: 'a', parentId: 'p', groupType: 'building', name: TYPED })
      .then([{ type: 'GroupCreated', data: { groupId: 'a', parentId: 'p', type: 'building', name: KEPT } }]);
  });

  it('of a person', () => {
    const facts = { userId: 'u1', email: 'ada@nordlicht.example', timeZone: 'UTC', language: 'en' };
    given(userAggregate, [])
      .when({ type: 'RegisterUser', ...facts, name: TYPED })
      .then([{ type: 'UserRegistered', data: { ...facts, name: KEPT } }])
      .when({ type: 'ChangeUserDetails', userId: 'u1', name: TYPED })
      .then([]);
  });
});
