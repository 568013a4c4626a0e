import { describe, expect, it } from '@jest/globals';
import { given } from '@allotree/testing/given';
import {
  closedPartner,
  MAX_NAMED_OPEN,
  partnerAggregate,
  type PartnerCommand,
  type PartnerEvent,
} from './partner.aggregate.js';

const [partnerId, tenantId] = ['hansen', 'nordlicht'];
const registered: PartnerEvent = {
  type: 'PartnerRegistered',
  data: {
    partnerId,
    kind: 'dealer',
    name: 'Hansen',
    parentPartnerId: 'nordlicht',
    tenantId,
    administrator: { administratorId: 'u1', name: 'Ben', email: 'ben@hansen.example' },
    project: null,
  },
};
const second: PartnerEvent = {
  type: 'PartnerAdministratorAdded',
  data: { partnerId, tenantId, userId: 'u2', email: 'kim@hansen.example', name: 'Kim', role: 'site_administrator' },
};
const reason = 'The contract ended';
const memberships = [{ projectId: 'quay', userIds: ['u1'] }];
const NOTHING = { projectIds: [], partnerIds: [] };
const close: PartnerCommand = { type: 'ClosePartner', partnerId, reason, open: NOTHING, memberships };
const closed: PartnerEvent = { type: 'PartnerClosed', data: { partnerId, tenantId, reason, memberships } };
const gone = (userId: string): PartnerEvent => ({ type: 'PartnerAdministratorRemoved', data: { partnerId, userId } });
const open = given(partnerAggregate, [registered, second]);

describe('closing a partner', () => {
  it('removes all its administrators, the last one included, once', () => {
    open
      .when(close)
      .then([closed, gone('u1'), gone('u2')])
      .when({ ...close, reason: 'Another' })
      .then([]);
  });

  it('is refused while projects or partners below it are open, and names some of them', () => {
    const projectIds = Array.from({ length: MAX_NAMED_OPEN + 2 }, (_, n) => `p${n}`);
    open.when({ ...close, open: { projectIds, partnerIds: ['below'] } }).then({
      code: 'PARTNER_NOT_EMPTY',
      partnerId,
      count: MAX_NAMED_OPEN + 3,
      projectIds: projectIds.slice(0, MAX_NAMED_OPEN),
      partnerIds: ['below'],
    });
    open.when({ ...close, open: { projectIds: [], partnerIds: projectIds } }).then({
      code: 'PARTNER_NOT_EMPTY',
      partnerId,
      count: MAX_NAMED_OPEN + 2,
      projectIds: [],
      partnerIds: projectIds.slice(0, MAX_NAMED_OPEN),
    });
  });

  it('needs a registered partner', () => {
    given(partnerAggregate, []).when(close).then({ code: 'NOT_FOUND', what: 'partner', id: partnerId });
  });

  it.each([
    {
      type: 'AddPartnerAdministrator',
      partnerId,
      userId: 'u3',
      email: 'lee@hansen.example',
      name: 'Lee',
      role: null,
    },
    { type: 'RemovePartnerAdministrator', partnerId, userId: 'u2' },
    { type: 'PromotePartner', partnerId },
  ] as const)('refuses every further command: $type', (command) => {
    open
      .when(close)
      .then([closed, gone('u1'), gone('u2')])
      .when(command)
      .then({ code: 'PARTNER_CLOSED', partnerId, reason });
  });

  it('is what other decisions check before they involve a partner', () => {
    const state = open
      .when(close)
      .then([closed, gone('u1'), gone('u2')])
      .state();
    expect([closedPartner(partnerAggregate.initial()), closedPartner(open.state()), closedPartner(state)]).toEqual([
      null,
      null,
      { code: 'PARTNER_CLOSED', partnerId, reason },
    ]);
  });
});
